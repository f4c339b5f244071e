"""Guard work by a Lease: it runs while this process leads, and ends before another one may lead."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kubecapy.runtime.event_recorder import Recorder
from kubecapy.runtime.leader_election import LeaderElector
from kubecapy.runtime.metrics import Metrics
from kubecapy.tasks import TaskScope

EVENT_SECONDS = 2.0
"""Telling of a change of leaders may take so long: it is the change that people wait for."""


class Leadership:
    """One process's turn as leader, told in Events and metrics."""

    def __init__(self, elector: LeaderElector, recorder: Recorder, metrics: Metrics) -> None:
        """Lead by `elector`; other processes lead until `acquire` returns."""
        self._elector = elector
        self._recorder = recorder
        self._metrics = metrics
        self._name = elector.settings.name
        metrics.leads(self._name, is_leader=False)

    async def acquire(self) -> None:
        """Return once this process leads."""
        await self._elector.acquire()

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Keep the Lease while the block runs; the block is cancelled at once where it is lost.

        Raises:
            ExceptionGroup: of a LeadershipLost.
        """
        async with TaskScope("leadership") as scope:
            scope.start(self._elector.keep(), name="keep")
            scope.start(self._tell("became leader"), name="tell")
            self._metrics.leads(self._name, is_leader=True)
            try:
                yield
            finally:
                self._metrics.leads(self._name, is_leader=False)
            scope.cancel()

    async def release(self) -> None:
        """Give the Lease up where this process holds it; only once what it guards has ended."""
        if await self._elector.release():
            await self._tell("stopped leading")

    async def _tell(self, what: str) -> None:
        lease = self._elector.lease
        if lease is None:
            return
        try:
            async with asyncio.timeout(EVENT_SECONDS):
                # Reason and words are client-go's (resourcelock/leaselock.go).
                text = f"{self._elector.settings.identity} {what}"
                await self._recorder.event(lease, "Normal", "LeaderElection", text)
        except TimeoutError:
            return
