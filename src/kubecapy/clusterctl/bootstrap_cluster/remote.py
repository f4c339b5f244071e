"""Drive a management cluster whose controllers run as workloads in it."""

from functools import partial

from kubecapy.client.interfaces import Client
from kubecapy.clusterctl.inputs.components import Controller, find_controllers
from kubecapy.clusterctl.objects.workload_pods import list_pods_of
from kubecapy.clusterctl.runs.record import MoveRecord, RecordStore
from kubecapy.clusterctl.runs.waiting import NotYet, Waiter

STOP_LIMIT_SECONDS = 300.0
"""Longer than any grace period of our pods; a pod on a dead Node is the usual reason for more."""


class RemoteCluster:
    """Implements `kubecapy.clusterctl.move.sides.Side` by scaling Deployments and StatefulSets."""

    def __init__(self, name: str, client: Client, store: RecordStore, waiter: Waiter) -> None:
        """Reach the cluster through `client`; how many pods a workload had is kept in the record of the move."""
        self._name = name
        self._client = client
        self._store = store
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
            await self._stop(controller)
        for controller in controllers:
            await self._waiter.wait_for(
                f"the pods of {controller} to end",
                partial(self._look_for_pods, controller),
                limit_seconds=STOP_LIMIT_SECONDS,
            )

    async def start_controllers(self) -> None:
        """Scale every workload to what it had before it was stopped."""
        known = self._move.replicas
        for controller in await find_controllers(self._client):
            replicas = known.get(self._place(controller), controller.replicas)
            if replicas != controller.replicas:
                await self._client.patch(controller.resource, controller.key, {"spec": {"replicas": replicas}})

    @property
    def _move(self) -> MoveRecord:
        return self._store.record.move or MoveRecord()

    def _place(self, controller: Controller) -> str:
        """Return what the record calls it: both ends of a move have workloads of the same names."""
        return f"{self._name}: {controller}"

    async def _stop(self, controller: Controller) -> None:
        """Order: the number of pods is durable before it is lost."""
        place = self._place(controller)
        if place not in self._move.replicas:
            self._store.update_move(replicas={**self._move.replicas, place: controller.replicas})
        if controller.replicas:
            self._waiter.progress.detail(4, f"Scaling down controller {controller.key}")
            await self._client.patch(controller.resource, controller.key, {"spec": {"replicas": 0}})

    async def _look_for_pods(self, controller: Controller) -> None:
        live = await self._client.find(controller.resource, controller.key)
        if live is None:
            return
        if pods := await list_pods_of(self._client, live):
            raise NotYet(", ".join(pod["metadata"]["name"] for pod in pods))
