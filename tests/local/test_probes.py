"""Probes decide whether a container has started, is ready and lives."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from tests.local.conftest import SkippingClock

from kubecapy.local.guest.kubelet.prober import Prober
from kubecapy.local.guest.kubelet.probes import Probe, Verdict, read_probe, succeeds
from kubecapy.tasks import TaskScope


@asynccontextmanager
async def answering(statuses: list[int]) -> AsyncIterator[int]:
    """Serve `statuses` one after the other, the last one for ever; yields the port."""

    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(status=statuses.pop(0) if len(statuses) > 1 else statuses[0], text=request.path)

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listener).start()
    try:
        yield listener.getsockname()[1]
    finally:
        await runner.cleanup()


def container(port: int, **probes: Any) -> dict[str, Any]:
    get = {"httpGet": {"path": "/readyz", "port": "health"}}
    return {
        "name": "c",
        "ports": [{"name": "health", "containerPort": port}],
        **{f"{name}Probe": {**get, **more} for name, more in probes.items()},
    }


def test_a_probe_is_read_with_kubernetes_defaults() -> None:
    assert read_probe(container(9441, readiness={}), "readinessProbe") == Probe("http", port=9441, url_path="/readyz")
    assert read_probe(container(9441), "readinessProbe") is None
    assert read_probe({"name": "c", "readinessProbe": {"httpGet": {"port": "nowhere"}}}, "readinessProbe").port == 0  # type: ignore[union-attr]


@pytest.mark.parametrize(("status", "success"), [(200, True), (302, True), (399, True), (404, False), (503, False)])
async def test_an_answer_counts_by_its_status(status: int, *, success: bool) -> None:
    async with answering([status]) as port:
        assert await succeeds(Probe("http", port=port), "127.0.0.1") is success


async def test_a_port_counts_by_its_connection() -> None:
    async with answering([200]) as port:
        assert await succeeds(Probe("tcp", port=port), "127.0.0.1")

    assert not await succeeds(Probe("tcp", port=port), "127.0.0.1")
    assert not await succeeds(Probe("http", port=0), "127.0.0.1")
    assert await succeeds(Probe("none"), "127.0.0.1")


def test_a_verdict_changes_only_after_enough_answers_in_a_row() -> None:
    verdict = Verdict(Probe("none", failure_threshold=3), good=True)

    changes = [verdict.take(success=answer) for answer in (False, False, True, False, False, False, False, True)]

    assert changes == [False, False, False, False, False, True, False, True]
    assert verdict.good


async def run_prober(spec: dict[str, Any], until: str) -> tuple[Prober, list[str]]:
    """Run a prober until it says `until`; return it and what it said before and then."""
    clock, said, done = SkippingClock(), [], asyncio.Event()
    prober = Prober(spec, "127.0.0.1", clock, first_seconds=0.3)

    def say(word: str) -> None:
        said.append(word)
        if word == until:
            done.set()

    async with asyncio.timeout(5), TaskScope("test") as scope:
        changed = lambda: say(f"started={prober.has_started} ready={prober.is_ready}")  # noqa: E731
        scope.start(prober.run(changed, lambda number: say(signal.Signals(number).name)), name="prober")
        await done.wait()
        scope.cancel()
    return prober, said


async def test_a_container_is_ready_once_it_answers_and_not_when_it_stops_answering() -> None:
    async with answering([503, 503, 200, 503]) as port:
        _, said = await run_prober(container(port, readiness={"failureThreshold": 2}), "started=True ready=False")

    assert said == ["started=True ready=True", "started=True ready=False"]


async def test_a_container_that_does_not_live_is_asked_to_end_and_then_made_to() -> None:
    async with answering([200, 500]) as port:
        _, said = await run_prober(container(port, liveness={}), "SIGKILL")

    assert said == ["SIGTERM", "SIGKILL"]


async def test_other_probes_wait_for_the_start() -> None:
    async with answering([500, 200, 200]) as port:
        prober, said = await run_prober(container(port, startup={}, readiness={}), "started=True ready=True")

    assert said == ["started=True ready=False", "started=True ready=True"]
    assert prober.has_started


async def test_a_container_that_does_not_start_is_ended() -> None:
    async with answering([500]) as port:
        prober, said = await run_prober(container(port, startup={"failureThreshold": 2}), "SIGTERM")

    assert said == ["SIGTERM"]
    assert not prober.has_started


def test_a_container_without_probes_is_ready_at_once() -> None:
    prober = Prober({"name": "c"}, "127.0.0.1", SkippingClock(), first_seconds=1)

    assert prober.has_started
    assert prober.is_ready
