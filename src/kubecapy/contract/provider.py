"""Say what a provider package offers, and load it by its packaging entry point.

A provider is one class that the entry point group `kubecapy.providers` names. `clusterctl`, `kubecapy manager` and the
pods of the generated components load it by name; nothing of Kubecapy is changed for it. `docs/write-a-provider.md`
makes one from nothing, and `kubecapy.testing.provider_conformance` shows whether it keeps its promises.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from importlib.metadata import entry_points
from random import Random
from typing import Literal, Protocol, cast

import msgspec

from kubecapy.api.cluster.v1alpha1 import Cluster
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.clock import Clock
from kubecapy.contract.actuators import ClusterActuator, InstanceObserver, MachineActuator, SecretReader
from kubecapy.telemetry.secrets import Secret

ENTRY_POINT_GROUP = "kubecapy.providers"


class ProviderSettings(msgspec.Struct, frozen=True):
    """What the process that runs a provider gives it."""

    clock: Clock
    """Reads the time; a provider that reads it elsewhere cannot be tested on virtual time."""
    random: Random
    """Spreads retries; names and marks are never random."""
    environ: Mapping[str, str]
    """The process environment as the provider may read it (OS_CLOUD, OS_CLIENT_CONFIG_FILE ...)."""
    secrets: SecretReader
    """How to read the Secrets that objects refer to (`cloudsSecret`)."""


class Actuators(msgspec.Struct, frozen=True):
    """The verbs of one running provider."""

    cluster: ClusterActuator
    machine: MachineActuator
    observer: InstanceObserver | None = None
    """Glances at many servers at once; None where the cloud has no cheap list, and machines are looked at in turn."""


class GenerateRequest(msgspec.Struct, frozen=True):
    """What `clusterctl generate-yaml` asks for."""

    cloud: str
    """Entry of the provider's configuration file."""
    configuration: Secret[bytes]
    """Content of that file (clouds.yaml), whole."""
    configuration_directory: str
    """Folder against which relative paths inside the configuration are read."""
    operating_system: Literal["ubuntu", "centos"]


class ProviderManifests(msgspec.Struct, frozen=True):
    """What a provider contributes to the generated folder."""

    cluster: JsonObject
    """The Cluster that cluster.yaml holds, ready to use or with angle-bracketed places to fill in."""
    machines: Sequence[JsonObject]
    """One control-plane Machine and one worker for machines.yaml."""
    namespace: str
    """Where the provider's controllers and their Secrets live."""
    components: Sequence[JsonObject]
    """The provider's own part of provider-components.yaml: namespace, credentials, RBAC and controllers."""


class Leftover(msgspec.Struct, frozen=True):
    """Something in the cloud that bears our mark though its owner is gone."""

    kind: str
    """Such as `server`, `port`, `floating ip`."""
    id: str
    name: str


class ProviderTooling(Protocol):
    """What tools may ask of a provider, without a management cluster.

    Objects are mappings as they stand in a manifest: nothing about them is checked yet. The errors are those of the
    contract, and what they say is printed to a person as it is.
    """

    def generate(self, request: GenerateRequest) -> ProviderManifests:
        """Return the provider's manifests; only the chosen cloud's entry is copied into them.

        Talks to nobody. Secrets hold the credentials and nothing else does. A place that only the person can fill in
        is written `<LIKE_THIS>`, which `validate_spec` refuses by name.

        Raises:
            InvalidConfiguration: the configuration has no such cloud or lacks a field; the sentence names it.
        """
        ...

    def validate_spec(self, kind: Literal["Cluster", "Machine"], value: JsonObject, path: str) -> Sequence[FieldError]:
        """Return what is wrong with a providerSpec value, each with its path below `path`; empty where all is well.

        Talks to nobody and raises nothing, whatever the value holds. An unknown field is refused with the nearest
        known name. What is refused here is what the verbs raise InvalidConfiguration for.
        """
        ...

    async def preflight(self, cluster: JsonObject, machines: Sequence[JsonObject]) -> Sequence[str]:
        """Ask the cloud, read-only, whether the objects can be made; return one sentence for each thing that cannot.

        Called before anything is made, and again after an interrupted run: what bears the cluster's own mark is no
        obstacle. Each sentence names the object and what is missing.

        Raises:
            PermissionDenied, Unavailable: the cloud refuses us or does not answer.
        """
        ...

    async def find_leftovers(self, cluster: Cluster) -> Sequence[Leftover]:
        """Return everything in the project that still bears the mark of `cluster` or its machines; read-only.

        Called last when a cluster was deleted, to show that nothing is left; works from the Cluster alone.
        """
        ...


class Provider(Protocol):
    """What a provider package's entry point names: a class without arguments.

    Loading and making it is cheap and has no effect: every command of `clusterctl` may do so for every installed
    provider.
    """

    name: str
    """As in `--provider openstack`; the entry point has the same."""
    spec_api_versions: Sequence[str]
    """The `apiVersion` of a providerSpec's value that is meant for this provider, in each of its spellings. No other
    installed provider has it."""

    def open_actuators(self, settings: ProviderSettings) -> AbstractAsyncContextManager[Actuators]:
        """Open the clients of the cloud for as long as the context lasts; the heavy imports happen here or later.

        No call is made and no credentials are read: wrong ones are told by the verbs, on the objects that use them.
        Leaving the context does not wait for a silent cloud. Two contexts may be open at once.
        """
        ...

    def open_tooling(self, settings: ProviderSettings) -> AbstractAsyncContextManager[ProviderTooling]:
        """Open what tools may ask; talks to the cloud only where a method says so."""
        ...


class UnknownProvider(Exception):
    """No installed package offers a provider of that name; the message lists those that there are."""


def load_provider(name: str) -> Provider:
    """Return the provider that an installed package offers under `name`.

    Raises:
        UnknownProvider: none does; the message names the installed ones.
    """
    offered = {entry.name: entry for entry in entry_points(group=ENTRY_POINT_GROUP)}
    if name not in offered:
        known = ", ".join(sorted(offered)) or "none"
        raise UnknownProvider(f'provider "{name}" is not installed; installed providers: {known}')
    return cast("Provider", offered[name].load()())


def find_provider_of(api_version: str) -> Provider | None:
    """Return the installed provider that the `apiVersion` of a providerSpec's value names; None where none does."""
    names = sorted(entry.name for entry in entry_points(group=ENTRY_POINT_GROUP))
    providers = (load_provider(name) for name in names)
    return next((provider for provider in providers if api_version in provider.spec_api_versions), None)


__all__ = [
    "ENTRY_POINT_GROUP",
    "Actuators",
    "GenerateRequest",
    "Leftover",
    "Provider",
    "ProviderManifests",
    "ProviderSettings",
    "ProviderTooling",
    "UnknownProvider",
    "find_provider_of",
    "load_provider",
]
