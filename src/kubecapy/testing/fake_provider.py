"""Be a provider that keeps the contract, on a cloud in memory."""

import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Literal

from kubecapy.api.cluster.v1alpha1 import Cluster, NodeAddress
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject, ObjectKey, key_of
from kubecapy.contract.actuators import ClusterObservation, Deletion, Instance, MachineRequest, Reservation
from kubecapy.contract.provider import Actuators, GenerateRequest, Leftover, ProviderManifests, ProviderSettings
from kubecapy.telemetry.secrets import Secret
from kubecapy.testing.fake_cloud import CloudCall, FakeCloud, FakeServer, Verb

NETWORK = "192.0.2"
"""Addresses come from TEST-NET-1 (RFC 5737); the external ones from TEST-NET-2."""
EXTERNAL_NETWORK = "198.51.100"


class FakeMachineActuator:
    """Makes machines in a `FakeCloud`; see `kubecapy.contract.actuators.MachineActuator`."""

    def __init__(self, cloud: FakeCloud) -> None:
        """Act in `cloud`."""
        self._cloud = cloud

    async def ensure_reservation(self, request: MachineRequest) -> Reservation:
        """Find or make an internal and an external address."""
        with _called(self._cloud, "ensure_reservation", key_of(request.machine)) as key:
            number = self._cloud.reserve(key)
            return Reservation(
                addresses=_addresses(number),
                hostname=key.name,
                kubelet_arguments={"provider-id": "fake:///{{ v1.instance_id }}"},
                provider_status={"reservation": number},
                annotations={"fake-address": f"{EXTERNAL_NETWORK}.{number}"},
            )

    async def ensure_instance(self, request: MachineRequest, bootstrap_data: Secret[bytes]) -> Instance:
        """Find or make the server."""
        with _called(self._cloud, "ensure_instance", key_of(request.machine)) as key:
            return self._instance(key, self._cloud.create_server(key, bootstrap_data))

    async def observe_instance(self, request: MachineRequest) -> Instance | None:
        """Look at the server."""
        with _called(self._cloud, "observe_instance", key_of(request.machine)) as key:
            server = self._cloud.observe_server(key)
            return self._instance(key, server) if server else None

    async def delete(self, request: MachineRequest) -> Deletion:
        """Remove server and addresses."""
        with _called(self._cloud, "delete", key_of(request.machine)) as key:
            if self._cloud.delete_machine(key):
                return Deletion(gone=True)
            return Deletion(gone=False, waiting_for=f"server {key.name}", retry_after_seconds=1.0)

    async def read_console(self, request: MachineRequest, lines: int) -> str:
        """Return the end of the server's console."""
        with _called(self._cloud, "read_console", key_of(request.machine)) as key:
            server = self._cloud.servers.get(key)
            return "\n".join(server.console.splitlines()[-lines:]) if server else ""

    def _instance(self, key: ObjectKey, server: FakeServer) -> Instance:
        number = self._cloud.reservations[key]
        return Instance(
            provider_id=f"fake:///{server.id}",
            state=server.state,
            addresses=_addresses(number),
            fault=server.fault,
            provider_status={"reservation": number, "server": server.id},
            annotations={"fake-server": server.id},
        )


class FakeClusterActuator:
    """Makes what machines share in a `FakeCloud`; see `kubecapy.contract.actuators.ClusterActuator`."""

    def __init__(self, cloud: FakeCloud) -> None:
        """Act in `cloud`."""
        self._cloud = cloud

    async def reconcile(self, cluster: Cluster) -> ClusterObservation:
        """Find or make the shared resources."""
        with _called(self._cloud, "reconcile_cluster", key_of(cluster)) as key:
            self._cloud.clusters.add(key)
            return ClusterObservation(provider_status={"network": key.name})

    async def delete(self, cluster: Cluster) -> Deletion:
        """Remove the shared resources."""
        with _called(self._cloud, "delete_cluster", key_of(cluster)) as key:
            self._cloud.clusters.discard(key)
            return Deletion(gone=True)


class FakeTooling:
    """Answers what tools may ask; finds nothing wrong with anything."""

    def __init__(self, cloud: FakeCloud) -> None:
        """Look into `cloud`."""
        self._cloud = cloud

    def generate(self, request: GenerateRequest) -> ProviderManifests:
        """Return a namespace for the provider, and no machines."""
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "fake-provider-system"}}
        labels = {"cloud": request.cloud}
        cluster = {"apiVersion": "cluster.k8s.io/v1alpha1", "kind": "Cluster", "metadata": {"labels": labels}}
        return ProviderManifests(cluster, (), "fake-provider-system", (namespace,))

    def validate_spec(self, kind: Literal["Cluster", "Machine"], value: JsonObject, path: str) -> Sequence[FieldError]:
        """Refuse a key called `wrong`, and nothing else."""
        if "wrong" not in value:
            return ()
        return (FieldError(f"{path}.wrong", "FieldValueUnknown", f'unknown field "wrong" of a {kind}'),)

    async def preflight(self, cluster: JsonObject, machines: Sequence[JsonObject]) -> Sequence[str]:
        """Find nothing that cannot be made."""
        del cluster, machines
        return ()

    async def find_leftovers(self, cluster: Cluster) -> Sequence[Leftover]:
        """Return the servers in the cluster's namespace."""
        namespace = cluster.metadata.namespace
        servers = self._cloud.servers.items()
        return [Leftover("server", server.id, key.name) for key, server in servers if key.namespace == namespace]


class FakeProvider:
    """The provider called `fake`; every part of it acts in the one cloud that it is given."""

    name = "fake"
    spec_api_versions = ("fake/v1",)

    def __init__(self, cloud: FakeCloud | None = None) -> None:
        """Act in `cloud`, an empty one of its own where none is given."""
        self.cloud = cloud or FakeCloud()

    @contextlib.asynccontextmanager
    async def open_actuators(self, settings: ProviderSettings) -> AsyncIterator[Actuators]:
        """Give the verbs; there is nothing to open."""
        del settings
        yield Actuators(FakeClusterActuator(self.cloud), FakeMachineActuator(self.cloud))

    @contextlib.asynccontextmanager
    async def open_tooling(self, settings: ProviderSettings) -> AsyncIterator[FakeTooling]:
        """Give what tools may ask; there is nothing to open."""
        del settings
        yield FakeTooling(self.cloud)


def _addresses(number: int) -> tuple[NodeAddress, ...]:
    return (
        NodeAddress(type="ExternalIP", address=f"{EXTERNAL_NETWORK}.{number}"),
        NodeAddress(type="InternalIP", address=f"{NETWORK}.{number}"),
    )


@contextlib.contextmanager
def _called(cloud: FakeCloud, verb: Verb, key: ObjectKey) -> Iterator[ObjectKey]:
    call = CloudCall(verb, key)
    cloud.record(call)
    yield key
    cloud.after_call(call)
