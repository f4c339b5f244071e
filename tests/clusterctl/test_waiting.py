import io
import re
from itertools import pairwise

import pytest

from kubecapy.apimachinery.errors import Forbidden, ServiceUnavailable
from kubecapy.client.interfaces import Unreachable
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.runs.progress import Progress
from kubecapy.clusterctl.runs.waiting import NotYet, Waiter
from kubecapy.telemetry import logs
from kubecapy.testing.virtual_time import VirtualClock, on_virtual_time


@pytest.fixture
def stream():
    stream = io.StringIO()
    logs.configure(verbosity=0, stream=stream)
    return stream


def texts(stream: io.StringIO) -> list[str]:
    return [line.partition("] ")[2] for line in stream.getvalue().splitlines()]


def looks(*findings):
    """A look that meets one finding after the other; an exception is raised, anything else returned."""
    remaining = list(findings)

    async def look():
        finding = remaining.pop(0) if len(remaining) > 1 else remaining[0]
        if isinstance(finding, Exception):
            raise finding
        return finding

    return look


def waiter() -> Waiter:
    clock = VirtualClock()
    return Waiter(clock, Progress(clock), poll_seconds=1.0, first_poll_seconds=1.0)


@on_virtual_time
async def test_what_is_found_is_returned_after_errors_that_pass() -> None:
    look = looks(NotYet("no address"), Unreachable("refused"), ServiceUnavailable("starting"), "10.0.0.1")

    assert await waiter().wait_for("the address", look, limit_seconds=10) == "10.0.0.1"


@on_virtual_time
async def test_an_error_that_does_not_pass_ends_the_wait_at_once() -> None:
    with pytest.raises(Forbidden):
        await waiter().wait_for("the address", looks(Forbidden("no")), limit_seconds=10)


@on_virtual_time
async def test_a_wait_that_takes_too_long_names_its_object_and_the_last_reason() -> None:
    with pytest.raises(ClusterctlError, match="timed out after 3 s waiting for machine m: server boots"):
        await waiter().wait_for("machine m", looks(NotYet("pending"), NotYet("server boots")), limit_seconds=3)


def test_each_reason_is_told_once(stream) -> None:
    @on_virtual_time
    async def run() -> None:
        look = looks(NotYet("a"), NotYet("a"), NotYet("b"), NotYet("b"), "done")
        await waiter().wait_for("m", look, limit_seconds=10)

    run()

    assert texts(stream) == ["waiting for m: a (0 s)", "waiting for m: b (2 s)"]


def test_a_reason_that_stays_is_told_every_five_seconds_at_verbosity_2(stream) -> None:
    logs.configure(verbosity=2, stream=stream)

    @on_virtual_time
    async def run() -> None:
        await waiter().wait_for("m", looks(*[NotYet("a")] * 12, "done"), limit_seconds=20)

    run()

    assert texts(stream) == ["waiting for m: a (0 s)", "waiting for m: a (5 s)", "waiting for m: a (10 s)"]


@on_virtual_time
async def test_the_first_looks_come_quickly_and_the_later_ones_at_a_steady_pace() -> None:
    clock = VirtualClock()
    looked: list[float] = []

    async def look() -> None:
        looked.append(clock.monotonic())
        if len(looked) < 7:
            raise NotYet("a")

    await Waiter(clock, Progress(clock), poll_seconds=0.5, first_poll_seconds=0.1).wait_for("m", look, limit_seconds=9)

    assert [after - before for before, after in pairwise(looked)] == pytest.approx([0.1, 0.2, 0.4, 0.5, 0.5, 0.5])


def test_a_step_is_told_in_klogs_form(stream) -> None:
    @on_virtual_time
    async def run() -> None:
        Progress(VirtualClock()).step("Preparing bootstrap cluster")

    run()

    line = r"I\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ test_waiting\.py:\d+\] Preparing bootstrap cluster\n"
    assert re.fullmatch(line, stream.getvalue())
