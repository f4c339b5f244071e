"""Trust and client certificates, against a real TLS server."""

import ssl
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import msgspec
import pytest

from kubecapy.api.core import CONFIG_MAPS
from kubecapy.apiserver.pki import LocalPki, make_local_pki
from kubecapy.apiserver.serve import ApiServer
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.client import kubeconfig
from kubecapy.client.connection import Connection
from kubecapy.client.http import HttpClient
from kubecapy.client.interfaces import Unreachable
from kubecapy.client.tls import TlsSettingsError, make_ssl_context
from kubecapy.clock import SystemClock
from kubecapy.telemetry.secrets import Secret


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> LocalPki:
    return make_local_pki(tmp_path_factory.mktemp("pki") / "files", ["127.0.0.1", "kubernetes"], SystemClock())


@pytest.fixture
async def connection(pki: LocalPki) -> AsyncIterator[Connection]:
    settings = ApiServerSettings(
        serving_certificate=pki.serving_certificate, serving_key=pki.serving_key, client_ca=pki.ca_certificate
    )
    async with ApiServer(settings, SystemClock(), Random(1)) as server:
        yield kubeconfig.load(pki.admin_kubeconfig(server.url))


async def version_of(connection: Connection) -> bytes:
    async with HttpClient(connection, SystemClock()) as client:
        return await client.request("GET", "/version")


async def test_a_server_of_another_authority_is_not_trusted(connection: Connection, tmp_path: Path) -> None:
    other = make_local_pki(tmp_path / "other", ["127.0.0.1"], SystemClock())
    stranger = msgspec.structs.replace(connection, ca=other.ca_certificate.read_bytes())

    with pytest.raises(Unreachable, match="its certificate is not trusted"):
        await version_of(stranger)


async def test_a_server_may_be_known_by_another_name_than_its_host(connection: Connection) -> None:
    right = msgspec.structs.replace(connection, tls_server_name="kubernetes")
    wrong = msgspec.structs.replace(connection, tls_server_name="someone.else")

    assert b"v1.14.0" in await version_of(right)
    with pytest.raises(Unreachable, match="its certificate is not trusted"):
        await version_of(wrong)


async def test_verification_can_be_left_out(connection: Connection) -> None:
    assert b"v1.14.0" in await version_of(msgspec.structs.replace(connection, ca=b"", insecure=True))


async def test_the_client_certificate_says_who_asks(connection: Connection) -> None:
    async with HttpClient(connection, SystemClock()) as client:
        assert (await client.list(CONFIG_MAPS)).resource_version


def test_unusable_certificates_are_named(pki: LocalPki, tmp_path: Path) -> None:
    certificate, key = pki.admin_certificate.read_bytes(), pki.admin_key.read_bytes()
    other_key = make_local_pki(tmp_path / "o", ["x"], SystemClock()).admin_key.read_bytes()
    base = Connection(server="https://h", ca=pki.ca_certificate.read_bytes())

    with pytest.raises(TlsSettingsError, match="the certificate authority is no certificate"):
        make_ssl_context(msgspec.structs.replace(base, ca=b"nonsense"))
    with pytest.raises(TlsSettingsError, match="has no key"):
        make_ssl_context(msgspec.structs.replace(base, client_certificate=certificate))
    with pytest.raises(TlsSettingsError, match="no matching PEM pair"):
        make_ssl_context(msgspec.structs.replace(base, client_certificate=certificate, client_key=Secret(other_key)))
    with pytest.raises(TlsSettingsError, match="no matching PEM pair"):
        make_ssl_context(msgspec.structs.replace(base, client_certificate=b"x", client_key=Secret(key)))


def test_no_key_stays_on_disk(pki: LocalPki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    certificate, key = pki.admin_certificate.read_bytes(), Secret(pki.admin_key.read_bytes())

    make_ssl_context(Connection(server="https://h", client_certificate=certificate, client_key=key))

    assert list(tmp_path.iterdir()) == []


def test_a_server_is_verified_by_default(pki: LocalPki) -> None:
    context = make_ssl_context(kubeconfig.load(pki.admin_kubeconfig("https://127.0.0.1:1")))

    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
