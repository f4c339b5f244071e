"""Servers on loopback, kubectl, and a raw client for the API server's tests."""

import asyncio
import io
import json
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import msgspec
import pytest
from tests.apiserver.widgets import widget_definition

from kubecapy.apiserver.pki import LocalPki, make_local_pki
from kubecapy.apiserver.serve import ApiServer
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.clock import SystemClock


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> LocalPki:
    return make_local_pki(tmp_path_factory.mktemp("pki") / "files", ["127.0.0.1"], SystemClock())


@pytest.fixture
def settings(pki: LocalPki) -> ApiServerSettings:
    return ApiServerSettings(
        serving_certificate=pki.serving_certificate,
        serving_key=pki.serving_key,
        client_ca=pki.ca_certificate,
        root_ca=pki.ca_certificate,
        service_account_signing_key=pki.service_account_key,
        service_account_public_key=pki.service_account_public_key,
    )


@pytest.fixture
async def server(settings: ApiServerSettings) -> AsyncIterator[ApiServer]:
    async with ApiServer(settings, SystemClock(), Random(7)) as running:
        yield running


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any
    headers: dict[str, str]


@dataclass(frozen=True)
class Api:
    """Sends raw requests as the administrator."""

    session: aiohttp.ClientSession
    url: str

    async def __call__(
        self, method: str, path: str, body: Any = None, *, type_: str = "application/json", accept: str = ""
    ) -> Reply:
        headers = {"Accept": accept} if accept else {}
        data = None
        if body is not None:
            # A stream, because aiohttp warns of large bodies that are bytes.
            data = io.BytesIO(body if isinstance(body, bytes) else msgspec.json.encode(body))
            headers["Content-Type"] = type_
        async with self.session.request(method, self.url + path, data=data, headers=headers) as response:
            text = await response.read()
            is_json = "json" in response.headers.get("Content-Type", "")
            return Reply(response.status, json.loads(text) if is_json else text.decode(), dict(response.headers))

    async def get(self, path: str, **options: Any) -> Any:
        reply = await self("GET", path, **options)
        assert reply.status == 200, reply.body
        return reply.body

    async def create(self, path: str, obj: Any) -> Any:
        reply = await self("POST", path, obj)
        assert reply.status == 201, reply.body
        return reply.body

    async def merge(self, path: str, patch: Any) -> Any:
        reply = await self("PATCH", path, patch, type_="application/merge-patch+json")
        assert reply.status == 200, reply.body
        return reply.body

    async def delete(self, path: str, options: Any = None) -> Any:
        reply = await self("DELETE", path, options)
        assert reply.status == 200, reply.body
        return reply.body

    async def gone(self, path: str) -> None:
        """Wait until nothing is at `path`."""
        async with asyncio.timeout(10):
            while (await self("GET", path)).status != 404:
                await asyncio.sleep(0.005)

    def watch(self, path: str) -> Any:
        return self.session.get(self.url + path, timeout=aiohttp.ClientTimeout(sock_read=20), read_bufsize=2**22)


def client_context(pki: LocalPki) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=pki.ca_certificate)
    context.load_cert_chain(pki.admin_certificate, pki.admin_key)
    return context


@pytest.fixture
async def api(server: ApiServer, pki: LocalPki) -> AsyncIterator[Api]:
    async with make_api(server, pki) as made:
        yield made


@pytest.fixture
async def stranger(server: ApiServer, pki: LocalPki) -> AsyncIterator[Api]:
    """Sends requests as nobody known."""
    context = ssl.create_default_context(cafile=pki.ca_certificate)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
        yield Api(session, server.url)


class make_api:  # noqa: N801 - used as a function
    """Opens an `Api` for a server; `receive_bytes` bounds what the system takes in for it unread."""

    def __init__(self, server: ApiServer, pki: LocalPki, receive_bytes: int | None = None) -> None:
        self._server = server
        self._pki = pki
        self._receive_bytes = receive_bytes

    async def __aenter__(self) -> Api:
        connector = aiohttp.TCPConnector(ssl=client_context(self._pki), limit=0, socket_factory=self._make_socket)
        self._session = aiohttp.ClientSession(connector=connector)
        return Api(self._session, self._server.url)

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    def _make_socket(self, address: Any) -> socket.socket:
        made = socket.socket(*address[:3])
        made.setblocking(False)
        if self._receive_bytes:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_bytes)
        return made


@pytest.fixture
async def widgets(api: Api) -> str:
    """Serve Widgets and return the path of their collection in namespace default."""
    await api.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", widget_definition())
    return "/apis/example.com/v1/namespaces/default/widgets"


@dataclass(frozen=True)
class Done:
    """What a kubectl call printed."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[list[str]]:
        return [line.split() for line in self.out.splitlines()]


@dataclass(frozen=True)
class Kubectl:
    environment: dict[str, str]

    async def run(self, *arguments: str, stdin: Any = None) -> Done:
        text = stdin if isinstance(stdin, str | None) else json.dumps(stdin)
        async with self.started(*arguments) as process:
            out, err = await process.communicate(text.encode() if text is not None else None)
            return Done(process.returncode or 0, out.decode(), err.decode())

    async def __call__(self, *arguments: str, stdin: Any = None) -> str:
        done = await self.run(*arguments, stdin=stdin)
        assert done.code == 0, done.err
        return done.out.strip()

    def started(self, *arguments: str) -> "Started":
        return Started(arguments, self.environment)

    def with_environment(self, **extra: str) -> "Kubectl":
        return replace(self, environment=self.environment | extra)


class Started:
    """A kubectl process that ends with the block."""

    def __init__(self, arguments: tuple[str, ...], environment: dict[str, str]) -> None:
        self._arguments = arguments
        self._environment = environment

    async def __aenter__(self) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            "kubectl", *self._arguments, stdin=pipe, stdout=pipe, stderr=pipe, env=self._environment
        )
        return self._process

    async def __aexit__(self, *_: object) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.communicate()


@pytest.fixture
def write_kubeconfig(pki: LocalPki, tmp_path: Path) -> Callable[[ApiServer], Path]:
    def write(server: ApiServer) -> Path:
        path = tmp_path / "kubeconfig"
        path.write_bytes(pki.admin_kubeconfig(server.url))
        return path

    return write


@pytest.fixture
def kubectl(server: ApiServer, tmp_path: Path, write_kubeconfig: Callable[[ApiServer], Path]) -> Kubectl:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KUBECONFIG": str(write_kubeconfig(server))}
    return Kubectl(environment)
