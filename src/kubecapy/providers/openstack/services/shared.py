"""Fetch a value once for all who want it at the same time, and keep it for as long as they allow."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import msgspec

from kubecapy.clock import Clock
from kubecapy.contract.errors import ProviderError

T = TypeVar("T")


class Fetched(msgspec.Struct, Generic[T], frozen=True):
    """A value and when the call for it was sent: it shows nothing later than that.

    `since` is on the monotonic clock; `generation` counts invalidations, which a clock alone cannot order.
    """

    value: T
    since: float
    generation: int


class _Flight:
    """A fetch under way, and how it ended for those who wait."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.error: ProviderError | None = None


class Shared(Generic[T]):
    """Keeps the last value of one fetch.

    Many may read at once: one of them fetches, the others wait for it. An error reaches all of them and is not kept.
    A cancelled fetch is taken up by another reader.
    """

    def __init__(self, clock: Clock, fetch: Callable[[], Awaitable[T]]) -> None:
        """Read with `fetch`; nothing is fetched yet."""
        self._clock = clock
        self._fetch = fetch
        self._last: Fetched[T] | None = None
        self._flight: _Flight | None = None
        self._generation = 0

    async def read(self, max_age_seconds: float) -> Fetched[T]:
        """Return a value that is at most `max_age_seconds` old."""
        oldest = self._clock.monotonic() - max_age_seconds
        while True:
            last = self._last
            if last is not None and last.since >= oldest and last.generation == self._generation:
                return last
            if self._flight is None:
                await self._fly(_Flight())
                continue
            flight = self._flight
            await flight.ended.wait()
            if flight.error is not None:
                raise flight.error

    def invalidate(self) -> None:
        """Let no one have a value whose fetch began before now."""
        self._generation += 1

    async def _fly(self, flight: _Flight) -> None:
        self._flight = flight
        since, generation = self._clock.monotonic(), self._generation
        try:
            self._last = Fetched(await self._fetch(), since, generation)
        except ProviderError as error:
            flight.error = error
            raise
        finally:
            self._flight = None
            flight.ended.set()
