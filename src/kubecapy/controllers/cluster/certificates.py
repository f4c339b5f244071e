"""Keep the authorities of a cluster in Secrets, and the kubeconfig that they sign."""

from concurrent.futures import Executor
from datetime import datetime
from functools import partial
from typing import Protocol

from kubecapy.api.cluster.v1alpha1 import ApiEndpoint, Cluster
from kubecapy.api.core import SECRETS, Secret, encode_secret_data, secret_data
from kubecapy.apimachinery.errors import AlreadyExists
from kubecapy.apimachinery.meta import key_of
from kubecapy.bootstrap.certificates import Authorities, KeyPair, make_authorities
from kubecapy.bootstrap.kubeconfig import is_current, render_admin_kubeconfig
from kubecapy.client.interfaces import Client
from kubecapy.contract.errors import InvalidConfiguration
from kubecapy.controllers.cluster_secrets import (
    AUTHORITY_PURPOSES,
    KUBECONFIG_KEY,
    Purpose,
    key_pair_data,
    key_pair_of,
    new_secret,
    secret_key,
)
from kubecapy.tasks import run_blocking
from kubecapy.telemetry.secrets import Secret as Hidden


class CertificateMaker(Protocol):
    """Makes keys, which costs processor time."""

    async def make_authorities(self, now: datetime) -> Authorities:
        """Return new authorities for one cluster."""
        ...

    async def make_kubeconfig(
        self, name: str, endpoint: ApiEndpoint, authority: KeyPair, now: datetime
    ) -> Hidden[bytes]:
        """Return a new administrator's kubeconfig of the cluster called `name`."""
        ...


class ThreadedCertificateMaker:
    """Makes RSA keys on a thread: some 250 ms for a cluster's authorities."""

    def __init__(self, executor: Executor) -> None:
        """Work on threads of `executor`, which its owner shuts down."""
        self._executor = executor

    async def make_authorities(self, now: datetime) -> Authorities:
        """Return new authorities for one cluster."""
        return await run_blocking(self._executor, partial(make_authorities, now))

    async def make_kubeconfig(
        self, name: str, endpoint: ApiEndpoint, authority: KeyPair, now: datetime
    ) -> Hidden[bytes]:
        """Return a new administrator's kubeconfig of the cluster called `name`."""
        return await run_blocking(self._executor, partial(render_admin_kubeconfig, name, endpoint, authority, now))


class CertificateStore:
    """Finds or makes the Secrets of one cluster."""

    def __init__(self, client: Client, maker: CertificateMaker) -> None:
        """Store through `client` what `maker` makes."""
        self._client = client
        self._maker = maker

    async def ensure_authorities(self, cluster: Cluster, now: datetime) -> Authorities:
        """Return the stored authorities; those that are missing are made. A stored one is never replaced.

        Raises:
            InvalidConfiguration: a Secret is there but holds no key pair.
        """
        found = [await self._find_pair(cluster, purpose) for purpose in AUTHORITY_PURPOSES]
        if None not in found:
            return Authorities(*(pair for pair in found if pair is not None))
        made = await self._maker.make_authorities(now)
        fresh = (made.cluster, made.etcd, made.front_proxy, made.service_account)
        pairs = [
            pair or await self._create_pair(cluster, purpose, new)
            for pair, purpose, new in zip(found, AUTHORITY_PURPOSES, fresh, strict=True)
        ]
        return Authorities(*pairs)

    async def ensure_kubeconfig(
        self, cluster: Cluster, endpoint: ApiEndpoint, authority: KeyPair, now: datetime
    ) -> None:
        """Store a kubeconfig that leads to `endpoint`; one that still does is left alone."""
        key = secret_key(key_of(cluster), "kubeconfig")
        stored = await self._client.find(SECRETS, key)
        if stored is not None and is_current(_kubeconfig_in(stored), endpoint, authority, now):
            return
        made = await self._maker.make_kubeconfig(cluster.metadata.name, endpoint, authority, now)
        data = {KUBECONFIG_KEY: made.reveal()}
        if stored is None:
            await self._client.create(SECRETS, new_secret(cluster, "kubeconfig", data))
        else:
            await self._client.patch(SECRETS, key, {"data": encode_secret_data(data)})

    async def delete_all(self, cluster: Cluster) -> None:
        """Remove every Secret of the cluster; absent ones are fine."""
        purposes: tuple[Purpose, ...] = (*AUTHORITY_PURPOSES, "kubeconfig")
        for purpose in purposes:
            await self._client.delete(SECRETS, secret_key(key_of(cluster), purpose))

    async def _find_pair(self, cluster: Cluster, purpose: Purpose) -> KeyPair | None:
        key = secret_key(key_of(cluster), purpose)
        secret = await self._client.find(SECRETS, key)
        if secret is None:
            return None
        pair = key_pair_of(secret)
        if pair is None:
            # A new authority would cut off every machine that trusts the old one: a person must decide.
            raise InvalidConfiguration(f"Secret {key}: expected the keys tls.crt and tls.key; mend or delete it")
        return pair

    async def _create_pair(self, cluster: Cluster, purpose: Purpose, pair: KeyPair) -> KeyPair:
        try:
            await self._client.create(SECRETS, new_secret(cluster, purpose, key_pair_data(pair)))
        except AlreadyExists:
            # Race: it was created since we looked; what is stored counts.
            return await self._find_pair(cluster, purpose) or pair
        return pair


def _kubeconfig_in(secret: Secret) -> Hidden[bytes]:
    try:
        return Hidden(secret_data(secret).get(KUBECONFIG_KEY, b""))
    except ValueError:
        return Hidden(b"")
