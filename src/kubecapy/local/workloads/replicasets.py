"""Keep as many pods of a ReplicaSet as it wishes.

Source: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/.
"""

from collections.abc import Sequence

from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.client.interfaces import Client
from kubecapy.local.workloads.kinds import (
    OWNER_INDEX,
    PODS,
    REPLICA_SETS,
    is_active,
    is_deleting,
    is_ready,
    key_of,
    replicas_of,
)
from kubecapy.local.workloads.status import write_status
from kubecapy.local.workloads.templates import render_pod
from kubecapy.runtime.informer import Informer
from kubecapy.runtime.reconciler import DONE, Result


class ReplicaSetReconciler:
    """Keeps the pods of ReplicaSets."""

    def __init__(self, client: Client, replica_sets: Informer[JsonObject], pods: Informer[JsonObject]) -> None:
        """Read from the informers; `pods` is indexed by the uid of the controller."""
        self._client = client
        self._replica_sets = replica_sets
        self._pods = pods

    async def reconcile(self, key: ObjectKey) -> Result:
        """Create or delete what differs, report."""
        replica_set = self._replica_sets.get(key)
        if replica_set is None or is_deleting(replica_set):
            return DONE
        owned = self._pods.list(key.namespace, index=(OWNER_INDEX, replica_set["metadata"]["uid"]))
        active = [pod for pod in owned if is_active(pod)]
        missing = replicas_of(replica_set) - len(active)
        for _ in range(missing):
            naming = {"generateName": f"{key.name}-"}
            await self._client.create(PODS, render_pod(replica_set, REPLICA_SETS, naming, {}))
        for pod in plan_deletions(active, -missing):
            await self._client.delete(PODS, key_of(pod), uid=pod["metadata"]["uid"])
        ready = sum(is_ready(pod) for pod in active)
        status = {
            "replicas": len(active) + max(missing, 0),
            "fullyLabeledReplicas": len(active) + max(missing, 0),
            "readyReplicas": ready,
            "availableReplicas": ready,
            "observedGeneration": replica_set["metadata"].get("generation", 0),
        }
        await write_status(self._client, REPLICA_SETS, replica_set, status)
        return DONE


def plan_deletions(pods: Sequence[JsonObject], count: int) -> list[JsonObject]:
    """Return the `count` pods to delete: those without a node first, then unready ones, then the newest; pure."""

    def worth(pod: JsonObject) -> tuple[bool, bool]:
        return bool(pod["spec"].get("nodeName")), is_ready(pod)

    newest_first = sorted(
        pods, key=lambda pod: (pod["metadata"].get("creationTimestamp", ""), pod["metadata"]["name"]), reverse=True
    )
    return sorted(newest_first, key=worth)[: max(count, 0)]
