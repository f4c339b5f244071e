"""Drive a management cluster whose controllers run as workloads in it."""

from collections.abc import Callable
from functools import partial

from kubecapy.apimachinery.errors import Conflict
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.client.interfaces import Client
from kubecapy.clusterctl.bootstrap_cluster.holds import plan_hold, plan_release
from kubecapy.clusterctl.inputs.components import Controller, find_controllers
from kubecapy.clusterctl.objects.workload_pods import list_pods_of
from kubecapy.clusterctl.runs.waiting import NotYet, Waiter

STOP_LIMIT_SECONDS = 300.0
"""Longer than any grace period of our pods; a pod on a dead Node is the usual reason for more."""
CONFLICT_ATTEMPTS = 5


class RemoteCluster:
    """Implements `kubecapy.clusterctl.move.sides.Side` by scaling Deployments and StatefulSets.

    A workload stays stopped until every move that stopped it has started it again.
    """

    def __init__(self, name: str, client: Client, cluster: ObjectKey, waiter: Waiter) -> None:
        """Reach the management cluster called `name` through `client`, to move `cluster`."""
        self._name = name
        self._client = client
        self._holder = str(cluster)
        self._waiter = waiter

    @property
    def name(self) -> str:
        """What messages call it."""
        return self._name

    @property
    def client(self) -> Client:
        """Its API."""
        return self._client

    async def stop_controllers(self) -> None:
        """Scale every workload to none and wait until its pods are gone."""
        controllers = await find_controllers(self._client)
        for controller in controllers:
            if await self._change(controller, plan_hold):
                self._waiter.progress.detail(4, f"Scaling down controller {controller.key}")
        for controller in controllers:
            await self._waiter.wait_for(
                f"the pods of {controller} to end",
                partial(self._look_for_pods, controller),
                limit_seconds=STOP_LIMIT_SECONDS,
            )

    async def start_controllers(self) -> None:
        """Scale every workload to what it had before it was stopped, unless another move still needs it stopped."""
        for controller in await find_controllers(self._client):
            await self._change(controller, plan_release)

    async def _change(self, controller: Controller, plan: Callable[[JsonObject, str], JsonObject | None]) -> bool:
        """Do what `plan` says of the workload as it is now; return whether that was anything.

        Raises:
            Conflict: others change it faster than it can be read.
        """
        for attempt in range(CONFLICT_ATTEMPTS):
            live = await self._client.find(controller.resource, controller.key)
            patch = plan(live, self._holder) if live else None
            if patch is None:
                return False
            try:
                await self._client.patch(controller.resource, controller.key, patch)
            except Conflict:
                if attempt + 1 == CONFLICT_ATTEMPTS:
                    raise
            else:
                return True
        return False

    async def _look_for_pods(self, controller: Controller) -> None:
        live = await self._client.find(controller.resource, controller.key)
        if live is None:
            return
        if pods := await list_pods_of(self._client, live):
            raise NotYet(", ".join(pod["metadata"]["name"] for pod in pods))
