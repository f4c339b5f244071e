"""Probes and scrapes, over a real socket."""

import aiohttp
import pytest

from kubecapy.runtime.health import HealthServer
from kubecapy.runtime.metrics import Metrics


async def fetch(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as reply:
        return reply.status, await reply.text()


async def test_readiness_follows_the_process_and_liveness_does_not() -> None:
    ready = False
    async with HealthServer(Metrics(), lambda: ready, host="127.0.0.1", port=0) as server:
        url = f"http://127.0.0.1:{server.port}"
        assert await fetch(f"{url}/healthz") == (200, "ok")
        assert await fetch(f"{url}/readyz") == (503, "not ready")
        ready = True
        assert await fetch(f"{url}/readyz") == (200, "ok")
        assert (await fetch(f"{url}/other"))[0] == 404


async def test_metrics_are_served_in_prometheus_form() -> None:
    metrics = Metrics()
    metrics.leads("node-controller", is_leader=True)
    async with HealthServer(metrics, lambda: True, host="127.0.0.1", port=0) as server:
        _, text = await fetch(f"http://127.0.0.1:{server.port}/metrics")

    assert 'leader_election_master_status{name="node-controller"} 1.0' in text


async def test_a_closed_server_listens_no_more() -> None:
    async with HealthServer(Metrics(), lambda: True, host="127.0.0.1", port=0) as server:
        url = f"http://127.0.0.1:{server.port}/healthz"

    with pytest.raises(aiohttp.ClientConnectorError):
        await fetch(url)


async def test_a_taken_port_is_an_error_at_once() -> None:
    async with HealthServer(Metrics(), lambda: True, host="127.0.0.1", port=0) as first:
        with pytest.raises(OSError, match="in use"):
            async with HealthServer(Metrics(), lambda: True, host="127.0.0.1", port=first.port):
                pass
