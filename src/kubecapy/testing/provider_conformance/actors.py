"""Play the part of the controllers: keep one object, call the verbs, store what they return."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar
from uuid import NAMESPACE_URL, uuid5

import msgspec

from kubecapy.api.cluster.v1alpha1 import (
    API_VERSION,
    CLUSTER_FINALIZER,
    CLUSTER_NAME_LABEL,
    IDENTITY_ANNOTATION,
    MACHINE_FINALIZER,
    Cluster,
    ClusterNetwork,
    ClusterSpec,
    Machine,
    MachineSpec,
    MachineVersions,
    NetworkRanges,
    ProviderSpec,
)
from kubecapy.apimachinery.codec import decode, encode
from kubecapy.apimachinery.meta import JsonObject, ObjectMeta, OwnerReference, annotations_of
from kubecapy.contract.actuators import (
    ClusterActuator,
    ClusterObservation,
    Deletion,
    Instance,
    MachineActuator,
    MachineRequest,
    Reservation,
)
from kubecapy.contract.errors import InvalidConfiguration, NotFound, ProviderError
from kubecapy.telemetry.secrets import Secret
from kubecapy.testing.provider_conformance.checks import Violation, check_error, check_result, expect
from kubecapy.testing.provider_conformance.harness import ProviderHarness

T = TypeVar("T")

USER_DATA: Final = Secret(b"#cloud-config\n# hidden-user-data-of-the-conformance-kit\nruncmd: []\n")
PATIENCE: Final = 150
"""How often a step is repeated, a second or more apart, before the kit gives up."""

_CREATED: Final = "2026-01-01T00:00:00Z"


class Caller:
    """Calls the verbs of a provider, and judges all that comes back."""

    def __init__(self, harness: ProviderHarness, hidden: Sequence[str]) -> None:
        """Call the provider of `harness`; the words of `hidden` are to be shown nowhere."""
        self.harness = harness
        self.hidden = hidden

    async def call(self, verb: str, work: Awaitable[T]) -> T:
        """Return what `work` returns, once it was judged.

        Raises:
            ProviderError: as the verb raised it.
            Violation: it raised something else, or what it returned breaks the contract.
        """
        try:
            result = await work
        except ProviderError as error:
            check_error(verb, error, self.hidden)
            raise
        except Violation:
            raise
        except Exception as error:
            raise Violation(
                f"{verb} raised {type(error).__name__} ({error}): only errors of the contract leave a verb"
            ) from error
        check_result(verb, result, self.hidden)
        return result

    async def repeat(self, verb: str, step: Callable[[], Awaitable[T | None]]) -> T:
        """Repeat `step` until it returns something, as a work queue does; only what is terminal is raised.

        Raises:
            InvalidConfiguration, NotFound: repeating does not help.
            Violation: it takes for ever.
        """
        last: ProviderError | None = None
        for _ in range(PATIENCE):
            try:
                result = await step()
            except (InvalidConfiguration, NotFound):
                raise
            except ProviderError as error:
                last = error
                result = None
            if result is not None:
                return result
            await self.harness.pass_time(max(getattr(last, "retry_after_seconds", 0.0), 1.0))
        raise Violation(f"{verb} does not come to an end in {PATIENCE} tries; the last error: {last}")


class ActedCluster:
    """One Cluster as its reconciler keeps it."""

    def __init__(self, caller: Caller, namespace: str, name: str, spec: JsonObject, *, copy: str = "") -> None:
        """Store the Cluster; the cloud is not asked. A `copy` is another object of the same name."""
        self._caller = caller
        network = ClusterNetwork(
            services=NetworkRanges(cidr_blocks=("10.96.0.0/12",)),
            pods=NetworkRanges(cidr_blocks=("192.168.0.0/16",)),
            service_domain="cluster.local",
        )
        self.stored = Cluster(
            metadata=_stored_meta(f"{copy}Cluster", namespace, name, CLUSTER_FINALIZER),
            spec=ClusterSpec(cluster_network=network, provider_spec=ProviderSpec(value=dict(spec))),
        )

    async def reconcile(self) -> ClusterObservation:
        """Call `reconcile` once, and store what it returns."""
        found = await self._caller.call("cluster.reconcile", self._actuator.reconcile(self.stored))
        if found.provider_status is not None:
            status = msgspec.structs.replace(self.stored.status, provider_status=_as_stored(found.provider_status))
            self.stored = msgspec.structs.replace(self.stored, status=status)
        return found

    async def come_up(self) -> ClusterObservation:
        """Reconcile until the cloud holds what machines share."""
        return await self._caller.repeat("cluster.reconcile", self._reconcile_whole)

    async def delete(self) -> Deletion:
        """Call `delete` once."""
        return await self._caller.call("cluster.delete", self._actuator.delete(self.stored))

    async def go_away(self) -> None:
        """Delete until nothing is left."""
        await self._caller.repeat("cluster.delete", lambda: _finished(self.delete()))

    def move(self) -> None:
        """Come into another management cluster: another uid, all else as it was."""
        meta = msgspec.structs.replace(self.stored.metadata, uid=_uid("moved", self.stored.metadata.uid))
        self.stored = msgspec.structs.replace(self.stored, metadata=meta)

    def change_spec(self, value: JsonObject) -> None:
        """Replace the providerSpec, as a person may at any time."""
        spec = msgspec.structs.replace(self.stored.spec, provider_spec=ProviderSpec(value=dict(value)))
        self.stored = msgspec.structs.replace(self.stored, spec=spec)

    def forget_status(self) -> None:
        """Lose what was stored, as when the process was killed before it wrote."""
        self.stored = msgspec.structs.replace(self.stored, status=type(self.stored.status)())

    async def _reconcile_whole(self) -> ClusterObservation | None:
        found = await self.reconcile()
        return None if found.waiting_for else found

    @property
    def _actuator(self) -> ClusterActuator:
        return self._caller.harness.actuators.cluster


class ActedMachine:
    """One Machine as its reconciler keeps it."""

    def __init__(self, caller: Caller, cluster: ActedCluster, name: str, spec: JsonObject) -> None:
        """Store the Machine with its owner, as before the first verb; the cloud is not asked."""
        self._caller = caller
        self.cluster: ActedCluster | None = cluster
        owner = cluster.stored.metadata
        meta = msgspec.structs.replace(
            _stored_meta(f"Machine of {owner.uid}", owner.namespace, name, MACHINE_FINALIZER),
            labels={CLUSTER_NAME_LABEL: owner.name},
            owner_references=(
                OwnerReference(
                    api_version=API_VERSION, kind="Cluster", name=owner.name, uid=owner.uid, block_owner_deletion=True
                ),
            ),
        )
        self.stored = Machine(
            metadata=meta,
            spec=MachineSpec(provider_spec=ProviderSpec(value=dict(spec)), versions=MachineVersions(kubelet="1.14.0")),
        )
        self._first = self.stored

    @property
    def request(self) -> MachineRequest:
        """What the verbs are told."""
        return MachineRequest(self.stored, self.cluster.stored if self.cluster else None)

    async def reserve(self) -> Reservation:
        """Call `ensure_reservation` once, and store what it returns."""
        found = await self._caller.call("ensure_reservation", self._actuator.ensure_reservation(self.request))
        self._store(found)
        return found

    async def make(self, bootstrap_data: Secret[bytes] = USER_DATA) -> Instance:
        """Call `ensure_instance` once, and store what it returns."""
        work = self._actuator.ensure_instance(self.request, bootstrap_data)
        found = await self._caller.call("ensure_instance", work)
        self._store_instance(found)
        return found

    async def observe(self) -> Instance | None:
        """Call `observe_instance` once, and store what it returns."""
        found = await self._caller.call("observe_instance", self._actuator.observe_instance(self.request))
        if found is not None:
            self._store_instance(found)
        return found

    async def delete(self) -> Deletion:
        """Call `delete` once."""
        return await self._caller.call("delete", self._actuator.delete(self.request))

    async def read_console(self, lines: int) -> str:
        """Call `read_console` once."""
        text = await self._caller.call("read_console", self._actuator.read_console(self.request, lines))
        expect(len(text.splitlines()) <= lines, f"read_console returned more than the last {lines} lines")
        return text

    async def reserved(self) -> Reservation:
        """Reserve, however often it takes."""
        return await self._caller.repeat("ensure_reservation", self.reserve)

    async def come_up(self) -> Instance:
        """Run passes until the server runs."""
        return await self._caller.repeat("making a machine", self._pass)

    async def go_away(self) -> None:
        """Delete until nothing is left."""
        await self._caller.repeat("delete", lambda: _finished(self.delete()))

    def lose_cluster(self) -> None:
        """Go on without the Cluster, as when somebody took its finalizer away."""
        self.cluster = None

    def forget_status(self) -> None:
        """Lose all that the verbs returned, as when the process was killed before it wrote."""
        spec = msgspec.structs.replace(self.stored.spec, provider_id=None)
        self.stored = msgspec.structs.replace(self._first, spec=spec)

    def change_spec(self, value: JsonObject) -> None:
        """Replace the providerSpec, as a person may at any time."""
        spec = msgspec.structs.replace(self.stored.spec, provider_spec=ProviderSpec(value=dict(value)))
        self.stored = msgspec.structs.replace(self.stored, spec=spec)

    def move(self) -> None:
        """Come into another management cluster: another uid, all else as it was."""
        meta = msgspec.structs.replace(self.stored.metadata, uid=_uid("moved", self.stored.metadata.uid))
        self.stored = msgspec.structs.replace(self.stored, metadata=meta)

    async def _pass(self) -> Instance | None:
        instance = await self.observe()
        await self.reserve()
        if instance is None:
            await self.make()
            return None
        return instance if instance.state == "Running" else None

    def _store(self, found: Reservation | Instance) -> None:
        if found.provider_status is not None:
            status = msgspec.structs.replace(self.stored.status, provider_status=_as_stored(found.provider_status))
            self.stored = msgspec.structs.replace(self.stored, status=status)
        annotations = {**annotations_of(self.stored), **found.annotations}
        meta = msgspec.structs.replace(self.stored.metadata, annotations=annotations)
        self.stored = msgspec.structs.replace(self.stored, metadata=meta)

    def _store_instance(self, found: Instance) -> None:
        self._store(found)
        spec = msgspec.structs.replace(self.stored.spec, provider_id=found.provider_id)
        self.stored = msgspec.structs.replace(self.stored, spec=spec)

    @property
    def _actuator(self) -> MachineActuator:
        return self._caller.harness.actuators.machine


def _stored_meta(kind: str, namespace: str, name: str, finalizer: str) -> ObjectMeta:
    """Return the metadata as the reconciler left it before the first verb."""
    uid = _uid(kind, namespace, name)
    return ObjectMeta(
        namespace=namespace,
        name=name,
        uid=uid,
        generation=1,
        creation_timestamp=_CREATED,
        finalizers=(finalizer,),
        annotations={IDENTITY_ANNOTATION: uid},
    )


def _uid(*parts: str) -> str:
    return str(uuid5(NAMESPACE_URL, "/".join(parts)))


def _as_stored(status: Mapping[str, Any]) -> JsonObject:
    """Return `status` in the form that it comes back in from an API server."""
    return decode(encode(status), dict)


async def _finished(deletion: Awaitable[Deletion]) -> bool | None:
    return True if (await deletion).gone else None
