"""Keep the numbered pods of a StatefulSet: one after the other, each once the one before is ready.

Source: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/. Volume claims are not simulated.
"""

from collections.abc import Mapping

from kubecapy.apimachinery.errors import AlreadyExists
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.client.interfaces import Client
from kubecapy.local.workloads.kinds import (
    OWNER_INDEX,
    PODS,
    STATEFUL_SETS,
    is_active,
    is_deleting,
    is_ready,
    key_of,
    labels_of,
    replicas_of,
)
from kubecapy.local.workloads.status import write_status
from kubecapy.local.workloads.templates import hash_of, render_pod
from kubecapy.runtime.informer import Informer
from kubecapy.runtime.reconciler import DONE, Result

REVISION_LABEL = "controller-revision-hash"
NAME_LABEL = "statefulset.kubernetes.io/pod-name"


class StatefulSetReconciler:
    """Keeps the pods of StatefulSets."""

    def __init__(self, client: Client, stateful_sets: Informer[JsonObject], pods: Informer[JsonObject]) -> None:
        """Read from the informers; `pods` is indexed by the uid of the controller."""
        self._client = client
        self._stateful_sets = stateful_sets
        self._pods = pods

    async def reconcile(self, key: ObjectKey) -> Result:
        """Take one step: create the next pod, or delete one that is too many, ended or outdated; report."""
        stateful_set = self._stateful_sets.get(key)
        if stateful_set is None or is_deleting(stateful_set):
            return DONE
        owned = self._pods.list(key.namespace, index=(OWNER_INDEX, stateful_set["metadata"]["uid"]))
        by_name = {pod["metadata"]["name"]: pod for pod in owned}
        revision = f"{key.name}-{hash_of(stateful_set['spec']['template'])}"
        doomed = plan_deletion(stateful_set, by_name, revision)
        if doomed is not None:
            await self._client.delete(PODS, key_of(doomed), uid=doomed["metadata"]["uid"])
        elif name := plan_creation(stateful_set, by_name):
            await self._create(stateful_set, name, revision)
        await write_status(self._client, STATEFUL_SETS, stateful_set, _status(stateful_set, by_name, revision))
        return DONE

    async def _create(self, stateful_set: JsonObject, name: str, revision: str) -> None:
        ordinal = name.rpartition("-")[2]
        labels = {REVISION_LABEL: revision, NAME_LABEL: name, "apps.kubernetes.io/pod-index": ordinal}
        pod = render_pod(stateful_set, STATEFUL_SETS, {"name": name}, labels)
        pod["spec"] = {**pod["spec"], "hostname": name}
        try:
            await self._client.create(PODS, pod)
        except AlreadyExists:
            # The one before is still there; its end brings the next pass.
            return


def plan_creation(stateful_set: JsonObject, pods: Mapping[str, JsonObject]) -> str | None:
    """Return the name of the pod to create now; None where all are there or one is awaited; pure."""
    for name in _names(stateful_set):
        pod = pods.get(name)
        if pod is None:
            return name
        parallel = stateful_set["spec"].get("podManagementPolicy") == "Parallel"
        if not parallel and not is_ready(pod):
            return None
    return None


def plan_deletion(stateful_set: JsonObject, pods: Mapping[str, JsonObject], revision: str) -> JsonObject | None:
    """Return the pod to delete now: too many, ended, or of an old template; the highest number first; pure."""
    if any(is_deleting(pod) for pod in pods.values()):
        return None
    wished = set(_names(stateful_set))
    for _, pod in sorted(pods.items(), key=lambda item: int(item[0].rpartition("-")[2]), reverse=True):
        outdated = labels_of(pod).get(REVISION_LABEL) != revision
        if pod["metadata"]["name"] not in wished or not is_active(pod) or outdated:
            return pod
    return None


def _names(stateful_set: JsonObject) -> list[str]:
    return [f"{stateful_set['metadata']['name']}-{ordinal}" for ordinal in range(replicas_of(stateful_set))]


def _status(stateful_set: JsonObject, pods: Mapping[str, JsonObject], revision: str) -> JsonObject:
    active = [pod for pod in pods.values() if is_active(pod)]
    updated = [pod for pod in active if labels_of(pod).get(REVISION_LABEL) == revision]
    ready = sum(is_ready(pod) for pod in active)
    return {
        "observedGeneration": stateful_set["metadata"].get("generation", 0),
        "replicas": len(active),
        "readyReplicas": ready,
        "availableReplicas": ready,
        "currentReplicas": len(updated),
        "updatedReplicas": len(updated),
        "currentRevision": revision,
        "updateRevision": revision,
        "collisionCount": 0,
    }
