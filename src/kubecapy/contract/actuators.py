"""Say what a cloud must be able to do for clusters and machines.

Actuators return observations and never write to the API server. All methods may be called twice, after a crash at
any line, and for objects whose cloud resources a person removed. None waits for the cloud: a method that must look
again raises `NotReady` or returns an observation that says so. Errors are `kubecapy.contract.errors.ProviderError`.
"""

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import msgspec

from kubecapy.api.cluster.v1alpha1 import ApiEndpoint, Cluster, Machine, NodeAddress
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.telemetry.secrets import Secret

InstanceState = Literal["Pending", "Running", "Stopped", "Failed", "Deleting"]


class SecretReader(Protocol):
    """Reads Secrets of the management cluster for a provider, which has no client of its own."""

    async def read_secret(self, namespace: str, name: str) -> Mapping[str, bytes] | None:
        """Return the decoded data of the Secret; None where it is absent."""
        ...


class MachineRequest(msgspec.Struct, frozen=True):
    """What an actuator is told of a machine."""

    machine: Machine
    cluster: Cluster | None
    """None where the cluster is gone or the machine belongs to none; a delete must work all the same."""


class BootFile(msgspec.Struct, frozen=True):
    """A file that the provider needs on the host before Kubernetes starts."""

    path: str
    content: str
    permissions: str = "0644"


class Reservation(msgspec.Struct, frozen=True):
    """What is known of a machine before its server exists."""

    addresses: tuple[NodeAddress, ...]
    """Every address that the server will have; ExternalIP where others reach it, InternalIP on its own network."""
    hostname: str
    """Name that the host gets, and so its Node."""
    provider_id_hint: str | None = None
    """The providerID where the cloud lets it be known before the server exists."""
    boot_files: tuple[BootFile, ...] = ()
    """The provider's own fragments for the boot; they never hold cloud passwords."""
    kubelet_arguments: Mapping[str, str] = {}
    """Arguments that kubelets on this cloud need."""
    provider_status: Mapping[str, Any] | None = None
    """What the reconciler stores as `status.providerStatus`."""
    annotations: Mapping[str, str] = {}
    """Annotations that the reconciler keeps on the Machine for people and older tools."""
    user_data_secret: ObjectKey | None = None
    """The Secret with the user-data template that the providerSpec names; None takes the built-in template."""


class Instance(msgspec.Struct, frozen=True):
    """A server as it was last seen."""

    provider_id: str
    """`openstack:///<server id>` or the cloud's like."""
    state: InstanceState
    addresses: tuple[NodeAddress, ...]
    fault: str = ""
    """The cloud's own words where the state is Failed."""
    provider_status: Mapping[str, Any] | None = None
    annotations: Mapping[str, str] = {}


class Deletion(msgspec.Struct, frozen=True):
    """How far a delete came."""

    gone: bool
    """True once nothing that we made is left."""
    waiting_for: str = ""
    """What is still there, for people."""
    retry_after_seconds: float = 5.0
    """When to look again where it is not gone."""


class MachineActuator(Protocol):
    """Cloud verbs for machines."""

    async def ensure_reservation(self, request: MachineRequest) -> Reservation:
        """Find or make what a server needs first: ports, the floating address and their association.

        Called on every pass until the server exists, and later to repair; makes no twin.
        """
        ...

    async def ensure_instance(self, request: MachineRequest, bootstrap_data: Secret[bytes]) -> Instance:
        """Find or make the server, with `bootstrap_data` as its user data where it is made."""
        ...

    async def observe_instance(self, request: MachineRequest) -> Instance | None:
        """Look at the server; None where there is none. Changes nothing."""
        ...

    async def delete(self, request: MachineRequest) -> Deletion:
        """Remove what we made for the machine and detach what a person made; needs nothing that create resolved."""
        ...

    async def read_console(self, request: MachineRequest, lines: int) -> str:
        """Return the last `lines` lines of the server's console; empty where there are none."""
        ...


class ClusterObservation(msgspec.Struct, frozen=True):
    """What a cloud holds for a cluster."""

    endpoint: ApiEndpoint | None = None
    """The API endpoint where the provider knows one (a load balancer, a configured one); None leaves it to the
    first control-plane machine's reserved address."""
    provider_status: Mapping[str, Any] | None = None


class ClusterActuator(Protocol):
    """Cloud verbs for what a cluster's machines share."""

    async def reconcile(self, cluster: Cluster) -> ClusterObservation:
        """Find or make the shared resources and return what is there."""
        ...

    async def delete(self, cluster: Cluster) -> Deletion:
        """Remove the shared resources that we made; called once no machine is left."""
        ...
