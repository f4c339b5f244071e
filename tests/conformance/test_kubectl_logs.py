"""kubectl logs, which both servers fetch from the kubelet of the pod's node."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from tests.conformance.kubelet import Kubelet, run_kubelet
from tests.conformance.servers import Served
from tests.conformance.terminal import Terminal
from tests.raw_api import Api


@pytest.fixture
async def kubelet(served: Served, api: Api, terminal: Terminal) -> AsyncIterator[Kubelet]:
    """Run a kubelet for a node of this test's own, with a pod of two containers bound to it."""
    async with run_kubelet(served.pki) as running:
        node = terminal.names["NODE"]
        await api.create("/api/v1/nodes", {"metadata": {"name": node}})
        status = {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": running.port}},
        }
        await api.merge(f"/api/v1/nodes/{node}/status", {"status": status})
        containers = [{"name": name, "image": "i"} for name in ("main", "side")]
        pod = {"metadata": {"name": "p"}, "spec": {"nodeName": node, "containers": containers}}
        pods = f"/api/v1/namespaces/{terminal.names['NAMESPACE']}/pods"
        await api.create(pods, pod)
        yield running
        await api.delete(f"{pods}/p", {"gracePeriodSeconds": 0})
        await api.delete(f"/api/v1/nodes/{node}")


async def test_logs_shows_what_the_kubelet_has(terminal: Terminal, kubelet: Kubelet) -> None:
    await terminal("""
        $ kubectl logs p -c side
        hello from side
        $ kubectl logs p
        hello from main
        ! Defaulted container "main" out of: main, side
        $ kubectl logs pod/p side --tail=2 --timestamps --since=1h --limit-bytes=100
        hello from side
        $ kubectl logs p -c nothing
        ! error: container nothing is not valid for pod p out of: main, side
        [1]
        $ kubectl logs p -c main --tail=-2
        ! error: --tail must be greater than or equal to -1
        [1]
        $ kubectl logs nothing
        ! error: error from server (NotFound): pods "nothing" not found in namespace "NAMESPACE"
        [1]
        $ kubectl logs -l nothing=here
        ! No resources found in NAMESPACE namespace.
    """)
    path, _, query = kubelet.asked[-1].partition("?")
    assert path == f"/containerLogs/{terminal.names['NAMESPACE']}/p/side"
    assert set(query.split("&")) == {"tailLines=2", "timestamps=true", "sinceSeconds=3600", "limitBytes=100"}
    # kubectl asks for the logs of several containers in any order.
    both = await terminal.run("kubectl logs p --all-containers --prefix")
    assert sorted(both.splitlines()) == ["[pod/p/main] hello from main", "[pod/p/side] hello from side"]


async def test_logs_tells_why_there_are_none(terminal: Terminal, kubelet: Kubelet) -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        assert request.query["previous"] == "true"
        return web.Response(status=400, text='previous terminated container "main" in pod "p" not found')

    kubelet.answer = refuse
    await terminal("""
        $ kubectl logs p -c main --previous
        ! Error from server (BadRequest): previous terminated container "main" in pod "p" not found
        [1]
    """)


async def test_logs_follows_line_by_line(terminal: Terminal, kubelet: Kubelet) -> None:
    more = asyncio.Event()

    async def follow(request: web.Request) -> web.StreamResponse:
        assert request.query["follow"] == "true"
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first\n")
        await more.wait()
        await response.write(b"second\n")
        return response

    kubelet.answer = follow
    async with terminal.started("kubectl logs p -c main -f") as process, asyncio.timeout(60):
        lines = terminal.lines(process)
        assert await anext(lines) == "first"
        more.set()
        assert await anext(lines) == "second"
        assert await process.wait() == 0
