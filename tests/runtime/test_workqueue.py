"""The work queue: one worker a key, nothing lost."""

import asyncio
from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubecapy.runtime.rate_limiters import KeyBackoff
from kubecapy.runtime.workqueue import QueueClosed, QueueStatistics, WorkQueue
from kubecapy.tasks import TaskScope
from kubecapy.testing.virtual_time import VirtualClock, on_virtual_time, run_on_virtual_time


def new_queue() -> WorkQueue[str]:
    return WorkQueue(VirtualClock(), KeyBackoff(1.0, 100.0))


async def taken(queue: WorkQueue[str]) -> list[str]:
    """Take, and give back, what can be had at once."""
    keys = []
    while queue.statistics().depth:
        key = await queue.get()
        keys.append(key)
        queue.done(key)
    return keys


@on_virtual_time
async def test_keys_come_in_the_order_of_their_first_adding() -> None:
    queue = new_queue()
    for key in "abacab":
        queue.add(key)

    assert await taken(queue) == ["a", "b", "c"]


@on_virtual_time
async def test_a_key_added_while_processing_runs_once_more() -> None:
    queue = new_queue()
    queue.add("a")
    key = await queue.get()
    queue.add("a")
    queue.add("a")

    assert queue.statistics().depth == 0
    queue.done(key)
    assert await taken(queue) == ["a"]


@on_virtual_time
async def test_a_delayed_key_comes_at_its_time_and_the_earliest_counts() -> None:
    queue, clock = new_queue(), VirtualClock()
    queue.add_after("late", 10)
    queue.add_after("a", 5)
    queue.add_after("a", 3)
    queue.add_after("a", 8)

    assert (await queue.get(), clock.monotonic()) == ("a", 3.0)
    queue.done("a")
    assert (await queue.get(), clock.monotonic()) == ("late", 10.0)
    assert queue.statistics().delayed == 0


@on_virtual_time
async def test_a_waiting_worker_notices_a_key_that_comes_before_the_delayed_one() -> None:
    queue, clock = new_queue(), VirtualClock()
    queue.add_after("late", 10)

    async with TaskScope("test") as scope:
        getting = scope.start(queue.get(), name="get")
        await clock.sleep(1)
        queue.add("now")
        assert (await getting, clock.monotonic()) == ("now", 1.0)


@on_virtual_time
async def test_a_key_without_delay_is_added_at_once() -> None:
    queue = new_queue()
    queue.add_after("a", 0)

    assert await taken(queue) == ["a"]


@on_virtual_time
async def test_failures_double_the_wait_until_they_are_forgotten() -> None:
    queue, clock = new_queue(), VirtualClock()
    times = []
    for _ in range(3):
        queue.add_rate_limited("a")
        queue.done(await queue.get())
        times.append(clock.monotonic())
    queue.forget("a")
    queue.add_rate_limited("a")
    queue.done(await queue.get())

    assert times == [1.0, 3.0, 7.0]
    assert clock.monotonic() == 8.0
    assert queue.statistics() == QueueStatistics(depth=0, delayed=0, processing=0, adds=4, retries=4)


@on_virtual_time
async def test_a_cancelled_worker_loses_no_key() -> None:
    queue = new_queue()
    async with TaskScope("test") as scope:
        getting = scope.start(queue.get(), name="get")
        await asyncio.sleep(0)
        queue.add("a")
        getting.cancel()

    assert await taken(queue) == ["a"]


@on_virtual_time
async def test_a_closed_queue_hands_out_what_waits_and_then_ends() -> None:
    queue = new_queue()
    queue.add("a")
    queue.add_after("later", 1)
    queue.shut_down()
    queue.add("b")

    assert await queue.get() == "a"
    with pytest.raises(QueueClosed):
        await queue.get()


@on_virtual_time
async def test_closing_wakes_every_waiting_worker() -> None:
    queue = new_queue()
    ended = []

    async def work() -> None:
        with pytest.raises(QueueClosed):
            await queue.get()
        ended.append(True)

    async with TaskScope("test") as scope:
        for number in range(3):
            scope.start(work(), name=f"{number}")
        await asyncio.sleep(0)
        queue.shut_down()

    assert len(ended) == 3


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "after", "fail", "pause"]), st.sampled_from("abcde"), st.floats(0, 3, allow_nan=False)
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(STEPS, st.integers(1, 4), st.integers())
def test_no_key_is_ever_with_two_workers_and_the_last_change_is_always_seen(
    steps: list[tuple[str, str, float]], workers: int, seed: int
) -> None:
    run_on_virtual_time(_stress(steps, workers, Random(seed)))


async def _stress(steps: list[tuple[str, str, float]], workers: int, random: Random) -> None:
    """Change versions of keys and add them; workers note the version they see."""
    queue, clock = new_queue(), VirtualClock()
    versions: Counter[str] = Counter()
    seen: dict[str, int] = {}
    busy: set[str] = set()

    async def work() -> None:
        while True:
            try:
                key = await queue.get()
            except QueueClosed:
                return
            assert key not in busy, "two workers had one key"
            busy.add(key)
            seen[key] = versions[key]
            await clock.sleep(random.choice([0, 0.1, 1.0]))
            busy.discard(key)
            queue.done(key)

    async with TaskScope("stress") as scope:
        for number in range(workers):
            scope.start(work(), name=f"worker-{number}")
        for action, key, seconds in steps:
            if action == "pause":
                await clock.sleep(seconds)
                continue
            versions[key] += 1
            adders: dict[str, Any] = {
                "add": lambda k=key: queue.add(k),
                "after": lambda k=key, s=seconds: queue.add_after(k, s),
                "fail": lambda k=key: queue.add_rate_limited(k),
            }
            adders[action]()
        await clock.sleep(10_000)
        queue.shut_down()

    assert seen == dict(versions)
    assert queue.statistics().processing == 0
