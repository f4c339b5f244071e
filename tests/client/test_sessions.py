"""Connections follow the certificates: new ones where those are renewed, the old ones until nobody uses them."""

import json
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from random import Random

import msgspec
import pytest

from kubecapy.api.core import CONFIG_MAPS
from kubecapy.apiserver.pki import LocalPki, make_local_pki
from kubecapy.apiserver.serve import ApiServer
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.client import kubeconfig
from kubecapy.client.connection import Connection, ExecPlugin
from kubecapy.client.http import HttpClient
from kubecapy.client.interfaces import Unreachable
from kubecapy.client.sessions import Sessions
from kubecapy.client.tls import KeyPair
from kubecapy.clock import SystemClock
from kubecapy.telemetry.secrets import Secret


class MovedClock:
    """The machine's clock, moved by a test."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> datetime:
        return SystemClock().now()

    def monotonic(self) -> float:
        return SystemClock().monotonic() + self.ahead

    async def sleep(self, seconds: float) -> None:
        await SystemClock().sleep(seconds)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> LocalPki:
    return make_local_pki(tmp_path_factory.mktemp("pki") / "files", ["127.0.0.1"], SystemClock())


@pytest.fixture(scope="module")
def other_pki(tmp_path_factory: pytest.TempPathFactory) -> LocalPki:
    return make_local_pki(tmp_path_factory.mktemp("other") / "files", ["127.0.0.1"], SystemClock())


@pytest.fixture
async def server(pki: LocalPki) -> AsyncIterator[ApiServer]:
    settings = ApiServerSettings(
        serving_certificate=pki.serving_certificate, serving_key=pki.serving_key, client_ca=pki.ca_certificate
    )
    async with ApiServer(settings, SystemClock(), Random(1)) as running:
        yield running


def pair_of(pki: LocalPki) -> KeyPair:
    return KeyPair(pki.admin_certificate.read_bytes(), Secret(pki.admin_key.read_bytes()))


async def test_another_certificate_needs_new_connections_and_old_ones_end_with_their_last_user(
    pki: LocalPki, other_pki: LocalPki
) -> None:
    async with Sessions(Connection(server="https://h", ca=pki.ca_certificate.read_bytes()), SystemClock()) as sessions:
        async with sessions.session(pair_of(pki)) as first:
            async with sessions.session(pair_of(pki)) as same:
                assert same is first
            async with sessions.session(pair_of(other_pki)) as second:
                assert second is not first
                assert not first.closed
            async with sessions.session(pair_of(other_pki)) as again:
                assert again is second
        assert first.closed
        assert not second.closed
    assert second.closed


async def test_an_unusable_certificate_is_told_and_the_next_one_is_tried(pki: LocalPki) -> None:
    async with Sessions(Connection(server="https://h"), SystemClock()) as sessions:
        with pytest.raises(Unreachable, match="https://h: the client certificate and its key are no matching PEM pair"):
            async with sessions.session(KeyPair(b"nonsense", Secret(b"nonsense"))):
                pass
        async with sessions.session(pair_of(pki)) as session:
            assert not session.closed


async def test_a_programs_certificate_says_who_asks(pki: LocalPki, server: ApiServer) -> None:
    status = {
        "clientCertificateData": pki.admin_certificate.read_text(),
        "clientKeyData": pki.admin_key.read_text(),
    }
    document = {"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": status}
    plugin = ExecPlugin(
        command=sys.executable, args=("-c", f"print({json.dumps(document)!r})"), interactive_mode="Never"
    )
    admin = kubeconfig.load(pki.admin_kubeconfig(server.url))
    connection = Connection(server=admin.server, ca=admin.ca, exec_plugin=plugin)

    async with HttpClient(connection, SystemClock()) as client:
        assert (await client.list(CONFIG_MAPS)).resource_version


async def test_a_renewed_authority_is_trusted_after_a_minute(
    pki: LocalPki, other_pki: LocalPki, server: ApiServer, tmp_path: Path
) -> None:
    admin = kubeconfig.load(pki.admin_kubeconfig(server.url))
    file = tmp_path / "ca.crt"
    file.write_bytes(other_pki.ca_certificate.read_bytes())
    clock = MovedClock()

    async with HttpClient(msgspec.structs.replace(admin, ca=file.read_bytes(), ca_file=file), clock) as client:
        with pytest.raises(Unreachable, match="its certificate is not trusted"):
            await client.list(CONFIG_MAPS)
        file.write_bytes(pki.ca_certificate.read_bytes())
        clock.ahead = 61.0
        assert (await client.list(CONFIG_MAPS)).resource_version
        file.unlink()
        clock.ahead = 122.0
        assert (await client.list(CONFIG_MAPS)).resource_version
