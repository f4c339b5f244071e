"""Be a provider that keeps the contract, on a cloud in memory.

Its specs may hold anything but the key `wrong`, which is refused, and `missing`, which names what is not there.
"""

import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, Literal

from kubecapy.api.cluster.v1alpha1 import Cluster, NodeAddress
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject, ObjectKey, key_of
from kubecapy.contract.actuators import ClusterObservation, Deletion, Instance, MachineRequest, Reservation
from kubecapy.contract.errors import InvalidConfiguration, NotFound, NotReady
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
        _check_spec("Machine", request.machine.spec.provider_spec.value)
        if request.cluster is None:
            raise NotReady(f"Machine {key_of(request.machine)} has no Cluster", retry_after_seconds=1.0)
        with _called(self._cloud, "ensure_reservation", self._cloud.claim(request.machine)) as key:
            number = self._cloud.reserve(key, self._cloud.mark(request.cluster))
            return Reservation(
                addresses=_addresses(number),
                hostname=request.machine.metadata.name,
                kubelet_arguments={"provider-id": "fake:///{{ v1.instance_id }}"},
                provider_status={"reservation": number},
                annotations={"fake-address": f"{EXTERNAL_NETWORK}.{number}"},
            )

    async def ensure_instance(self, request: MachineRequest, bootstrap_data: Secret[bytes]) -> Instance:
        """Find or make the server."""
        with _called(self._cloud, "ensure_instance", self._cloud.mark(request.machine)) as key:
            return self._instance(key, self._cloud.create_server(key, bootstrap_data))

    async def observe_instance(self, request: MachineRequest) -> Instance | None:
        """Look at the server."""
        with _called(self._cloud, "observe_instance", self._cloud.mark(request.machine)) as key:
            server = self._cloud.observe_server(key)
            return self._instance(key, server) if server else None

    async def delete(self, request: MachineRequest) -> Deletion:
        """Remove server and addresses."""
        with _called(self._cloud, "delete", self._cloud.mark(request.machine)) as key:
            if self._cloud.delete_machine(key):
                self._cloud.release(request.machine)
                return Deletion(gone=True)
            return Deletion(gone=False, waiting_for=f"server {key.name}", retry_after_seconds=1.0)

    async def read_console(self, request: MachineRequest, lines: int) -> str:
        """Return the end of the server's console."""
        with _called(self._cloud, "read_console", self._cloud.mark(request.machine)) as key:
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
        _check_spec("Cluster", cluster.spec.provider_spec.value if cluster.spec.provider_spec else None)
        with _called(self._cloud, "reconcile_cluster", self._cloud.claim(cluster)) as key:
            self._cloud.clusters.add(key)
            return ClusterObservation(provider_status={"network": key.name})

    async def delete(self, cluster: Cluster) -> Deletion:
        """Remove the shared resources."""
        with _called(self._cloud, "delete_cluster", self._cloud.mark(cluster)) as key:
            self._cloud.clusters.discard(key)
            self._cloud.release(cluster)
            return Deletion(gone=True)


class FakeTooling:
    """Answers what tools may ask."""

    def __init__(self, cloud: FakeCloud) -> None:
        """Look into `cloud`."""
        self._cloud = cloud

    def generate(self, request: GenerateRequest) -> ProviderManifests:
        """Return a Cluster, two Machines and a namespace; the configuration is the names of clouds, a line each."""
        if request.cloud not in request.configuration.reveal().decode().splitlines():
            raise InvalidConfiguration(f'there is no cloud "{request.cloud}"')
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "fake-provider-system"}}
        machines = tuple(_manifest("Machine", name) for name in ("master", "node"))
        return ProviderManifests(_manifest("Cluster", "test1"), machines, "fake-provider-system", (namespace,))

    def validate_spec(self, kind: Literal["Cluster", "Machine"], value: JsonObject, path: str) -> Sequence[FieldError]:
        """Refuse a key called `wrong`, and nothing else."""
        if "wrong" not in value:
            return ()
        return (FieldError(f"{path}.wrong", "FieldValueUnknown", f'unknown field "wrong" of a {kind}'),)

    async def preflight(self, cluster: JsonObject, machines: Sequence[JsonObject]) -> Sequence[str]:
        """Name what the specs say is missing."""
        obstacles = []
        for kind, obj in (("Cluster", cluster), *(("Machine", machine) for machine in machines)):
            try:
                _check_spec(kind, obj["spec"].get("providerSpec", {}).get("value"))
            except (InvalidConfiguration, NotFound) as error:
                obstacles.append(str(error))
        return obstacles

    async def find_leftovers(self, cluster: Cluster) -> Sequence[Leftover]:
        """Return the servers and addresses of the cluster's machines, and what they share."""
        cloud, key = self._cloud, self._cloud.mark(cluster)
        machines = [machine for machine, owner in cloud.owners.items() if owner == key]
        servers = [Leftover("server", cloud.servers[name].id, name.name) for name in machines if name in cloud.servers]
        addresses = [Leftover("address", f"{cloud.reservations[name]}", name.name) for name in machines]
        shared = [Leftover("cluster", str(key), key.name)] if key in cloud.clusters else []
        return (*servers, *addresses, *shared)


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


def _manifest(kind: str, name: str) -> JsonObject:
    spec = {"providerSpec": {"value": {"apiVersion": "fake/v1"}}}
    return {"apiVersion": "cluster.k8s.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def _check_spec(kind: str, value: Mapping[str, Any] | None) -> None:  # Any: a providerSpec is opaque
    """Refuse what the provider's specs may not hold."""
    if value and "wrong" in value:
        raise InvalidConfiguration(f'spec.providerSpec.value.wrong: unknown field "wrong" of a {kind}')
    if value and "missing" in value:
        raise NotFound(f"there is no {value['missing']}, which spec.providerSpec.value.missing of a {kind} names")


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
