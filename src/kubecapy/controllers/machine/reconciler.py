"""Bring one Machine a step closer to its wish."""

from collections.abc import Sequence
from random import Random

import msgspec

from kubecapy.api.cluster.v1alpha1 import (
    MACHINE_FINALIZER,
    MACHINES,
    Cluster,
    Machine,
    has_identity,
    with_identity,
)
from kubecapy.apimachinery.conditions import find_condition
from kubecapy.apimachinery.finalizers import with_finalizer
from kubecapy.apimachinery.meta import ObjectKey, has_finalizer, is_deleting
from kubecapy.client.interfaces import Client
from kubecapy.client.patching import PatchHelper
from kubecapy.clock import Clock
from kubecapy.contract.actuators import MachineActuator
from kubecapy.contract.errors import ProviderError
from kubecapy.controllers.defects import Defect
from kubecapy.controllers.interfaces import ObjectView, WorkloadClusters
from kubecapy.controllers.machine.admission import Admission
from kubecapy.controllers.machine.bootstrap_data import BootstrapDataStore
from kubecapy.controllers.machine.bootstrapping import PrepareBootstrapData
from kubecapy.controllers.machine.deletion import DeleteInstance, ForgetBootstrapData, LeaveCluster, ReleaseMachine
from kubecapy.controllers.machine.instance import EnsureInstance
from kubecapy.controllers.machine.joining import AwaitNode
from kubecapy.controllers.machine.protection import hosts_this_controller
from kubecapy.controllers.machine.reservation import CheckWish, EnsureReservation, ObserveInstance
from kubecapy.controllers.machine.scope import MachineScope, OperationType
from kubecapy.controllers.machine_conditions import DELETED, RESERVED
from kubecapy.controllers.membership import Membership, find_membership, machines_of, owned_by_cluster
from kubecapy.controllers.pausing import is_paused
from kubecapy.controllers.phases import Outcome, Phase, run_phases
from kubecapy.controllers.reactions import reaction_to, result_of
from kubecapy.controllers.settings import ControllerSettings
from kubecapy.runtime.event_recorder import Recorder
from kubecapy.runtime.reconciler import DONE, Result
from kubecapy.telemetry.logs import V, get_logger

log = get_logger(__name__)


class MachineDependencies(msgspec.Struct, frozen=True):
    """What a MachineReconciler works with."""

    client: Client
    clock: Clock
    random: Random
    """Draws tokens; in production a `random.SystemRandom`."""
    actuator: MachineActuator
    workloads: WorkloadClusters
    recorder: Recorder
    clusters: ObjectView[Cluster]
    machines: ObjectView[Machine]


class MachineReconciler:
    """Turns a Machine into a server that joins its cluster, and takes it down again.

    Writes the Machine's status but for the Node's part (`nodeRef`, `versions`, condition NodeReady), which the Node
    controller writes, and the machine's Secrets.
    """

    def __init__(self, dependencies: MachineDependencies, settings: ControllerSettings) -> None:
        """Work with `dependencies`."""
        self._client = dependencies.client
        self._clock = dependencies.clock
        self._recorder = dependencies.recorder
        self._clusters = dependencies.clusters
        self._machines = dependencies.machines
        self._settings = settings
        self._making = _making_phases(dependencies, settings)
        self._deleting = _deleting_phases(dependencies, settings)

    async def reconcile(self, key: ObjectKey) -> Result:
        """Look at the Machine and act once.

        Raises:
            TerminalError: the spec can never work, which the status tells.
            Backoff: the cloud failed, which the status tells, and the key's backoff decides when to look again.
            StatusError: the API refused; a Conflict means that somebody else wrote meanwhile.
        """
        machine = await self._client.find(MACHINES, key)
        if machine is None:
            return DONE
        log.info("Running reconcile Machine for %s", key.name)
        membership = find_membership(machine, self._clusters.list(key.namespace))
        if is_paused(machine, membership.cluster):
            log.log(V(4), "Machine %s is paused", key.name)
            return DONE
        if is_deleting(machine):
            return await self._delete(machine, membership.cluster)
        if membership.cluster is None or membership.problem:
            return await self._await_cluster(machine, membership)
        return await self._make(machine, membership.cluster)

    async def _await_cluster(self, machine: Machine, membership: Membership) -> Result:
        scope = self._scope(machine, None)
        scope.findings.mark(RESERVED, "False", "WaitingForCluster", membership.problem)
        await PatchHelper(self._client).patch(MACHINES, machine, scope.finished())
        return Result(self._settings.resync_seconds)

    async def _make(self, machine: Machine, cluster: Cluster) -> Result:
        if is_deleting(cluster):
            # The Cluster controller deletes its machines when it is their turn; nothing new is made until then.
            return DONE
        if not has_identity(cluster):
            # What is made for the machine bears the cluster's identity, which a move would lose before it is stored.
            problem = f"Cluster {cluster.metadata.name} was not taken up by the cluster controller yet"
            return await self._await_cluster(machine, Membership(cluster, problem))
        # Order: finalizer and identity are stored before the first effect outside, or a delete could overtake it.
        owned = owned_by_cluster(with_identity(with_finalizer(machine.metadata, MACHINE_FINALIZER)), cluster)
        claimed = msgspec.structs.replace(machine, metadata=owned)
        machine = await PatchHelper(self._client).patch(MACHINES, machine, claimed)
        scope = self._scope(machine, cluster)
        outcome = await run_phases(self._making, scope, scope.findings)
        await self._report(scope, outcome)
        if outcome.error is not None:
            return result_of(outcome.error)
        return outcome.result or Result(self._settings.resync_seconds)

    async def _delete(self, machine: Machine, cluster: Cluster | None) -> Result:
        name = machine.metadata.name
        if not has_finalizer(machine, MACHINE_FINALIZER):
            log.info("reconciling machine object %s causes a no-op as there is no finalizer.", name)
            return DONE
        if await hosts_this_controller(machine, self._settings.node_name, self._client):
            return await self._refuse(machine, cluster)
        scope = self._scope(machine, cluster)
        outcome = await run_phases(self._deleting, scope, scope.findings)
        if outcome.error is not None:
            await self._report(scope, outcome)
            return result_of(outcome.error)
        if outcome.result is not None:
            await self._report(scope, outcome)
            return outcome.result
        return DONE

    async def _refuse(self, machine: Machine, cluster: Cluster | None) -> Result:
        """Say once that this controller's own machine stays; a controller elsewhere may delete it."""
        log.info("Skipping reconciling of machine object %s", machine.metadata.name)
        message = (
            f"the controller that would delete this machine runs on it, on Node {self._settings.node_name}; "
            "`clusterctl delete cluster` deletes the whole cluster from elsewhere"
        )
        scope = self._scope(machine, cluster)
        known = find_condition(machine.status.conditions, DELETED)
        scope.findings.mark(DELETED, "False", "HostsController", message)
        await PatchHelper(self._client).patch(MACHINES, machine, scope.finished())
        if known is None or known.reason != "HostsController":
            await self._recorder.event(machine, "Warning", "DeletionRefused", message)
        return DONE

    async def _report(self, scope: MachineScope, outcome: Outcome) -> None:
        """Write the status once, and tell of an error that is new."""
        if outcome.error is not None:
            _record_error(scope, outcome.error)
        after = scope.finished()
        await PatchHelper(self._client).patch(MACHINES, scope.before, after)
        if outcome.error is not None and reaction_to(outcome.error).is_failure:
            await self._tell(scope, outcome.error, is_new=after.status != scope.before.status)

    async def _tell(self, scope: MachineScope, error: ProviderError | Defect, *, is_new: bool) -> None:
        name = scope.before.metadata.name
        log.error("Machine error %s: %s", name, error)
        doing = "delete" if is_deleting(scope.before) else "update" if scope.instance else "create"
        log.warning("unable to %s machine %s: %s", doing, name, error)
        if is_new:
            await self._recorder.event(scope.before, "Warning", reaction_to(error).reason, str(error))

    def _scope(self, machine: Machine, cluster: Cluster | None) -> MachineScope:
        namespace = machine.metadata.namespace
        machines: tuple[Machine, ...] = ()
        if cluster is not None:
            machines = machines_of(cluster, self._machines.list(namespace), self._clusters.list(namespace))
        return MachineScope(machine, cluster, machines, self._clock.now())


def _record_error(scope: MachineScope, error: ProviderError | Defect) -> None:
    doing: OperationType = "Delete" if is_deleting(scope.before) else "Update" if scope.instance else "Create"
    reaction = reaction_to(error)
    if reaction.is_failure:
        scope.record_operation(doing, "Failed", str(error))
    if reaction.terminal:
        scope.record_error("InvalidConfiguration", str(error))


def _making_phases(dependencies: MachineDependencies, settings: ControllerSettings) -> Sequence[Phase[MachineScope]]:
    actuator, workloads = dependencies.actuator, dependencies.workloads
    data = BootstrapDataStore(dependencies.client, dependencies.random)
    admission = Admission(workloads, dependencies.clock, settings.token_lifetime_seconds)
    return (
        CheckWish(),
        ObserveInstance(actuator, dependencies.recorder),
        EnsureReservation(actuator),
        PrepareBootstrapData(dependencies.client, data, admission),
        EnsureInstance(actuator, dependencies.recorder, settings.poll_seconds),
        AwaitNode(actuator, data, workloads, dependencies.recorder, settings),
    )


def _deleting_phases(dependencies: MachineDependencies, settings: ControllerSettings) -> Sequence[Phase[MachineScope]]:
    return (
        DeleteInstance(dependencies.actuator),
        LeaveCluster(dependencies.workloads, settings),
        ForgetBootstrapData(BootstrapDataStore(dependencies.client, dependencies.random)),
        ReleaseMachine(dependencies.client),
    )
