"""Take a Machine down in order: server, Node, token, bootstrap data.

The server goes first and its Node after it, as in Cluster API v0.1: a Node object that outlives its server for a
moment does no harm, while a kubelet would register a removed Node again.
"""

from datetime import timedelta

from kubecapy.api.cluster.v1alpha1 import MACHINE_FINALIZER, MACHINES, Cluster
from kubecapy.api.core import NODES
from kubecapy.apimachinery.conditions import find_condition
from kubecapy.apimachinery.errors import Conflict
from kubecapy.apimachinery.finalizers import without_finalizer
from kubecapy.apimachinery.meta import ObjectKey, is_deleting, key_of
from kubecapy.apimachinery.times import parse_time
from kubecapy.bootstrap.tokens import token_id
from kubecapy.client.interfaces import Client
from kubecapy.contract.actuators import MachineActuator
from kubecapy.controllers.interfaces import WorkloadClusters
from kubecapy.controllers.machine.bootstrap_data import BootstrapDataStore
from kubecapy.controllers.machine.role import is_last_control_plane
from kubecapy.controllers.machine.scope import MachineScope
from kubecapy.controllers.machine.tokens import TokenStore
from kubecapy.controllers.machine_conditions import DELETED, NODE_REMOVED
from kubecapy.controllers.node_matching import find_node
from kubecapy.controllers.settings import ControllerSettings
from kubecapy.controllers.workload import WORKLOAD_FAILURES
from kubecapy.runtime.reconciler import Result
from kubecapy.telemetry.logs import V, get_logger

log = get_logger(__name__)

NODE_REMOVAL_RETRY = Result(10.0)


class DeleteInstance:
    """Removes the server and what was reserved for it."""

    condition = DELETED

    def __init__(self, actuator: MachineActuator) -> None:
        """Act through `actuator`."""
        self._actuator = actuator

    async def run(self, scope: MachineScope) -> Result | None:
        """Ask the provider until nothing of ours is left."""
        log.info("reconciling machine object %s triggers delete.", scope.key.name)
        deletion = await self._actuator.delete(scope.request)
        if deletion.gone:
            return None
        scope.findings.mark(self.condition, "False", "WaitingForCloud", f"waiting for {deletion.waiting_for}")
        scope.record_operation("Delete", "Processing")
        return Result(deletion.retry_after_seconds)


class LeaveCluster:
    """Removes the Node and the bootstrap token from the workload cluster, as long as there is one."""

    condition = DELETED

    def __init__(self, workloads: WorkloadClusters, settings: ControllerSettings) -> None:
        """Act in `workloads`."""
        self._workloads = workloads
        self._timeout = timedelta(seconds=settings.node_removal_timeout_seconds)
        self._token_lifetime_seconds = settings.token_lifetime_seconds

    async def run(self, scope: MachineScope) -> Result | None:
        """Remove both; after the time limit without an answer the delete goes on without."""
        cluster = scope.cluster
        if cluster is None or is_deleting(cluster) or is_last_control_plane(scope.machine, scope.machines):
            log.log(V(2), "the Node of machine %s goes with its cluster", scope.key.name)
            return None
        try:
            await self._leave(scope, cluster)
        except WORKLOAD_FAILURES as error:
            return self._look_again(scope, f"cluster {cluster.metadata.name} does not answer: {error}")
        scope.findings.drop(NODE_REMOVED)
        return None

    async def _leave(self, scope: MachineScope, cluster: Cluster) -> None:
        client = await self._workloads.client(key_of(cluster))
        tokens = TokenStore(client, self._token_lifetime_seconds)
        await tokens.delete(token_id(cluster.metadata.name, scope.key))
        found = await _find_node(scope, client)
        if found is None:
            return
        name, uid = found
        log.info("Deleting node %s for machine %s", name, scope.key.name)
        try:
            await client.delete(NODES, ObjectKey("", name), uid=uid)
        except Conflict:
            log.info("node %s is not the one of machine %s any more", name, scope.key.name)

    def _look_again(self, scope: MachineScope, message: str) -> Result | None:
        scope.findings.mark(NODE_REMOVED, "False", "ClusterUnreachable", message)
        found = find_condition(scope.findings.items, NODE_REMOVED)
        since = found.last_transition_time if found else None
        if since and scope.now - parse_time(since) >= self._timeout:
            log.warning("Error removing the node of machine %s, won't retry: %s", scope.key.name, message)
            return None
        return NODE_REMOVAL_RETRY


class ForgetBootstrapData:
    """Removes the Secret that the machine booted from."""

    condition = DELETED

    def __init__(self, data: BootstrapDataStore) -> None:
        """Remove it from `data`."""
        self._data = data

    async def run(self, scope: MachineScope) -> Result | None:
        """Remove the Secret."""
        await self._data.delete(scope.machine)
        return None


class ReleaseMachine:
    """Removes the finalizer, and with it the object."""

    condition = DELETED

    def __init__(self, client: Client) -> None:
        """Write through `client`."""
        self._client = client

    async def run(self, scope: MachineScope) -> Result | None:
        """Let the object go; a Conflict means that it changed, and the next pass tries again."""
        meta = scope.before.metadata
        log.info("machine object %s deletion successful, removing finalizer.", meta.name)
        kept = without_finalizer(meta, MACHINE_FINALIZER).finalizers
        patch = {"metadata": {"finalizers": list(kept), "resourceVersion": meta.resource_version}}
        await self._client.patch(MACHINES, scope.key, patch)
        return None


async def _find_node(scope: MachineScope, client: Client) -> tuple[str, str] | None:
    """Return name and uid of the machine's Node, linked or not; the uid may be empty."""
    node_ref = scope.machine.status.node_ref
    if node_ref is not None:
        return node_ref.name, node_ref.uid
    if scope.machine.spec.provider_id is None:
        return None
    node = find_node(scope.machine, (await client.list(NODES)).items)
    return (node.metadata.name, node.metadata.uid) if node else None
