"""Keep what one machine boots from in the Secret `<machine>-bootstrap-data`, until its Node is there.

| key     | holds                                                                       |
|---------|-----------------------------------------------------------------------------|
| `value` | the rendered user data                                                      |
| `token` | the machine's bootstrap token, so that a later pass renders the same bytes  |
"""

from random import Random
from typing import Final

import msgspec

from kubecapy.api.cluster.v1alpha1 import CLUSTER_NAME_LABEL, MACHINES, Machine
from kubecapy.api.core import SECRETS, Secret, encode_secret_data, secret_data
from kubecapy.apimachinery.errors import AlreadyExists
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta, key_of
from kubecapy.apimachinery.owner_references import owner_reference_to
from kubecapy.bootstrap.tokens import BootstrapToken, make_token, token_id
from kubecapy.client.interfaces import Client
from kubecapy.controllers.cluster_secrets import SECRET_TYPE
from kubecapy.telemetry.secrets import Secret as Hidden

VALUE_KEY: Final = "value"
TOKEN_KEY: Final = "token"  # noqa: S105 - a key's name


class BootstrapData(msgspec.Struct, frozen=True):
    """What one machine boots from."""

    user_data: Hidden[bytes]
    token: BootstrapToken


class BootstrapDataStore:
    """Finds, writes and removes the bootstrap data of machines."""

    def __init__(self, client: Client, random: Random) -> None:
        """Store through `client`; draw secrets from `random`, in production a `random.SystemRandom`."""
        self._client = client
        self._random = random

    async def find(self, machine: Machine) -> Secret | None:
        """Return the stored Secret; None where there is none."""
        return await self._client.find(SECRETS, _key(machine))

    def token_of(self, stored: Secret | None, machine: Machine, cluster_name: str) -> BootstrapToken:
        """Return the token that `stored` holds, else a new one."""
        identifier = token_id(cluster_name, key_of(machine))
        text = secret_data(stored).get(TOKEN_KEY, b"").decode() if stored is not None else ""
        known, _, secret = text.partition(".")
        if known == identifier and secret:
            return BootstrapToken(identifier, Hidden(secret))
        return make_token(identifier, self._random)

    async def store(self, stored: Secret | None, machine: Machine, cluster_name: str, new: BootstrapData) -> None:
        """Write what differs from `stored`."""
        data = encode_secret_data({VALUE_KEY: new.user_data.reveal(), TOKEN_KEY: new.token.reveal()})
        if stored is None:
            await self._create(_new_secret(machine, cluster_name, data))
        elif stored.data != data:
            await self._client.patch(SECRETS, _key(machine), {"data": data})

    async def _create(self, secret: Secret) -> None:
        try:
            await self._client.create(SECRETS, secret)
        except AlreadyExists:
            # Race: it was created since we looked. No server has booted from it yet.
            await self._client.patch(SECRETS, key_of(secret), {"data": secret.data})

    async def delete(self, machine: Machine) -> None:
        """Remove the Secret; an absent one is fine."""
        await self._client.delete(SECRETS, _key(machine))


def _key(machine: Machine) -> ObjectKey:
    return ObjectKey(machine.metadata.namespace, f"{machine.metadata.name}-bootstrap-data")


def _new_secret(machine: Machine, cluster_name: str, data: dict[str, str]) -> Secret:
    key = _key(machine)
    return Secret(
        metadata=ObjectMeta(
            name=key.name,
            namespace=key.namespace,
            labels={CLUSTER_NAME_LABEL: cluster_name},
            owner_references=(owner_reference_to(machine, MACHINES, controller=True),),
        ),
        type=SECRET_TYPE,
        data=data,
    )
