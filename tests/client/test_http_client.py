"""The HTTP client passes the suite of every client against the embedded API server."""

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest
from tests.client.client_suite import ClientSuite, config_map, machine

from kubecapy.api.apiextensions import CUSTOM_RESOURCE_DEFINITIONS
from kubecapy.api.cluster.v1alpha1 import MACHINES
from kubecapy.api.cluster.v1alpha1.crds import custom_resource_definitions
from kubecapy.api.core import CONFIG_MAPS
from kubecapy.apimachinery.codec import convert
from kubecapy.apimachinery.errors import NotFound
from kubecapy.apimachinery.meta import key_of
from kubecapy.apiserver.pki import make_local_pki
from kubecapy.apiserver.serve import ApiServer
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.client import kubeconfig, wire
from kubecapy.client.connection import Connection
from kubecapy.client.http import HttpClient
from kubecapy.client.interfaces import Client
from kubecapy.clock import SystemClock

CHANGE_HISTORY = 16


@pytest.fixture(scope="module")
def pki_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pki") / "files"


@pytest.fixture
async def connection(pki_folder: Path) -> AsyncIterator[Connection]:
    pki = make_local_pki(pki_folder, ["127.0.0.1"], SystemClock())
    settings = ApiServerSettings(
        serving_certificate=pki.serving_certificate,
        serving_key=pki.serving_key,
        client_ca=pki.ca_certificate,
        service_account_signing_key=pki.service_account_key,
        service_account_public_key=pki.service_account_public_key,
        change_history=CHANGE_HISTORY,
    )
    async with ApiServer(settings, SystemClock(), Random(1)) as server:
        yield kubeconfig.load(pki.admin_kubeconfig(server.url))


@pytest.fixture
async def client(connection: Connection) -> AsyncIterator[Client]:
    async with HttpClient(connection, SystemClock()) as http:
        for definition in custom_resource_definitions():
            resource = CUSTOM_RESOURCE_DEFINITIONS
            await http.create(resource, convert(definition, resource.type))
        await _served(http)
        yield http


async def _served(client: HttpClient) -> None:
    """Return once the definitions are established: the server does that a moment after their creation."""
    for _ in range(1000):
        try:
            await client.list(MACHINES)
        except NotFound:
            continue
        return
    raise AssertionError("the machines were never served")


class TestHttpClient(ClientSuite):
    async def forgotten_revision(self, client: Client) -> str:
        revision = (await client.list(MACHINES)).resource_version
        stored = await client.create(MACHINES, machine())
        # The server keeps up to twice its history before it cuts.
        for number in range(2 * CHANGE_HISTORY + 1):
            await client.patch(MACHINES, key_of(stored), {"metadata": {"labels": {"n": str(number)}}})
        return revision


async def test_a_long_list_is_read_page_by_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubecapy.client.http.PAGE_SIZE", 2)
    assert wire.PAGE_SIZE > 2
    for number in range(5):
        await client.create(CONFIG_MAPS, config_map(f"c{number}", labels={"mine": "yes"}))

    listing = await client.list(CONFIG_MAPS, labels="mine")

    assert [item.metadata.name for item in listing.items] == [f"c{number}" for number in range(5)]


async def test_a_client_without_credentials_is_nobody(connection: Connection) -> None:
    nobody = Connection(server=connection.server, ca=connection.ca)

    async with HttpClient(nobody, SystemClock()) as http:
        with pytest.raises(Exception, match="system:anonymous") as caught:
            await http.list(CONFIG_MAPS)

    assert type(caught.value).__name__ == "Forbidden"
