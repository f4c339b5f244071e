"""Ask the provider for its manifests and join them with the core's."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import msgspec

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.generate.core_components import core_components
from kubecapy.clusterctl.generate.user_data import user_data_secrets
from kubecapy.clusterctl.inputs.provider_tools import ManifestSecrets, find_provider, open_tooling
from kubecapy.clusterctl.invocation import Invocation
from kubecapy.contract.errors import ProviderError
from kubecapy.contract.provider import GenerateRequest, ProviderManifests
from kubecapy.telemetry.secrets import Secret


class GenerateOptions(msgspec.Struct, frozen=True):
    """What the person asked for."""

    clouds_file: Path
    """The provider's configuration file."""
    cloud: str
    operating_system: Literal["ubuntu", "centos"]
    provider: str
    folder: Path
    """Where the manifests go."""
    overwrite: bool
    """Whether an existing components file is replaced."""


async def ask_provider(options: GenerateOptions, invocation: Invocation) -> ProviderManifests:
    """Return the provider's manifests for the chosen cloud; the cloud itself is not asked.

    Raises:
        ClusterctlError: the file cannot be read, has no such cloud or lacks a field; the message names it.
    """
    path = options.clouds_file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ClusterctlError(f"cannot read {path}: {error.strerror}") from error
    directory = str(path.absolute().parent)
    request = GenerateRequest(options.cloud, Secret(content), directory, options.operating_system)
    provider = find_provider(options.provider)
    async with open_tooling(provider, invocation, invocation.environ, ManifestSecrets(())) as tooling:
        try:
            return tooling.generate(request)
        except ProviderError as error:
            raise ClusterctlError(f"{path}: {error}") from error


def compose_components(manifests: ProviderManifests, options: GenerateOptions) -> Sequence[JsonObject]:
    """Return every object of provider-components.yaml: what the provider gave, the core's and the user data."""
    image = f"kubecapy/manager:{version('kubecapy')}"
    return [
        *manifests.components,
        *core_components(image),
        *user_data_secrets(options.operating_system, manifests.namespace),
    ]
