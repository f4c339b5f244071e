"""Open the tools of a provider outside any management cluster."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.invocation import Invocation
from kubecapy.contract.actuators import SecretReader
from kubecapy.contract.provider import Provider, ProviderSettings, ProviderTooling, UnknownProvider, load_provider


class NoSecrets:
    """Reads no Secret: there is no management cluster yet."""

    async def read_secret(self, namespace: str, name: str) -> Mapping[str, bytes] | None:
        """Return None."""
        del namespace, name
        return None


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
