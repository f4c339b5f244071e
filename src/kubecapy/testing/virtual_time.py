"""Run asyncio code on virtual time: waiting costs nothing, and hours pass in a moment.

The loop's clock stands still while anything can run, and jumps to the next timer once everything waits. The order of
what happens is that of real time with infinitely fast code. Limit: work on threads and other machines' sockets take
real time, which this clock does not see; a test on virtual time uses neither.
"""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")

START = datetime(2019, 4, 4, 6, 0, tzinfo=UTC)
"""Wall-clock time at which virtual time begins."""
DEADLOCK_SECONDS = 5.0
"""Real seconds without any event after which a loop without timers counts as dead."""


class VirtualDeadlock(BaseException):
    """Every task waits for something that cannot come; a BaseException, so that no worker's handler swallows it."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose `time()` jumps to the next timer when nothing is ready."""

    def __init__(self) -> None:
        """Begin at time 0."""
        self._selector_clock = _JumpingSelector()
        super().__init__(self._selector_clock)

    def time(self) -> float:
        """Return the virtual seconds since the loop was made."""
        return self._selector_clock.seconds


class VirtualClock:
    """Implements `kubecapy.clock.Clock` on the running loop's time."""

    def __init__(self, start: datetime = START) -> None:
        """Let the loop's time 0 be `start` on the wall clock."""
        self._start = start

    def now(self) -> datetime:
        """Return the virtual wall-clock time."""
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Return the virtual seconds since the loop was made."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Suspend the calling task for `seconds` of virtual time."""
        await asyncio.sleep(seconds)


def run_on_virtual_time(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end on a loop of virtual time, and return its result.

    Raises:
        VirtualDeadlock: nothing can ever happen any more.
    """
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


def on_virtual_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Turn an async test into one that runs on virtual time; fixtures arrive as usual."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        run_on_virtual_time(test(*args, **kwargs))

    return run


class _JumpingSelector(selectors.BaseSelector):
    """Selects without waiting, and moves its clock by as long as it was asked to wait."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._real = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        if ready or timeout == 0:
            return ready
        if timeout is not None:
            self.seconds += max(timeout, 0)
            return ready
        ready = self._real.select(DEADLOCK_SECONDS)
        if not ready:
            raise VirtualDeadlock("every task waits, and no timer is set")
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()
