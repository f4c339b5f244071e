"""Give pods a node: one that is ready, whose taints they tolerate and whose labels they want.

Source: https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/.
"""

from collections import Counter

from kubecapy.apimachinery.errors import Conflict, NotFound
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.times import format_time
from kubecapy.client.interfaces import Client
from kubecapy.clock import Clock
from kubecapy.local.workloads.kinds import PODS, condition_of, is_active, is_deleting
from kubecapy.local.workloads.placement import choose_node
from kubecapy.runtime.informer import Informer
from kubecapy.runtime.reconciler import DONE, Result

SCHEDULER_NAME = "default-scheduler"


class SchedulingReconciler:
    """Binds pods that have no node."""

    def __init__(self, client: Client, pods: Informer[JsonObject], nodes: Informer[JsonObject], clock: Clock) -> None:
        """Read from the informers; one worker at a time, since each decision counts for the next."""
        self._client = client
        self._pods = pods
        self._nodes = nodes
        self._clock = clock
        self._assumed: dict[ObjectKey, str] = {}

    async def reconcile(self, key: ObjectKey) -> Result:
        """Bind the pod, or say why no node takes it; a change of a node brings the next try."""
        pod = self._pods.get(key)
        if pod is None or is_deleting(pod) or not is_active(pod):
            self._assumed.pop(key, None)
            return DONE
        if pod["spec"].get("nodeName"):
            self._assumed.pop(key, None)
            return DONE
        if key in self._assumed or pod["spec"].get("schedulerName", SCHEDULER_NAME) != SCHEDULER_NAME:
            return DONE
        node, why_not = choose_node(pod, self._nodes.list(), self._pods_on_nodes())
        if not node:
            await self._report(pod, why_not)
            return DONE
        await self._bind(key, pod, node)
        return DONE

    def _pods_on_nodes(self) -> Counter[str]:
        placed = [pod["spec"].get("nodeName") for pod in self._pods.list() if is_active(pod)]
        return Counter([*(name for name in placed if name), *self._assumed.values()])

    async def _bind(self, key: ObjectKey, pod: JsonObject, node: str) -> None:
        binding = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": key.name, "namespace": key.namespace, "uid": pod["metadata"]["uid"]},
            "target": {"apiVersion": "v1", "kind": "Node", "name": node},
        }
        # Order: assume the place first, so that the watch, which may overtake the reply, finds it there to forget.
        self._assumed[key] = node
        try:
            await self._client.request("POST", PODS.path(key.namespace, key.name, "binding"), body=binding)
        except (Conflict, NotFound):
            # Somebody bound or deleted it; the watch tells.
            self._assumed.pop(key, None)
        except BaseException:
            self._assumed.pop(key, None)
            raise

    async def _report(self, pod: JsonObject, why_not: str) -> None:
        before = condition_of(pod, "PodScheduled")
        if before is not None and before.get("message") == why_not:
            return
        condition = {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": why_not,
            "lastTransitionTime": format_time(self._clock.now()),
        }
        key = ObjectKey(pod["metadata"]["namespace"], pod["metadata"]["name"])
        patch = {"status": {"phase": "Pending", "conditions": [condition]}}
        await self._client.patch(PODS, key, patch, subresource="status")
