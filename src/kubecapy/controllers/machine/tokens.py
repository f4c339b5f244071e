"""Keep one bootstrap token per machine in its workload cluster, from before the boot until the Node is there."""

from datetime import datetime, timedelta

from kubecapy.api.core import CONFIG_MAPS, SECRETS, TYPE_BOOTSTRAP, Secret, encode_secret_data, secret_data
from kubecapy.apimachinery.errors import AlreadyExists
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta
from kubecapy.apimachinery.times import format_time, parse_time
from kubecapy.bootstrap.tokens import (
    TOKEN_NAMESPACE,
    BootstrapToken,
    token_from_secret_data,
    token_secret_data,
    token_secret_name,
)
from kubecapy.client.interfaces import Client
from kubecapy.telemetry.logs import get_logger

log = get_logger(__name__)

CLUSTER_INFO = ObjectKey("kube-public", "cluster-info")
"""What a joining kubeadm reads first; kubeadm init writes it once tokens are welcome."""


class TokenStore:
    """Finds, makes, prolongs and removes the tokens of one workload cluster."""

    def __init__(self, client: Client, lifetime_seconds: float) -> None:
        """Store through `client`, the workload cluster's own."""
        self._client = client
        self._lifetime = timedelta(seconds=lifetime_seconds)

    async def is_open(self) -> bool:
        """Return whether the cluster lets hosts join: its API answers, and kubeadm init has come to tokens."""
        return await self._client.find(CONFIG_MAPS, CLUSTER_INFO) is not None

    async def ensure(self, token: BootstrapToken, owner: ObjectKey, now: datetime) -> None:
        """Make `token` valid for at least half of its lifetime; one of another secret under its id is replaced."""
        key = _key(token.id)
        data = token_secret_data(token, now + self._lifetime, f"Machine {owner}")
        stored = await self._client.find(SECRETS, key)
        if stored is None:
            await self._create(key, data)
        elif not self._is_good(stored, token, now):
            await self._client.patch(SECRETS, key, {"data": encode_secret_data(data)})

    async def prolong(self, identifier: str, now: datetime) -> None:
        """Give the token of that id its whole lifetime again once half is gone; an absent one stays absent."""
        key = _key(identifier)
        stored = await self._client.find(SECRETS, key)
        if stored is None or _remaining(stored, now) > self._lifetime / 2:
            return
        fresh = {"expiration": format_time(now + self._lifetime)}
        await self._client.patch(SECRETS, key, {"data": encode_secret_data(fresh)})

    async def delete(self, identifier: str) -> None:
        """Remove the token of that id; an absent one is fine."""
        await self._client.delete(SECRETS, _key(identifier))

    async def _create(self, key: ObjectKey, data: dict[str, bytes]) -> None:
        log.info("Creating bootstrap token")
        meta = ObjectMeta(name=key.name, namespace=key.namespace)
        secret = Secret(metadata=meta, type=TYPE_BOOTSTRAP, data=encode_secret_data(data))
        try:
            await self._client.create(SECRETS, secret)
        except AlreadyExists:
            # Race: an earlier pass made it, and its reply was lost.
            await self._client.patch(SECRETS, key, {"data": encode_secret_data(data)})

    def _is_good(self, stored: Secret, token: BootstrapToken, now: datetime) -> bool:
        return token_from_secret_data(secret_data(stored)) == token and _remaining(stored, now) > self._lifetime / 2


def _remaining(stored: Secret, now: datetime) -> timedelta:
    try:
        return parse_time(secret_data(stored)["expiration"].decode()) - now
    except (KeyError, ValueError):
        return timedelta(0)


def _key(identifier: str) -> ObjectKey:
    return ObjectKey(TOKEN_NAMESPACE, token_secret_name(identifier))
