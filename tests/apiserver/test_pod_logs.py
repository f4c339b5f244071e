"""Logs come from the kubelet of the pod's node, as they are and as long as they last."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from aiohttp import web
from tests.apiserver.conftest import Api, Kubectl, make_api

from kubecapy.apiserver.pki import LocalPki, make_local_pki
from kubecapy.apiserver.serve import ApiServer
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.clock import SystemClock

WRONG_OPTIONS = 'PodLogOptions "p" is invalid'
NOT_NEGATIVE = "must be greater than or equal to 0"
PODS = "/api/v1/namespaces/default/pods"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Kubelet:
    """Serves container logs over TLS and remembers how it was asked."""

    def __init__(self, pki: LocalPki) -> None:
        self._pki = pki
        self.asked: list[str] = []
        self.client_names: list[Any] = []
        self.answer: Answer = self._two_lines
        self.port = 0

    async def __aenter__(self) -> "Kubelet":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._pki.serving_certificate, self._pki.serving_key)
        context.load_verify_locations(self._pki.ca_certificate)
        context.verify_mode = ssl.CERT_REQUIRED
        app = web.Application()
        app.router.add_get("/containerLogs/{namespace}/{pod}/{container}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(str(request.rel_url))
        certificate = request.get_extra_info("peercert")
        self.client_names.append(certificate["subject"][-1][0][1])
        return await self.answer(request)

    async def _two_lines(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text="one\ntwo\n")


@pytest.fixture
def settings(settings: ApiServerSettings, pki: LocalPki) -> ApiServerSettings:
    return msgspec.structs.replace(
        settings,
        kubelet_client_certificate=pki.kubelet_client_certificate,
        kubelet_client_key=pki.kubelet_client_key,
        kubelet_ca=pki.ca_certificate,
    )


@pytest.fixture
async def kubelet(pki: LocalPki) -> AsyncIterator[Kubelet]:
    async with Kubelet(pki) as running:
        yield running


@pytest.fixture
async def node(api: Api, kubelet: Kubelet) -> str:
    await api.create("/api/v1/nodes", {"metadata": {"name": "n1"}})
    status = {
        "addresses": [{"type": "Hostname", "address": "n1"}, {"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": kubelet.port}},
    }
    await api.merge("/api/v1/nodes/n1/status", {"status": status})
    return "n1"


def pod(name: str, node: str = "", *, containers: tuple[str, ...] = ("main",), **spec: Any) -> dict[str, Any]:
    listed = [{"name": container, "image": "i"} for container in containers]
    bound = {"nodeName": node} if node else {}
    return {"metadata": {"name": name}, "spec": {"containers": listed, **bound, **spec}}


async def test_kubectl_logs_shows_what_the_kubelet_has(api: Api, kubectl: Kubectl, kubelet: Kubelet, node: str) -> None:
    await api.create(PODS, pod("p", node))

    assert await kubectl("logs", "p", "--tail=2", "--timestamps", "--since=1h") == "one\ntwo"
    path, _, query = kubelet.asked[0].partition("?")
    assert path == "/containerLogs/default/p/main"
    assert set(query.split("&")) == {"timestamps=true", "tailLines=2", "sinceSeconds=3600"}
    assert kubelet.client_names == ["kube-apiserver-kubelet-client"]


async def test_a_followed_log_arrives_line_by_line_and_ends_with_its_reader(
    api: Api, kubelet: Kubelet, node: str
) -> None:
    await api.create(PODS, pod("p", node))
    ended = asyncio.Event()
    more = asyncio.Event()

    async def follow(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            await response.write(b"first\n")
            await more.wait()
            await response.write(b"second\n")
            await asyncio.Event().wait()
        finally:
            ended.set()
        return response

    kubelet.answer = follow
    async with asyncio.timeout(10):
        async with api.session.get(f"{api.url}{PODS}/p/log?follow=true") as log:
            assert await log.content.readline() == b"first\n"
            more.set()
            assert await log.content.readline() == b"second\n"
        await ended.wait()
    assert "follow=true" in kubelet.asked[0]


async def test_the_server_stops_in_time_while_logs_are_followed(
    settings: ApiServerSettings, pki: LocalPki, kubelet: Kubelet
) -> None:
    async def never_ends(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first\n")
        await asyncio.Event().wait()
        return response

    kubelet.answer = never_ends
    server = ApiServer(settings, SystemClock(), Random(1))
    await server.__aenter__()
    async with make_api(server, pki) as api:
        await api.create("/api/v1/nodes", {"metadata": {"name": "n1"}})
        status = {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": kubelet.port}},
        }
        await api.merge("/api/v1/nodes/n1/status", {"status": status})
        await api.create(PODS, pod("p", "n1"))
        async with api.session.get(f"{api.url}{PODS}/p/log?follow=true") as log:
            assert await log.content.readline() == b"first\n"
            async with asyncio.timeout(2):
                await server.__aexit__(None, None, None)


async def test_a_pod_without_a_node_has_an_empty_log(api: Api, kubectl: Kubectl) -> None:
    await api.create(PODS, pod("p"))

    assert await kubectl("logs", "p") == ""


@pytest.mark.parametrize(
    ("made", "query", "status", "message"),
    [
        (
            pod("p", "n1", containers=("a", "b"), initContainers=[{"name": "i", "image": "x"}]),
            "",
            400,
            "a container name must be specified for pod p, choose one of: [a b] or one of the init containers: [i]",
        ),
        (pod("p", "n1"), "container=other", 400, "container other is not valid for pod p"),
        (pod("p", "n1"), "tailLines=-1", 422, f"{WRONG_OPTIONS}: tailLines: Invalid value: -1: {NOT_NEGATIVE}"),
        (pod("p", "n1"), "tailLines=many", 400, 'tailLines: Invalid value: "many": must be an integer'),
        (pod("p", "n1"), "follow=perhaps", 400, 'follow: Invalid value: "perhaps": must be true or false'),
        (pod("p", "n1"), "sinceTime=noon", 400, 'sinceTime: Invalid value: "noon": must be an RFC 3339 time'),
        (pod("p", "n2"), "", 404, 'nodes "n2" not found'),
    ],
)  # fmt: skip
async def test_a_log_asked_for_wrongly_is_refused(
    api: Api, node: str, made: dict[str, Any], query: str, status: int, message: str
) -> None:
    await api.create(PODS, made)

    refused = await api("GET", f"{PODS}/p/log?{query}")

    assert (refused.status, refused.body["message"]) == (status, message)


async def test_a_log_of_no_pod_is_not_found(api: Api) -> None:
    refused = await api("GET", f"{PODS}/none/log")

    assert (refused.status, refused.body["message"]) == (404, 'pods "none" not found')


@pytest.mark.parametrize(
    ("kubelet_status", "status", "reason"),
    [(400, 400, "BadRequest"), (404, 404, "NotFound"), (500, 500, "InternalError"), (503, 500, "InternalError")],
)
async def test_what_a_kubelet_refuses_is_told(
    api: Api, kubelet: Kubelet, node: str, kubelet_status: int, status: int, reason: str
) -> None:
    async def refuse(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=kubelet_status, text='container "main" in pod "p" is waiting to start')

    kubelet.answer = refuse
    await api.create(PODS, pod("p", node))

    refused = await api("GET", f"{PODS}/p/log")

    assert (refused.status, refused.body["reason"]) == (status, reason)
    assert "waiting to start" in refused.body["message"] or kubelet_status == 404


async def test_a_kubelet_out_of_reach_is_told_with_its_address(api: Api, node: str) -> None:
    endpoint = {"kubeletEndpoint": {"Port": 1}}
    await api.merge("/api/v1/nodes/n1/status", {"status": {"daemonEndpoints": endpoint}})
    await api.create(PODS, pod("p", node))

    refused = await api("GET", f"{PODS}/p/log")

    assert refused.status == 500
    assert refused.body["message"].startswith('Get "https://127.0.0.1:1/containerLogs/default/p/main"')


async def test_a_kubelet_of_a_foreign_authority_is_not_believed(
    api: Api, kubelet: Kubelet, node: str, tmp_path: Path, pki: LocalPki, settings: ApiServerSettings
) -> None:
    foreign = make_local_pki(tmp_path / "foreign", ["127.0.0.1"], SystemClock())
    strict = msgspec.structs.replace(settings, kubelet_ca=foreign.ca_certificate)
    async with ApiServer(strict, SystemClock(), Random(2)) as server, make_api(server, pki) as other:
        await other.create("/api/v1/nodes", {"metadata": {"name": "n1"}})
        status = (await api.get("/api/v1/nodes/n1"))["status"]
        await other.merge("/api/v1/nodes/n1/status", {"status": status})
        await other.create(PODS, pod("p", node))

        refused = await other("GET", f"{PODS}/p/log")

    assert refused.status == 500
    assert kubelet.asked == []
