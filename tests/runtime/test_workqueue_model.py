"""The work queue against a model of sets: whatever is called in whatever order, both agree."""

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kubecapy.runtime.rate_limiters import KeyBackoff
from kubecapy.runtime.workqueue import QueueClosed, WorkQueue
from kubecapy.testing.virtual_time import VirtualClock, VirtualTimeLoop

BASE, LONGEST = 1.0, 8.0
KEYS = st.sampled_from("abc")
# Quarters add up without rounding, so that the model and the loop agree on what is due.
SECONDS = st.integers(0, 40).map(lambda quarters: quarters / 4)


class QueueMachine(RuleBasedStateMachine):
    """Keys wait, are with workers, or are delayed until their time; a key may be all of these at once."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = VirtualTimeLoop()
        self._queue: WorkQueue[str] = self._call(self._made)
        self.now = 0.0
        self.dirty: list[str] = []
        """Keys that need a worker, in the order in which they came to need one."""
        self.processing: set[str] = set()
        self.due: dict[str, float] = {}
        self.failures: dict[str, int] = {}
        self.adds = 0
        self.retries = 0
        self.is_closed = False

    def teardown(self) -> None:
        self._loop.close()

    @rule(key=KEYS)
    def add(self, key: str) -> None:
        self._call(lambda: self._queue.add(key))
        self._model_add(key)

    @rule(key=KEYS, seconds=SECONDS)
    def add_after(self, key: str, seconds: float) -> None:
        self._call(lambda: self._queue.add_after(key, seconds))
        self._model_add_after(key, seconds)

    @rule(key=KEYS)
    def add_rate_limited(self, key: str) -> None:
        self._call(lambda: self._queue.add_rate_limited(key))
        failures = self.failures.get(key, 0)
        self.failures[key] = failures + 1
        self.retries += 1
        self._model_add_after(key, min(BASE * 2**failures, LONGEST))

    @rule(key=KEYS)
    def forget(self, key: str) -> None:
        self._call(lambda: self._queue.forget(key))
        self.failures.pop(key, None)

    @precondition(lambda self: self.ready)
    @rule()
    def get(self) -> None:
        key = self._loop.run_until_complete(self._queue.get())
        assert key == self.ready[0]
        self.dirty.remove(key)
        self.processing.add(key)

    @precondition(lambda self: self.is_closed and not self.ready)
    @rule()
    def get_what_is_over(self) -> None:
        try:
            key = self._loop.run_until_complete(self._queue.get())
        except QueueClosed:
            return
        raise AssertionError(f"{key} came out of an empty queue")

    @precondition(lambda self: self.due and not self.ready and not self.processing & self.due.keys())
    @rule()
    def wait_for_the_next(self) -> None:
        """A worker that waits gets the first delayed key at its very time."""
        key = self._loop.run_until_complete(self._queue.get())
        self.now = min(self.due.values())
        assert self._loop.time() == self.now
        self._release()
        assert key == self.ready[0]
        self.dirty.remove(key)
        self.processing.add(key)

    @precondition(lambda self: self.processing)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.processing)))
        self._call(lambda: self._queue.done(key))
        self.processing.remove(key)
        if key in self.dirty:  # it came while a worker had it: it waits from now on, behind the others
            self.dirty.remove(key)
            self.dirty.append(key)

    @rule(seconds=SECONDS)
    def pass_time(self, seconds: float) -> None:
        self._loop.run_until_complete(asyncio.sleep(seconds))
        self.now += seconds
        self._release()

    @precondition(lambda self: len(self.failures) > 1)
    @rule()
    def shut_down(self) -> None:
        self._call(self._queue.shut_down)
        self.is_closed = True
        self.due.clear()

    @invariant()
    def both_hold_the_same(self) -> None:
        seen = self._call(self._queue.statistics)
        assert (seen.depth, seen.delayed, seen.processing) == (len(self.ready), len(self.due), len(self.processing))
        assert (seen.adds, seen.retries) == (self.adds, self.retries)

    @property
    def ready(self) -> list[str]:
        """What a worker can have: never a key that another one has."""
        return [key for key in self.dirty if key not in self.processing]

    def _model_add(self, key: str) -> None:
        if not self.is_closed and key not in self.dirty:
            self.adds += 1
            self.dirty.append(key)

    def _model_add_after(self, key: str, seconds: float) -> None:
        if self.is_closed:
            return
        if seconds <= 0:
            self._model_add(key)
            return
        due = self.now + seconds
        if due < self.due.get(key, float("inf")):
            # At the end: of two keys with one time, the one that was delayed first comes first.
            self.due.pop(key, None)
            self.due[key] = due

    def _release(self) -> None:
        for key, due in sorted(self.due.items(), key=lambda item: item[1]):
            if due <= self.now:
                del self.due[key]
                self._model_add(key)

    def _made(self) -> WorkQueue[str]:
        return WorkQueue(VirtualClock(), KeyBackoff(BASE, LONGEST))

    def _call(self, function):  # type: ignore[no-untyped-def]  # whatever the function returns
        """Call `function` where the queue's clock can tell the time: on the loop."""

        async def call():  # type: ignore[no-untyped-def]
            return function()

        return self._loop.run_until_complete(call())


TestQueueMachine = QueueMachine.TestCase
TestQueueMachine.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
