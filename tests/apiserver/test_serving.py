"""Listening, trust and stopping."""

import asyncio
import signal
import ssl
import time
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import aiohttp
import msgspec
import pytest
from tests.apiserver.conftest import Api, make_api
from tests.apiserver.server_process import ServerProcess

from kubecapy.apiserver.pki import LocalPki, make_local_pki
from kubecapy.apiserver.serve import ApiServer
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.clock import SystemClock

TLS_GOODBYE_SECONDS = 30
"""How long asyncio and uvloop wait for a client to end TLS in good order."""
MAPS = "/api/v1/namespaces/default/configmaps"


async def test_it_stops_in_less_than_two_seconds_with_open_watches(settings: ApiServerSettings, pki: LocalPki) -> None:
    server = ApiServer(settings, SystemClock(), Random(1))
    await server.__aenter__()
    async with make_api(server, pki) as api:
        streams = [await api.watch(f"{MAPS}?watch=true") for _ in range(20)]
        started = time.monotonic()

        await server.__aexit__(None, None, None)

        assert time.monotonic() - started < 2
        for stream in streams:
            body = await stream.content.read()
            assert body.endswith(b"\n")
            stream.close()


async def test_a_process_ends_whatever_its_clients_still_hold_open(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "state")
    async with server, AsyncExitStack() as held:
        port = int(server.api.url.rpartition(":")[2])
        for _ in range(20):
            await held.enter_async_context(server.api.watch(f"{MAPS}?watch=true"))
        await server.api.get("/readyz")
        # One that says nothing at all, not even hello to TLS.
        _, silent = await asyncio.open_connection("127.0.0.1", port)
        held.callback(silent.close)

        server.process.send_signal(signal.SIGTERM)
        # A client that is waited for would be for TLS_GOODBYE_SECONDS and more.
        async with asyncio.timeout(TLS_GOODBYE_SECONDS / 2):
            await server.process.wait()

    assert (server.process.returncode, server.errors) == (0, "")


async def test_nothing_of_it_is_left_after_it_stopped(settings: ApiServerSettings) -> None:
    before = asyncio.all_tasks()
    async with ApiServer(settings, SystemClock(), Random(1)) as server:
        port = server.port

    assert asyncio.all_tasks() == before
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_all_addresses_share_one_port(settings: ApiServerSettings, pki: LocalPki) -> None:
    several = msgspec.structs.replace(settings, bind_addresses=("127.0.0.1", "127.1.2.3"))
    async with ApiServer(several, SystemClock(), Random(1)) as server:
        for address in several.bind_addresses:
            _, writer = await asyncio.open_connection(address, server.port)
            writer.close()
            await writer.wait_closed()


async def test_a_port_that_is_taken_is_an_error_and_leaves_nothing(
    settings: ApiServerSettings, server: ApiServer
) -> None:
    taken = msgspec.structs.replace(settings, port=server.port)
    before = asyncio.all_tasks()

    with pytest.raises(OSError, match="in use"):
        await ApiServer(taken, SystemClock(), Random(1)).__aenter__()

    assert asyncio.all_tasks() == before


async def test_a_certificate_of_another_authority_is_not_taken(
    server: ApiServer, pki: LocalPki, tmp_path_factory: pytest.TempPathFactory
) -> None:

    other = make_local_pki(tmp_path_factory.mktemp("other") / "pki", ["127.0.0.1"], SystemClock())
    context = ssl.create_default_context(cafile=pki.ca_certificate)
    context.load_cert_chain(other.admin_certificate, other.admin_key)

    with pytest.raises((aiohttp.ClientError, ssl.SSLError)):
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{server.url}/api/v1/namespaces", ssl=context) as response,
        ):
            await response.read()


async def test_nobody_known_may_read_health_and_version_only(stranger: Api) -> None:
    assert await stranger.get("/healthz") == "ok"
    assert (await stranger.get("/version"))["major"] == "1"

    refused = await stranger("GET", "/api/v1/namespaces/default/secrets")

    assert (refused.status, refused.body["reason"]) == (403, "Forbidden")
    assert refused.body["message"] == (
        'secrets is forbidden: User "system:anonymous" cannot list resource "secrets" in API group "" in the'
        ' namespace "default"'
    )


async def test_a_wrong_token_is_nobody_at_all(stranger: Api) -> None:
    headers = {"Authorization": "Bearer nonsense"}
    async with stranger.session.get(f"{stranger.url}/healthz", headers=headers) as response:
        assert response.status == 401


async def test_a_write_whose_client_hung_up_is_whole(api: Api) -> None:
    for index in range(20):
        task = asyncio.create_task(api.create("/api/v1/namespaces", {"metadata": {"name": f"n{index}"}}))
        await asyncio.sleep(0.0005 * (index % 5))
        task.cancel()
        await asyncio.wait([task])

    await api.get("/api/v1/namespaces")
    made = [item["metadata"]["name"] for item in (await api.get("/api/v1/namespaces"))["items"]]
    accounts = [item["metadata"]["namespace"] for item in (await api.get("/api/v1/serviceaccounts"))["items"]]
    assert set(made) == set(accounts)
