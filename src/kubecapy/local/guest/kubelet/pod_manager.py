"""Run the pods that are bound to a node: one worker a pod, started and told of changes by a watch."""

from random import Random

from kubecapy.api.core import MIRROR_ANNOTATION
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.local.guest.kubelet.container_log import ContainerLog
from kubecapy.local.guest.kubelet.pod_worker import PODS, PodContext, PodWorker
from kubecapy.runtime.informer import Informer
from kubecapy.runtime.reflector import Scope
from kubecapy.runtime.store import Change
from kubecapy.tasks import TaskScope


class PodManager:
    """Runs a node's pods for as long as `run` lasts."""

    def __init__(self, context: PodContext, node_name: str, random: Random) -> None:
        """Follow the pods with `spec.nodeName` `node_name`; mirrors of static pods are not its business."""
        self._context = context
        scope = Scope(fields=f"spec.nodeName={node_name}")
        self._informer = Informer(context.client, PODS, scope, context.host.clock, random)
        self._workers: dict[str, PodWorker] = {}

    def find_log(self, namespace: str, name: str, container: str, *, previous: bool) -> ContainerLog | None:
        """Return the log of a container; None where this node has none."""
        for pod in self._informer.list(namespace):
            if pod["metadata"]["name"] == name and (worker := self._workers.get(pod["metadata"]["uid"])):
                return worker.find_log(container, previous=previous)
        return None

    async def run(self) -> None:
        """Run pods until cancelled; their processes are then ended, and the pods stay in the API."""
        try:
            async with TaskScope("pods") as scope:
                self._informer.add_handler(lambda change: self._take(change, scope))
                await self._informer.run()
        finally:
            self._workers.clear()

    async def end(self) -> None:
        """Stop all processes politely, before `run` is cancelled."""
        async with TaskScope("end-pods") as scope:
            for worker in self._workers.values():
                scope.start(worker.end(), name="pod")

    def _take(self, change: Change[JsonObject], scope: TaskScope) -> None:
        pod = change.object
        uid = pod["metadata"]["uid"]
        if MIRROR_ANNOTATION in (pod["metadata"].get("annotations") or {}):
            return
        before = change.old["metadata"]["uid"] if change.old is not None else uid
        if before != uid and (forgotten := self._workers.get(before)):
            # A pod of the same name took its place while nobody looked.
            forgotten.update(None)
        worker = self._workers.get(uid)
        if change.type == "DELETED":
            if worker is not None:
                worker.update(None)
        elif worker is not None:
            worker.update(pod)
        elif (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed"):
            started = PodWorker(self._context, pod)
            self._workers[uid] = started
            scope.start(self._work(uid, started), name=pod["metadata"]["name"])

    async def _work(self, uid: str, worker: PodWorker) -> None:
        try:
            await worker.run()
        finally:
            self._workers.pop(uid, None)
