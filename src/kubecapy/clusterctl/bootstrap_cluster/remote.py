"""Drive a management cluster whose controllers run as workloads in it."""

from collections.abc import Sequence
from functools import partial

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.client.interfaces import Client
from kubecapy.clusterctl.components import Controller
from kubecapy.clusterctl.raw_resources import RAW_PODS
from kubecapy.clusterctl.record import MoveRecord, RecordStore
from kubecapy.clusterctl.waiting import NotYet, Waiter

STOP_LIMIT_SECONDS = 300.0
"""Longer than any grace period of our pods; a pod on a dead Node is the usual reason for more."""


class RemoteCluster:
    """Implements `kubecapy.clusterctl.move.sides.Side` by scaling Deployments and StatefulSets."""

    def __init__(
        self, name: str, client: Client, controllers: Sequence[Controller], store: RecordStore, waiter: Waiter
    ) -> None:
        """Take the workloads to scale; how many pods they had is kept in the record of the move."""
        self._name = name
        self._client = client
        self._controllers = controllers
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
        for controller in self._controllers:
            live = await self._client.find(controller.resource, controller.key)
            if live is not None:
                await self._stop(controller, live)
        for controller in self._controllers:
            await self._waiter.wait_for(
                f"the pods of {controller} to end",
                partial(self._look_for_pods, controller),
                limit_seconds=STOP_LIMIT_SECONDS,
            )

    async def start_controllers(self) -> None:
        """Scale every workload to what it had before it was stopped."""
        known = self._move.replicas
        for controller in self._controllers:
            if await self._client.find(controller.resource, controller.key) is not None:
                replicas = known.get(str(controller), controller.replicas)
                await self._client.patch(controller.resource, controller.key, {"spec": {"replicas": replicas}})

    @property
    def _move(self) -> MoveRecord:
        return self._store.record.move or MoveRecord()

    async def _stop(self, controller: Controller, live: JsonObject) -> None:
        """Order: the number of pods is durable before it is lost."""
        replicas = live["spec"].get("replicas", 1)
        if str(controller) not in self._move.replicas:
            self._store.update_move(replicas={**self._move.replicas, str(controller): replicas})
        if replicas:
            self._waiter.progress.detail(4, f"Scaling down controller {controller.key}")
            await self._client.patch(controller.resource, controller.key, {"spec": {"replicas": 0}})

    async def _look_for_pods(self, controller: Controller) -> None:
        live = await self._client.find(controller.resource, controller.key)
        if live is None:
            return
        labels = live["spec"]["selector"].get("matchLabels") or {}
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        pods = (await self._client.list(RAW_PODS, namespace=controller.key.namespace, labels=selector)).items
        if pods:
            raise NotYet(", ".join(pod["metadata"]["name"] for pod in pods))
