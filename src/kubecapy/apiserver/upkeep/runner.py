"""Run all upkeep of one server as tasks."""

from types import TracebackType
from typing import Self

from kubecapy.apiserver.core import ServerCore
from kubecapy.apiserver.upkeep.definitions import DefinitionUpkeep
from kubecapy.apiserver.upkeep.events import EventExpiry
from kubecapy.apiserver.upkeep.garbage import GarbageCollector
from kubecapy.apiserver.upkeep.namespaces import NamespaceEmptier
from kubecapy.apiserver.upkeep.worker import work_through
from kubecapy.clock import Clock
from kubecapy.tasks import TaskScope


class Upkeep:
    """Keeps the store of a core tidy for as long as the `async with` block lasts."""

    def __init__(self, core: ServerCore, clock: Clock) -> None:
        """Tidy the store of `core`."""
        self._core = core
        self._clock = clock
        self._scope = TaskScope("upkeep")

    async def __aenter__(self) -> Self:
        """Take in what is stored and start the workers."""
        await self._scope.__aenter__()
        for name, part in (
            ("garbage", GarbageCollector(self._core)),
            ("namespaces", NamespaceEmptier(self._core)),
            ("definitions", DefinitionUpkeep(self._core, self._clock)),
        ):
            part.start()
            work = work_through(part.agenda, part.work, clock=self._clock, scope=self._scope, name=name)
            self._scope.start(work, name=name)
        self._scope.start(EventExpiry(self._core, self._clock).run(), name="events")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the workers; what is left to do is found again at the next start."""
        self._scope.cancel()
        await self._scope.__aexit__(None, None, None)
