"""Link one Machine to the Node that runs on it."""

import msgspec

from kubecapy.api.cluster.v1alpha1 import MACHINES, Cluster, Machine
from kubecapy.apimachinery.conditions import find_condition
from kubecapy.apimachinery.meta import ObjectKey, is_deleting, key_of
from kubecapy.client.interfaces import Client
from kubecapy.client.patching import PatchHelper
from kubecapy.clock import Clock
from kubecapy.controllers.interfaces import ObjectView, WorkloadNodes
from kubecapy.controllers.machine_conditions import INSTANCE_MISSING, INSTANCE_READY
from kubecapy.controllers.membership import find_membership
from kubecapy.controllers.node.link import linked, unknown, unlinked
from kubecapy.controllers.node_matching import find_node
from kubecapy.controllers.pausing import is_paused
from kubecapy.controllers.settings import ControllerSettings
from kubecapy.controllers.workload import WORKLOAD_FAILURES
from kubecapy.runtime.event_recorder import Recorder
from kubecapy.runtime.reconciler import DONE, Result
from kubecapy.telemetry.logs import get_logger

log = get_logger(__name__)

LOOK_AGAIN = Result(60.0)
"""Changes of Nodes bring passes of their own; this one notices that a whole cluster fell silent."""


class NodeDependencies(msgspec.Struct, frozen=True):
    """What a NodeReconciler works with."""

    client: Client
    clock: Clock
    nodes: WorkloadNodes
    recorder: Recorder
    clusters: ObjectView[Cluster]
    machines: ObjectView[Machine]


class NodeReconciler:
    """Writes a Machine's `status.nodeRef`, `status.versions` and condition NodeReady, and nothing else.

    Its key is a Machine; changes of Nodes in workload clusters are mapped to the Machines that they run on. A link to
    a Node that is gone is cleared.
    """

    def __init__(self, dependencies: NodeDependencies, settings: ControllerSettings) -> None:
        """Work with `dependencies`."""
        self._client = dependencies.client
        self._clock = dependencies.clock
        self._nodes = dependencies.nodes
        self._recorder = dependencies.recorder
        self._clusters = dependencies.clusters
        self._machines = dependencies.machines
        self._settings = settings

    async def reconcile(self, key: ObjectKey) -> Result:
        """Look for the Machine's Node once.

        Reads the Machine from the local copy: Nodes tell every few seconds how they are, and most passes find nothing
        to do.

        Raises:
            StatusError: the API refused; a Conflict means that somebody else wrote meanwhile.
        """
        machine = self._machines.get(key)
        if machine is None or is_deleting(machine):
            return DONE
        cluster = find_membership(machine, self._clusters.list(key.namespace)).cluster
        if cluster is None or is_paused(machine, cluster):
            return DONE
        if machine.spec.provider_id is None and machine.status.node_ref is None:
            # Without a server there is no Node; the write of providerID brings the next pass.
            return DONE
        return await self._link(machine, key_of(cluster))

    async def _link(self, machine: Machine, cluster: ObjectKey) -> Result:
        now = self._clock.now()
        if _has_lost_its_server(machine):
            await self._write(machine, unlinked(machine, INSTANCE_MISSING, "the server of the node is gone", now))
            return DONE
        waiting = Result(self._settings.poll_seconds)
        try:
            nodes = await self._nodes.find_nodes(cluster, machine.spec.provider_id or "", key_of(machine))
        except WORKLOAD_FAILURES as error:
            message = f"the API server of cluster {cluster.name} does not answer: {error}"
            await self._write(machine, unknown(machine, "ClusterUnreachable", message, now))
            return waiting
        if nodes is None:
            return waiting
        node = find_node(machine, nodes)
        if node is None:
            await self._write(machine, unlinked(machine, *_absence(machine), now))
            return LOOK_AGAIN
        after = linked(machine, node, now)
        await self._write(machine, after)
        await self._tell(machine, after)
        return LOOK_AGAIN

    async def _write(self, before: Machine, after: Machine) -> None:
        await PatchHelper(self._client).patch(MACHINES, before, after)

    async def _tell(self, before: Machine, after: Machine) -> None:
        old, new = before.status.node_ref, after.status.node_ref
        if new is None or (old is not None and old.uid == new.uid):
            return
        log.info("Successfully linked machine %s to node %s", before.metadata.name, new.name)
        await self._recorder.event(before, "Normal", "SuccessfulSetNodeRef", new.name)


def _has_lost_its_server(machine: Machine) -> bool:
    found = find_condition(machine.status.conditions, INSTANCE_READY)
    return found is not None and found.reason == INSTANCE_MISSING


def _absence(machine: Machine) -> tuple[str, str]:
    node_ref = machine.status.node_ref
    if node_ref is not None:
        return "NodeMissing", f"node {node_ref.name} is gone"
    return "WaitingForNode", f"no node with providerID {machine.spec.provider_id} has joined yet"
