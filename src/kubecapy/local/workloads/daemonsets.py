"""Keep a pod of a DaemonSet on every node that lets it.

Source: https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/.
"""

from collections.abc import Sequence

from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.client.interfaces import Client
from kubecapy.local.workloads.kinds import (
    DAEMON_SETS,
    OWNER_INDEX,
    PODS,
    is_active,
    is_deleting,
    is_ready,
    key_of,
    labels_of,
)
from kubecapy.local.workloads.placement import refusal_of
from kubecapy.local.workloads.statefulsets import REVISION_LABEL
from kubecapy.local.workloads.status import write_status
from kubecapy.local.workloads.templates import hash_of, render_pod
from kubecapy.runtime.informer import Informer
from kubecapy.runtime.reconciler import DONE, Result

_OWN_TOLERATIONS = tuple(
    {"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": effect}
    for name, effect in (
        ("not-ready", "NoExecute"),
        ("unreachable", "NoExecute"),
        ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"),
        ("pid-pressure", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
        ("network-unavailable", "NoSchedule"),
    )
)
"""What the pods of every DaemonSet tolerate."""


class DaemonSetReconciler:
    """Keeps the pods of DaemonSets."""

    def __init__(
        self,
        client: Client,
        daemon_sets: Informer[JsonObject],
        pods: Informer[JsonObject],
        nodes: Informer[JsonObject],
    ) -> None:
        """Read from the informers; `pods` is indexed by the uid of the controller."""
        self._client = client
        self._daemon_sets = daemon_sets
        self._pods = pods
        self._nodes = nodes

    async def reconcile(self, key: ObjectKey) -> Result:
        """Create what is missing, delete what is too much or outdated, report."""
        daemon_set = self._daemon_sets.get(key)
        if daemon_set is None or is_deleting(daemon_set):
            return DONE
        owned = self._pods.list(key.namespace, index=(OWNER_INDEX, daemon_set["metadata"]["uid"]))
        digest = hash_of(daemon_set["spec"]["template"])
        wanted = [node["metadata"]["name"] for node in self._nodes.list() if _may_run(daemon_set, node)]
        held = {pod["spec"].get("nodeName") for pod in owned if not _is_over(pod, wanted, digest)}
        for pod in owned:
            if _is_over(pod, wanted, digest) and not is_deleting(pod):
                await self._client.delete(PODS, key_of(pod), uid=pod["metadata"]["uid"])
        # A node whose old pod is still ending gets its new one once that is gone.
        busy = held | {pod["spec"].get("nodeName") for pod in owned}
        for name in [name for name in wanted if name not in busy]:
            await self._client.create(PODS, _render(daemon_set, name, digest))
        await write_status(self._client, DAEMON_SETS, daemon_set, _status(daemon_set, owned, len(wanted), digest))
        return DONE


def _may_run(daemon_set: JsonObject, node: JsonObject) -> bool:
    return not refusal_of({"spec": _spec(daemon_set)}, node, must_be_ready=False)


def _spec(daemon_set: JsonObject) -> JsonObject:
    spec: JsonObject = daemon_set["spec"]["template"]["spec"]
    return {**spec, "tolerations": [*(spec.get("tolerations") or ()), *_OWN_TOLERATIONS]}


def _is_over(pod: JsonObject, wanted: Sequence[str], digest: str) -> bool:
    misplaced = pod["spec"].get("nodeName") not in wanted
    return misplaced or not is_active(pod) or labels_of(pod).get(REVISION_LABEL) != digest


def _render(daemon_set: JsonObject, node: str, digest: str) -> JsonObject:
    naming = {"generateName": f"{daemon_set['metadata']['name']}-"}
    pod = render_pod(daemon_set, DAEMON_SETS, naming, {REVISION_LABEL: digest})
    pod["spec"] = {**_spec(daemon_set), "nodeName": node}
    return pod


def _status(daemon_set: JsonObject, owned: Sequence[JsonObject], wanted: int, digest: str) -> JsonObject:
    active = [pod for pod in owned if is_active(pod)]
    ready = sum(is_ready(pod) for pod in active)
    return {
        "observedGeneration": daemon_set["metadata"].get("generation", 0),
        "desiredNumberScheduled": wanted,
        "currentNumberScheduled": len(active),
        "updatedNumberScheduled": sum(labels_of(pod).get(REVISION_LABEL) == digest for pod in active),
        "numberMisscheduled": 0,
        "numberReady": ready,
        "numberAvailable": ready,
        "numberUnavailable": max(wanted - ready, 0),
    }
