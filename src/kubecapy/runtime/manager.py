"""Run controllers together: shared informers, one client, one beginning and one end.

run:   informers start ─► everything is listed ─► this process leads ─► workers start ─► until stop or cancellation
stop:  workers take no more keys ─► running passes end, within a limit ─► the Lease is released ─► informers end
lost:  running passes are cancelled ─► LeadershipLost ends the manager

Without an election in its settings a process leads from the start. One that stands by keeps its copies up to date, so
that it goes on where the leader stopped. One that lost its Lease ends instead of standing by: passes that were cut off,
and calls that threads still make for them, leave nothing behind in a new process.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from random import Random
from typing import Any, TypeVar, cast

import msgspec

from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Client
from kubecapy.clock import Clock
from kubecapy.runtime.controller import Controller, Runtime
from kubecapy.runtime.event_recorder import EventRecorder
from kubecapy.runtime.informer import Informer
from kubecapy.runtime.leader_election import ElectionSettings, LeaderElector
from kubecapy.runtime.leadership import Leadership
from kubecapy.runtime.metrics import Metrics
from kubecapy.runtime.reflector import Scope
from kubecapy.runtime.write_through import WriteThroughClient
from kubecapy.tasks import TaskScope
from kubecapy.telemetry.logs import get_logger

T = TypeVar("T")

_log = get_logger(__name__)

Service = Callable[[], Awaitable[None]]
"""Runs beside the controllers until cancelled."""


class ManagerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a manager runs."""

    namespace: str = ""
    """Namespace that informers are limited to where they name none; empty for all."""
    stop_seconds: float = 20.0
    """Running passes that take longer at the end are cancelled; a pod has 30 s to end."""
    election: ElectionSettings | None = None
    """Workers run only while this process holds a Lease; None where no other process can run the same controllers."""


class Manager:
    """Runs controllers until it is stopped or cancelled.

    `client` is what reconcilers should write with: informers then know at once what a write returned.
    """

    def __init__(
        self,
        client: Client,
        clock: Clock,
        random: Random,
        settings: ManagerSettings | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        """Prepare; nothing is read before `run`. `metrics` are those of the process, its own where none are given."""
        self.client: Client = WriteThroughClient(client, self._observe, self._observe_deletion)
        self.metrics = metrics or Metrics()
        self._raw_client = client
        self._clock = clock
        self._random = random
        self._settings = settings or ManagerSettings()
        self._informers: dict[tuple[Resource[Any], Scope], Informer[Any]] = {}
        self._controllers: list[Controller] = []
        self._services: list[tuple[str, Service]] = []
        self._stopping = asyncio.Event()
        self._is_running = False
        self._is_ready = False

    def informer(self, resource: Resource[T], namespace: str = "", *, labels: str = "") -> Informer[T]:
        """Return the informer of a kind, the same for everybody who asks alike.

        Raises:
            RuntimeError: the manager runs already, so a new informer would never be started.
        """
        where = namespace or self._settings.namespace if resource.namespaced else ""
        scope = Scope(namespace=where, labels=labels)
        known = self._informers.get((resource, scope))
        if known is None:
            if self._is_running:
                raise RuntimeError(f"informers are asked for before the manager runs: {resource.qualified_plural}")
            known = Informer(self._raw_client, resource, scope, self._clock, self._random)
            self._informers[resource, scope] = known
        # Any: informers of all kinds live in one mapping; the key fixes the type.
        return cast("Informer[T]", known)

    def add_controller(self, controller: Controller) -> None:
        """Run `controller` with this manager."""
        self._controllers.append(controller)

    def add_service(self, name: str, service: Service) -> None:
        """Run `service` beside the controllers, from the start to the end; its failure ends the manager."""
        self._services.append((name, service))

    @property
    def is_ready(self) -> bool:
        """Whether everything is listed, and the workers run or wait for their turn to lead."""
        return self._is_ready

    def stop(self) -> None:
        """Let `run` return after the running passes."""
        self._stopping.set()

    async def run(self) -> None:
        """Run until `stop` or cancellation; the latter cancels running passes.

        Raises:
            ExceptionGroup: a service failed, or of a LeadershipLost.
        """
        self._is_running = True
        async with TaskScope("manager") as scope:
            for informer in self._informers.values():
                scope.start(informer.run(), name=f"informer-{informer.resource.qualified_plural}")
            for name, service in self._services:
                scope.start(_run(service), name=name)
            _log.info("Waiting for caches to sync")
            if await self._unless_stopped(self._all_synced(), "sync"):
                await self._take_turn()
            scope.cancel()

    async def _take_turn(self) -> None:
        """Run the controllers: at once, or while this process leads."""
        self._is_ready = True
        try:
            if self._settings.election is None:
                await self._run_controllers()
            else:
                await self._run_as_leader(self._settings.election)
        finally:
            self._is_ready = False

    async def _run_as_leader(self, election: ElectionSettings) -> None:
        elector = LeaderElector(self._raw_client, election, self._clock, self._random)
        recorder = EventRecorder(self._raw_client, election.name, self._clock)
        leadership = Leadership(elector, recorder, self.metrics)
        if await self._unless_stopped(leadership.acquire(), "candidacy"):
            async with leadership.kept():
                await self._run_controllers()
        # Order: the last pass has ended. Race: the Lease may have come at the very moment of the stop.
        await leadership.release()

    async def _unless_stopped(self, work: Coroutine[Any, Any, None], name: str) -> bool:
        """Await `work` and return True; cancel it and return False where the manager is stopped before."""
        async with TaskScope("waiting") as scope:
            stopped = scope.start(self._stopping.wait(), name="stop")
            done = scope.start(work, name=name)
            await asyncio.wait({stopped, done}, return_when=asyncio.FIRST_COMPLETED)
            scope.cancel()
        return not self._stopping.is_set()

    async def _all_synced(self) -> None:
        for informer in self._informers.values():
            await informer.wait_synced()

    async def _run_controllers(self) -> None:
        runtime = Runtime(self._clock, self._random, self.metrics)
        async with TaskScope("controllers") as scope:
            running = [scope.start(controller.run(runtime), name=controller.name) for controller in self._controllers]
            await self._stopping.wait()
            self._is_ready = False
            _log.info("Stopping: no pass begins any more")
            for controller in self._controllers:
                controller.shut_down()
            if not running:
                return
            _, late = await asyncio.wait(running, timeout=self._settings.stop_seconds)
            if late:
                _log.warning("Cancelling the passes of %d controllers: they did not end in time", len(late))
                scope.cancel()

    def _observe(self, resource: Resource[Any], obj: Any) -> None:  # Any: an object of the resource's kind
        for (followed, _), informer in self._informers.items():
            if followed == resource:
                informer.observe(obj)

    def _observe_deletion(self, resource: Resource[Any], key: ObjectKey, uid: str) -> None:
        for (followed, _), informer in self._informers.items():
            if followed == resource:
                informer.observe_deletion(key, uid)


async def _run(service: Service) -> None:
    await service()
