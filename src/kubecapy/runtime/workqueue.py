"""Hand keys to workers: each key once, never to two workers at once, nothing lost.

    add ──► waiting ──get──► processing ──done──► gone
             ▲   added again while processing │
             └────────────────────────────────┘
    add_after ──► delayed ──due──► waiting

Source: client-go util/workqueue/{queue,delaying_queue,rate_limiting_queue}.go.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar

import msgspec

from kubecapy.clock import Clock
from kubecapy.runtime.rate_limiters import RateLimiter

K = TypeVar("K", bound=Hashable)

TIMER_SECONDS = 1e-6
"""A delayed key that is nearer than this is due: event loops fire timers early by their clock's resolution."""


class QueueClosed(Exception):
    """The queue is shut down and holds nothing more for workers: end."""


class QueueStatistics(msgspec.Struct, frozen=True):
    """What a queue holds and has done."""

    depth: int
    """Keys that wait for a worker."""
    delayed: int
    """Keys that wait for their time."""
    processing: int
    """Keys that workers have."""
    adds: int
    """Keys accepted since the beginning; one that waits already is not counted again."""
    retries: int
    """Keys that came back after a failure."""
    unfinished_seconds: float = 0.0
    """How long workers have had their present keys, all together."""
    longest_seconds: float = 0.0
    """How long the slowest worker has had its key: it grows without end where a pass hangs."""


class QueueObserver(Protocol):
    """Is told how long keys take."""

    def waited(self, seconds: float, /) -> None:
        """Take how long a key waited for its worker."""
        ...

    def worked(self, seconds: float, /) -> None:
        """Take how long a worker had a key."""
        ...


class WorkQueue(Generic[K]):
    """A queue of distinct keys.

    Promises: between `get` and `done` nobody else gets the key; a key added meanwhile is handed out once more
    afterwards; a key that waits already is not doubled. Single-threaded: all methods belong to one event loop.
    Memory: one entry per distinct key, so the number of objects bounds it.
    """

    def __init__(self, clock: Clock, limiter: RateLimiter, observer: QueueObserver | None = None) -> None:
        """Begin empty; `limiter` decides the waits of `add_rate_limited`."""
        self._clock = clock
        self._limiter = limiter
        self._observer = observer
        # A deque beside the sets: a dict used as a FIFO is quadratic in CPython.
        self._waiting: deque[K] = deque()
        self._dirty: dict[K, float] = {}
        """Keys that need a worker, and since when."""
        self._processing: dict[K, float] = {}
        """Keys that workers have, and since when."""
        self._due: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._serial = 0
        self._closed = False
        self._adds = 0
        self._retries = 0
        self._news = asyncio.Event()

    def add(self, key: K) -> None:
        """Let a worker have `key`; nothing happens where it waits already or the queue is shut down."""
        self._add(key, self._clock.monotonic())

    def add_after(self, key: K, seconds: float) -> None:
        """Add `key` once `seconds` have passed; of several times for one key the earliest counts."""
        if self._closed:
            return
        if seconds <= 0:
            self.add(key)
            return
        # Order: a time that has passed already must not stand for the new one.
        self._release_due()
        due = self._clock.monotonic() + seconds
        if due >= self._due.get(key, float("inf")):
            return
        self._due[key] = due
        self._serial += 1
        heapq.heappush(self._heap, (due, self._serial, key))
        self._news.set()

    def add_rate_limited(self, key: K) -> None:
        """Add `key` after the wait that its failures earned it."""
        self._retries += 1
        self.add_after(key, self._limiter.delay(key))

    def forget(self, key: K) -> None:
        """Let `key` begin its backoff anew."""
        self._limiter.forget(key)

    async def get(self) -> K:
        """Return the next key, waiting for one; the caller must call `done` for it.

        Cancellation loses nothing.

        Raises:
            QueueClosed: the queue is shut down and empty.
        """
        while True:
            next_due = self._release_due()
            if self._waiting:
                return self._hand_out(self._waiting.popleft())
            if self._closed:
                raise QueueClosed
            await self._wait(next_due)

    def done(self, key: K) -> None:
        """Give `key` back; it waits again where it was added meanwhile."""
        since = self._processing.pop(key)
        if self._observer is not None:
            self._observer.worked(self._clock.monotonic() - since)
        if key in self._dirty:
            self._waiting.append(key)
            self._news.set()

    def shut_down(self) -> None:
        """Accept nothing more, drop delayed keys, and let workers end once the waiting keys are done."""
        self._closed = True
        self._due.clear()
        self._heap.clear()
        self._news.set()

    def discard_waiting(self) -> None:
        """Drop the keys that wait, so that a stop needs only the running passes to end."""
        self._waiting.clear()
        self._dirty.clear()
        self._news.set()

    def statistics(self) -> QueueStatistics:
        """Return what the queue holds and has done."""
        # Nobody looks at the delayed keys while all workers are busy.
        self._release_due()
        now = self._clock.monotonic()
        ages = [now - since for since in self._processing.values()]
        return QueueStatistics(
            depth=len(self._waiting),
            delayed=len(self._due),
            processing=len(ages),
            adds=self._adds,
            retries=self._retries,
            unfinished_seconds=sum(ages),
            longest_seconds=max(ages, default=0.0),
        )

    def _add(self, key: K, since: float) -> None:
        if self._closed or key in self._dirty:
            return
        self._adds += 1
        self._dirty[key] = since
        if key not in self._processing:
            self._waiting.append(key)
            self._news.set()

    def _hand_out(self, key: K) -> K:
        now = self._clock.monotonic()
        since = self._dirty.pop(key)
        self._processing[key] = now
        if self._observer is not None:
            self._observer.waited(now - since)
        return key

    def _release_due(self) -> float | None:
        """Add the delayed keys whose time has come; return the time of the next one."""
        if not self._heap:
            return None
        now = self._clock.monotonic()
        while self._heap:
            due, _, key = self._heap[0]
            is_current = self._due.get(key) == due
            if is_current and due > now + TIMER_SECONDS:
                return due
            heapq.heappop(self._heap)
            if is_current:
                del self._due[key]
                self._add(key, due)
        return None

    async def _wait(self, until: float | None) -> None:
        """Wait for news, at most until the monotonic time `until`."""
        # Race: nothing can be added between this and the wait below, since nothing awaits in between.
        self._news.clear()
        if until is None:
            await self._news.wait()
            return
        try:
            async with asyncio.timeout(max(0.0, until - self._clock.monotonic())):
                await self._news.wait()
        except TimeoutError:
            return
