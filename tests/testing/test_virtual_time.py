"""Virtual time."""

import asyncio
import time

import pytest

from kubecapy.testing import virtual_time
from kubecapy.testing.virtual_time import START, VirtualClock, VirtualDeadlock, on_virtual_time, run_on_virtual_time


@on_virtual_time
async def test_a_day_passes_in_a_moment() -> None:
    began = time.perf_counter()

    await VirtualClock().sleep(86_400)

    assert VirtualClock().monotonic() == 86_400
    assert (VirtualClock().now() - START).total_seconds() == 86_400
    assert time.perf_counter() - began < 1


@on_virtual_time
async def test_timers_fire_in_order_and_time_stands_still_while_anything_runs() -> None:
    clock, order = VirtualClock(), []

    async def note(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        for _ in range(100):
            await asyncio.sleep(0)
        order.append((name, clock.monotonic()))

    async with asyncio.TaskGroup() as group:
        for name, seconds in (("c", 3.0), ("a", 1.0), ("b", 2.0)):
            group.create_task(note(name, seconds))

    assert order == [("a", 1.0), ("b", 2.0), ("c", 3.0)]


@on_virtual_time
async def test_timeouts_are_virtual_too() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(500):
            await asyncio.Event().wait()

    assert VirtualClock().monotonic() == 500


def test_what_can_never_happen_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual_time, "DEADLOCK_SECONDS", 0.01)

    async def wait_for_nothing() -> None:
        await asyncio.Event().wait()

    with pytest.raises(VirtualDeadlock, match="every task waits"):
        run_on_virtual_time(wait_for_nothing())


@pytest.fixture
def fixture_value() -> int:
    return 7


@on_virtual_time
async def test_fixtures_arrive_as_usual(fixture_value: int) -> None:
    assert fixture_value == 7


def test_the_result_is_returned() -> None:
    async def answer() -> int:
        await asyncio.sleep(10)
        return 42

    assert run_on_virtual_time(answer()) == 42
