"""Take a Cluster down in order: workers, control planes, shared resources, Secrets."""

from collections.abc import Sequence

from kubecapy.api.cluster.v1alpha1 import CLUSTER_FINALIZER, CLUSTERS, MACHINES, Machine, is_control_plane
from kubecapy.apimachinery.finalizers import without_finalizer
from kubecapy.apimachinery.meta import is_deleting, key_of
from kubecapy.client.interfaces import Client
from kubecapy.contract.actuators import ClusterActuator
from kubecapy.controllers.cluster.certificates import CertificateStore
from kubecapy.controllers.cluster.conditions import DELETED
from kubecapy.controllers.cluster.scope import ClusterScope
from kubecapy.controllers.membership import machines_of
from kubecapy.runtime.reconciler import Result
from kubecapy.telemetry.logs import V, get_logger

log = get_logger(__name__)


def plan_machine_deletion(machines: Sequence[Machine]) -> tuple[Machine, ...]:
    """Return the machines to delete now: all workers that are not being deleted, else the control planes.

    Order: workers go while the API server still answers, so that their Nodes can be removed.
    """
    workers = [machine for machine in machines if not is_control_plane(machine)]
    return tuple(machine for machine in workers or machines if not is_deleting(machine))


class DeleteMachines:
    """Deletes the machines of the cluster and waits until they are gone."""

    condition = DELETED

    def __init__(self, client: Client, poll_seconds: float) -> None:
        """Act through `client`; look again every `poll_seconds`."""
        self._client = client
        self._poll_seconds = poll_seconds

    async def run(self, scope: ClusterScope) -> Result | None:
        """Ask for the deletion of those whose turn it is."""
        machines = await self._machines(scope)
        if not machines:
            return None
        log.info("Deleting cluster %s: %d children still exist, will requeue", scope.key.name, len(machines))
        for machine in plan_machine_deletion(machines):
            log.log(V(4), "Deleting machine %s of cluster %s", machine.metadata.name, scope.key.name)
            await self._client.delete(MACHINES, key_of(machine), uid=machine.metadata.uid)
        names = ", ".join(machine.metadata.name for machine in machines)
        message = f"waiting for {len(machines)} machine{'s' if len(machines) > 1 else ''}: {names}"
        scope.findings.mark(self.condition, "False", "WaitingForMachines", message)
        return Result(self._poll_seconds)

    async def _machines(self, scope: ClusterScope) -> tuple[Machine, ...]:
        # Asked of the server itself: a machine that the local copy does not know yet would outlive its cluster.
        namespace = scope.key.namespace
        machines = await self._client.list(MACHINES, namespace=namespace)
        clusters = await self._client.list(CLUSTERS, namespace=namespace)
        return machines_of(scope.cluster, machines.items, clusters.items)


class DeleteInfrastructure:
    """Lets the provider remove what the machines shared."""

    condition = DELETED

    def __init__(self, actuator: ClusterActuator) -> None:
        """Act through `actuator`."""
        self._actuator = actuator

    async def run(self, scope: ClusterScope) -> Result | None:
        """Remove the shared resources and wait until they are gone."""
        log.info("reconciling cluster object %s triggers delete.", scope.key.name)
        deletion = await self._actuator.delete(scope.cluster)
        if deletion.gone:
            return None
        scope.findings.mark(self.condition, "False", "WaitingForCloud", f"waiting for {deletion.waiting_for}")
        return Result(deletion.retry_after_seconds)


class DeleteSecrets:
    """Removes the authorities and the kubeconfig, which nothing needs any more."""

    condition = DELETED

    def __init__(self, certificates: CertificateStore) -> None:
        """Remove them from `certificates`."""
        self._certificates = certificates

    async def run(self, scope: ClusterScope) -> Result | None:
        """Remove the Secrets."""
        await self._certificates.delete_all(scope.cluster)
        return None


class ReleaseCluster:
    """Removes the finalizer, and with it the object."""

    condition = DELETED

    def __init__(self, client: Client) -> None:
        """Write through `client`."""
        self._client = client

    async def run(self, scope: ClusterScope) -> Result | None:
        """Let the object go; a Conflict means that it changed, and the next pass tries again."""
        meta = scope.cluster.metadata
        log.info("cluster object %s deletion successful, removing finalizer.", meta.name)
        kept = without_finalizer(meta, CLUSTER_FINALIZER).finalizers
        patch = {"metadata": {"finalizers": list(kept), "resourceVersion": meta.resource_version}}
        await self._client.patch(CLUSTERS, scope.key, patch)
        return None
