"""Notice nodes that fell silent or went away, and settle their pods.

    Lease renewed ──40 s silence──► Ready Unknown, pods not Ready ──5 min──► pods deleted
    Node deleted ──► its pods are removed at once, since no kubelet will ever end them
What a node's conditions say of new pods, it carries as taints (`node_taints`).
Source: https://kubernetes.io/docs/concepts/architecture/nodes/#node-controller.
"""

import contextlib
from datetime import datetime

from kubecapy.api.core import MIRROR_ANNOTATION
from kubecapy.apimachinery.errors import Conflict, NotFound
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.times import format_time, parse_time
from kubecapy.client.interfaces import Client
from kubecapy.clock import Clock
from kubecapy.local.pod_removal import remove_pod
from kubecapy.local.workloads.kinds import (
    NODE_INDEX,
    NODES,
    PODS,
    annotations_of,
    condition_of,
    controller_uids,
    is_deleting,
    is_true,
)
from kubecapy.local.workloads.node_taints import plan_taints
from kubecapy.runtime.informer import Informer
from kubecapy.runtime.reconciler import DONE, Result

SILENCE_SECONDS = 40.0
EVICTION_SECONDS = 300.0
LEASE_NAMESPACE = "kube-node-lease"
STOPPED = "Kubelet stopped posting node status."


class NodeLifecycleReconciler:
    """Judges one node at a time, by its Lease."""

    def __init__(
        self,
        client: Client,
        nodes: Informer[JsonObject],
        leases: Informer[JsonObject],
        pods: Informer[JsonObject],
        clock: Clock,
    ) -> None:
        """Read from the informers; `pods` is indexed by the name of the node."""
        self._client = client
        self._nodes = nodes
        self._leases = leases
        self._pods = pods
        self._clock = clock

    async def reconcile(self, key: ObjectKey) -> Result:
        """Look at node `key`, and again when its present silence would be too long."""
        node = self._nodes.get(key)
        if node is None:
            # Race: the pods' watch may be ahead of the nodes'; only the server itself knows that a node is gone.
            if await self._client.find(NODES, key) is None:
                await self._remove_pods(key.name)
            return DONE
        await self._settle_taints(node)
        heard = self._heard(node)
        if heard is None:
            return DONE
        silence = (self._clock.now() - heard).total_seconds()
        if silence < SILENCE_SECONDS:
            return Result(requeue_after_seconds=SILENCE_SECONDS - silence)
        await self._declare_unknown(node)
        if silence < SILENCE_SECONDS + EVICTION_SECONDS:
            return Result(requeue_after_seconds=SILENCE_SECONDS + EVICTION_SECONDS - silence)
        await self._evict(key.name)
        return DONE

    async def _settle_taints(self, node: JsonObject) -> None:
        taints = plan_taints(node)
        if taints is None:
            return
        # The list is replaced whole, so it only holds for the node that was read.
        patch = {"metadata": {"resourceVersion": node["metadata"]["resourceVersion"]}, "spec": {"taints": taints}}
        with contextlib.suppress(Conflict, NotFound):  # the change that was missed brings the next pass
            await self._client.patch(NODES, ObjectKey("", node["metadata"]["name"]), patch)

    def _heard(self, node: JsonObject) -> datetime | None:
        """Return when the kubelet was last heard of; None before its first heartbeat."""
        lease = self._leases.get(ObjectKey(LEASE_NAMESPACE, node["metadata"]["name"]))
        renewed = (lease["spec"] if lease else {}).get("renewTime")
        return parse_time(renewed) if renewed else None

    async def _declare_unknown(self, node: JsonObject) -> None:
        ready = condition_of(node, "Ready")
        if ready is None or ready["status"] == "Unknown":
            return
        now = format_time(self._clock.now())
        changed = {"status": "Unknown", "reason": "NodeStatusUnknown", "message": STOPPED, "lastTransitionTime": now}
        conditions = [{**condition, **changed} for condition in (node["status"]["conditions"])]
        key = ObjectKey("", node["metadata"]["name"])
        await self._client.patch(NODES, key, {"status": {"conditions": conditions}}, subresource="status")
        for pod in self._pods.list(index=(NODE_INDEX, key.name)):
            if is_true(pod, "Ready"):
                await self._declare_unready(pod, now)

    async def _declare_unready(self, pod: JsonObject, now: str) -> None:
        conditions = [
            {**condition, "status": "False", "reason": "NodeNotReady", "lastTransitionTime": now}
            if condition["type"] in ("Ready", "ContainersReady")
            else condition
            for condition in pod["status"]["conditions"]
        ]
        key = ObjectKey(pod["metadata"]["namespace"], pod["metadata"]["name"])
        try:
            await self._client.patch(PODS, key, {"status": {"conditions": conditions}}, subresource="status")
        except NotFound:
            return

    async def _evict(self, node: str) -> None:
        """Ask for deletion of the pods that somebody will make anew; the mirrors of the node's own pods stay."""
        for pod in self._pods.list(index=(NODE_INDEX, node)):
            if not is_deleting(pod) and any(controller_uids(pod)) and MIRROR_ANNOTATION not in annotations_of(pod):
                metadata = pod["metadata"]
                await self._client.delete(PODS, ObjectKey(metadata["namespace"], metadata["name"]), uid=metadata["uid"])

    async def _remove_pods(self, node: str) -> None:
        for pod in self._pods.list(index=(NODE_INDEX, node)):
            await remove_pod(self._client, pod)
