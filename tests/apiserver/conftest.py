"""Servers on loopback, kubectl, and a raw client for the API server's tests."""

import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest
from tests.apiserver.widgets import widget_definition
from tests.definitions import DEFINITIONS, established
from tests.kubectl import Done, Kubectl
from tests.raw_api import Api, Reply

from kubecapy.apiserver.pki import LocalPki, make_local_pki
from kubecapy.apiserver.serve import ApiServer
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.clock import SystemClock

__all__ = ["Api", "Done", "Kubectl", "Reply"]


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
    await api.create(DEFINITIONS, widget_definition())
    await established(api, "widgets.example.com")
    return "/apis/example.com/v1/namespaces/default/widgets"


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
