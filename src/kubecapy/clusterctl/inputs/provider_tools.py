"""Open the tools of a provider outside any management cluster."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from kubecapy.api.core import Secret, secret_data
from kubecapy.apimachinery.codec import convert
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.inputs.components import key_of_object, secrets_of
from kubecapy.clusterctl.invocation import Invocation
from kubecapy.contract.actuators import SecretReader
from kubecapy.contract.provider import Provider, ProviderSettings, ProviderTooling, UnknownProvider, load_provider


class ManifestSecrets:
    """Reads Secrets from manifests: there is no management cluster yet, or no more."""

    def __init__(self, objects: Sequence[JsonObject]) -> None:
        """Read from the Secrets among `objects`."""
        self._secrets = {key_of_object(secret): secret for secret in secrets_of(objects)}

    async def read_secret(self, namespace: str, name: str) -> Mapping[str, bytes] | None:
        """Return the decoded data of the Secret; None where it is not among them."""
        secret = self._secrets.get(ObjectKey(namespace, name))
        return None if secret is None else secret_data(convert(secret, Secret))


def find_provider(name: str) -> Provider:
    """Return the provider that is installed under `name`.

    Raises:
        ClusterctlError: none is; the message lists those that are.
    """
    try:
        return load_provider(name)
    except UnknownProvider as error:
        raise ClusterctlError(str(error)) from error


@asynccontextmanager
async def open_tooling(
    provider: Provider, invocation: Invocation, environ: Mapping[str, str], secrets: SecretReader
) -> AsyncIterator[ProviderTooling]:
    """Open the tools of `provider`, which finds its credentials by `environ` and reads `secrets`."""
    settings = ProviderSettings(invocation.clock, invocation.random, environ, secrets)
    async with provider.open_tooling(settings) as tooling:
        yield tooling
