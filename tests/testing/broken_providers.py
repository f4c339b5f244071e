"""Providers that break one promise each, made of the one in memory that keeps them all."""

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence

import msgspec

from kubecapy.api.cluster.v1alpha1 import Cluster, Machine, NodeAddress
from kubecapy.apimachinery.meta import JsonObject, ObjectKey, key_of
from kubecapy.contract.actuators import ClusterObservation, Deletion, Instance, MachineRequest, Reservation
from kubecapy.contract.errors import CapacityExhausted, Conflict, NotFound, ProviderError, Unavailable
from kubecapy.contract.provider import Actuators, Leftover, ProviderSettings
from kubecapy.telemetry.secrets import Secret
from kubecapy.testing.fake_cloud import FakeCloud
from kubecapy.testing.fake_provider import FakeClusterActuator, FakeMachineActuator, FakeProvider, FakeTooling

log = logging.getLogger("broken")

Machines = type[FakeMachineActuator]


def renamed(request: MachineRequest, namespace: str, name: str) -> MachineRequest:
    """Return the request for a machine of another name and no identity: how a wrong mark mixes machines up."""
    meta = msgspec.structs.replace(
        request.machine.metadata, namespace=namespace, name=name, uid="any", annotations=None
    )
    return MachineRequest(msgspec.structs.replace(request.machine, metadata=meta), request.cluster)


class _Marked(FakeMachineActuator, ABC):
    """Finds machines by a mark other than namespace and name."""

    @abstractmethod
    def mark(self, machine: Machine) -> tuple[str, str]: ...

    def _meant(self, request: MachineRequest) -> MachineRequest:
        return renamed(request, *self.mark(request.machine))

    async def ensure_reservation(self, request: MachineRequest) -> Reservation:
        return await super().ensure_reservation(self._meant(request))

    async def ensure_instance(self, request: MachineRequest, bootstrap_data: Secret[bytes]) -> Instance:
        return await super().ensure_instance(self._meant(request), bootstrap_data)

    async def observe_instance(self, request: MachineRequest) -> Instance | None:
        return await super().observe_instance(self._meant(request))

    async def delete(self, request: MachineRequest) -> Deletion:
        return await super().delete(self._meant(request))


class ForgetsNamespace(_Marked):
    def mark(self, machine: Machine) -> tuple[str, str]:
        return "default", machine.metadata.name


class ForgetsIdentity(_Marked):
    def mark(self, machine: Machine) -> tuple[str, str]:
        return machine.metadata.namespace, machine.metadata.name


class MarksByUid(_Marked):
    def mark(self, machine: Machine) -> tuple[str, str]:
        return machine.metadata.namespace, machine.metadata.uid


class FindsByRecordAlone(_Marked):
    made = 0

    def mark(self, machine: Machine) -> tuple[str, str]:
        recorded = (machine.status.provider_status or {}).get("reservation")
        known = [key for key, number in self._cloud.reservations.items() if number == recorded]
        if known:
            return known[0]
        FindsByRecordAlone.made += 1
        return machine.metadata.namespace, f"{machine.metadata.name}-{FindsByRecordAlone.made}"


class MakesTwinServers(FakeMachineActuator):
    async def ensure_instance(self, request: MachineRequest, bootstrap_data: Secret[bytes]) -> Instance:
        key = key_of(request.machine)
        twin = self._cloud.servers.pop(key, None)
        made = await super().ensure_instance(request, bootstrap_data)
        if twin is not None:
            self._cloud.servers[ObjectKey(key.namespace, f"{key.name}.{twin.id}")] = twin
        return made


class MakesTheServerAtOnce(FakeMachineActuator):
    async def ensure_reservation(self, request: MachineRequest) -> Reservation:
        found = await super().ensure_reservation(request)
        self._cloud.create_server(key_of(request.machine), Secret(b""))
        return found


class LearnsAddressesLate(FakeMachineActuator):
    async def ensure_instance(self, request: MachineRequest, bootstrap_data: Secret[bytes]) -> Instance:
        return self._late(await super().ensure_instance(request, bootstrap_data))

    async def observe_instance(self, request: MachineRequest) -> Instance | None:
        found = await super().observe_instance(request)
        return self._late(found) if found else None

    def _late(self, found: Instance) -> Instance:
        late = NodeAddress(type="InternalIP", address="203.0.113.9")
        return msgspec.structs.replace(found, addresses=(*found.addresses, late))


class LeavesAddresses(FakeMachineActuator):
    async def delete(self, request: MachineRequest) -> Deletion:
        kept = self._cloud.reservations.get(key_of(request.machine))
        deletion = await super().delete(request)
        if deletion.gone and kept is not None:
            self._cloud.reservations[ObjectKey("", f"left-{kept}")] = kept
        return deletion


class DeletesByPrefix(FakeMachineActuator):
    async def delete(self, request: MachineRequest) -> Deletion:
        namespace, name = key_of(request.machine)
        alike = [key for key in self._cloud.servers if key.namespace == namespace and key.name.startswith(name)]
        for key in alike:
            del self._cloud.servers[key]
        return await super().delete(request)


class IsGoneTooSoon(FakeMachineActuator):
    async def delete(self, request: MachineRequest) -> Deletion:
        await super().delete(request)
        return Deletion(gone=True)


class FailsToDeleteTwice(FakeMachineActuator):
    async def delete(self, request: MachineRequest) -> Deletion:
        if key_of(request.machine) not in self._cloud.reservations:
            raise NotFound("there is no such server")
        return await super().delete(request)


class DeletesWithTheClusterOnly(FakeMachineActuator):
    async def delete(self, request: MachineRequest) -> Deletion:
        if request.cluster is None:
            return Deletion(gone=True)
        return await super().delete(request)


class DeletesByTheSpec(FakeMachineActuator):
    async def delete(self, request: MachineRequest) -> Deletion:
        if "missing" in request.machine.spec.provider_spec.value:
            raise Conflict("the image is not there")
        return await super().delete(request)


class MendsWhileItLooks(FakeMachineActuator):
    async def observe_instance(self, request: MachineRequest) -> Instance | None:
        if request.cluster is not None:
            self._cloud.reserve(key_of(request.machine), key_of(request.cluster))
        return await super().observe_instance(request)


class TakesSilenceForAbsence(FakeMachineActuator):
    async def observe_instance(self, request: MachineRequest) -> Instance | None:
        try:
            return await super().observe_instance(request)
        except ProviderError:
            return None


class TakesSilenceForGone(FakeMachineActuator):
    async def delete(self, request: MachineRequest) -> Deletion:
        try:
            return await super().delete(request)
        except Unavailable:
            return Deletion(gone=True)


class LetsForeignErrorsOut(FakeMachineActuator):
    async def ensure_reservation(self, request: MachineRequest) -> Reservation:
        if "missing" in request.machine.spec.provider_spec.value:
            raise KeyError("image")
        return await super().ensure_reservation(request)


class DoesNotNameWhatIsMissing(FakeMachineActuator):
    async def ensure_reservation(self, request: MachineRequest) -> Reservation:
        try:
            return await super().ensure_reservation(request)
        except NotFound as error:
            raise NotFound("Resource not found") from error


class CallsAFullCloudSilent(FakeMachineActuator):
    async def ensure_reservation(self, request: MachineRequest) -> Reservation:
        try:
            return await super().ensure_reservation(request)
        except CapacityExhausted as error:
            raise Unavailable(str(error)) from error


class TellsThePassword(FakeMachineActuator):
    async def ensure_reservation(self, request: MachineRequest) -> Reservation:
        try:
            return await super().ensure_reservation(request)
        except NotFound as error:
            raise NotFound(f"{error} (user fake, password hidden-password)") from error


class LogsUserData(FakeMachineActuator):
    async def ensure_instance(self, request: MachineRequest, bootstrap_data: Secret[bytes]) -> Instance:
        log.debug("creating server with %s", bootstrap_data.reveal())
        return await super().ensure_instance(request, bootstrap_data)


class RecordsUserData(FakeMachineActuator):
    async def ensure_instance(self, request: MachineRequest, bootstrap_data: Secret[bytes]) -> Instance:
        made = await super().ensure_instance(request, bootstrap_data)
        return msgspec.structs.replace(made, provider_status={"userData": bootstrap_data.reveal().decode()})


class RecordsWhatCannotBeStored(FakeMachineActuator):
    async def ensure_reservation(self, request: MachineRequest) -> Reservation:
        found = await super().ensure_reservation(request)
        return msgspec.structs.replace(found, provider_status={"cloud": self._cloud})


class HidesTheFault(FakeMachineActuator):
    async def observe_instance(self, request: MachineRequest) -> Instance | None:
        found = await super().observe_instance(request)
        return msgspec.structs.replace(found, fault="build failed") if found and found.fault else found


class ShowsTheWholeConsole(FakeMachineActuator):
    async def read_console(self, request: MachineRequest, lines: int) -> str:
        return await super().read_console(request, 1_000_000)


class SharesALockThatACancelledCallKeeps(FakeMachineActuator):
    def __init__(self, cloud: FakeCloud) -> None:
        super().__init__(cloud)
        self._busy = False

    async def ensure_reservation(self, request: MachineRequest) -> Reservation:
        if self._busy:
            raise Conflict("another call is under way")
        self._busy = True
        await asyncio.sleep(0)
        found = await super().ensure_reservation(request)
        self._busy = False
        return found


class GivesOneAddressTwice(FakeMachineActuator):
    async def ensure_reservation(self, request: MachineRequest) -> Reservation:
        key = key_of(request.machine)
        free = max(self._cloud.reservations.values(), default=0) + 1
        await asyncio.sleep(0)
        found = key in self._cloud.reservations
        reserved = await super().ensure_reservation(request)
        if found:
            return reserved
        self._cloud.reservations[key] = free
        return await super().ensure_reservation(request)


class MakesTwinNetworks(FakeClusterActuator):
    async def reconcile(self, cluster: Cluster) -> ClusterObservation:
        found = await super().reconcile(cluster)
        if cluster.status.provider_status is None:
            self._cloud.clusters.add(ObjectKey(cluster.metadata.namespace, f"network-{len(self._cloud.clusters)}"))
        return found


class DeletesByTheSpecOfTheCluster(FakeClusterActuator):
    async def delete(self, cluster: Cluster) -> Deletion:
        await super().reconcile(cluster)
        return await super().delete(cluster)


class DeletesTheNamespacesClusters(FakeClusterActuator):
    async def delete(self, cluster: Cluster) -> Deletion:
        self._cloud.clusters.clear()
        return await super().delete(cluster)


class OverlooksAddresses(FakeTooling):
    async def find_leftovers(self, cluster: Cluster) -> Sequence[Leftover]:
        return [left for left in await super().find_leftovers(cluster) if left.kind != "address"]


class FindsNoObstacle(FakeTooling):
    async def preflight(self, cluster: JsonObject, machines: Sequence[JsonObject]) -> Sequence[str]:
        return ()


class ChecksOnlyWhatIsWellFormed(FakeTooling):
    def validate_spec(self, kind, value, path):  # type: ignore[no-untyped-def]
        value.get("kind", "").lower()
        return super().validate_spec(kind, value, path)


class GeneratesForAnyCloud(FakeTooling):
    def generate(self, request):  # type: ignore[no-untyped-def]
        return super().generate(msgspec.structs.replace(request, cloud="mine"))


Part = Machines | type[FakeClusterActuator] | type[FakeTooling]


class BrokenProvider(FakeProvider):
    """The provider in memory with one part replaced."""

    def __init__(self, cloud: FakeCloud, part: Part) -> None:
        super().__init__(cloud)
        self._machines = part if issubclass(part, FakeMachineActuator) else FakeMachineActuator
        self._clusters = part if issubclass(part, FakeClusterActuator) else FakeClusterActuator
        self._tooling = part if issubclass(part, FakeTooling) else FakeTooling

    @contextlib.asynccontextmanager
    async def open_actuators(self, settings: ProviderSettings) -> AsyncIterator[Actuators]:
        yield Actuators(self._clusters(self.cloud), self._machines(self.cloud))

    @contextlib.asynccontextmanager
    async def open_tooling(self, settings: ProviderSettings) -> AsyncIterator[FakeTooling]:
        yield self._tooling(self.cloud)
