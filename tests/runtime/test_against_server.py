"""Controllers against the embedded API server: over TLS, through restarts of the server and expired revisions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from random import Random

import msgspec
import pytest

from kubecapy.api.core import CONFIG_MAPS, ConfigMap
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta
from kubecapy.apiserver.pki import LocalPki, make_local_pki
from kubecapy.apiserver.serve import ApiServer
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.client import kubeconfig
from kubecapy.client.http import HttpClient
from kubecapy.client.transport import Deadlines
from kubecapy.clock import SystemClock
from kubecapy.runtime.controller import Controller
from kubecapy.runtime.manager import Manager
from kubecapy.runtime.reconciler import DONE, Result
from kubecapy.runtime.sources import for_object
from kubecapy.tasks import TaskScope

SECONDS = 20.0
"""Longest wait of a test for what it expects."""
HISTORY = 8


class HastyClock:
    """The machine's clock, on which waits take a fiftieth of their time."""

    def __init__(self) -> None:
        self.waited = asyncio.Event()

    def now(self) -> datetime:
        return SystemClock().now()

    def monotonic(self) -> float:
        return SystemClock().monotonic() * 50

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 50)
        self.waited.set()


class Stamping:
    """Copies `wish` to `done`, and lets a test wait for it."""

    def __init__(self, manager: Manager) -> None:
        self._manager = manager
        self._informer = manager.informer(CONFIG_MAPS, "default")
        self.passed = asyncio.Event()

    async def reconcile(self, key: ObjectKey) -> Result:
        found = self._informer.get(key)
        data = (found.data if found else None) or {}
        if "wish" in data and data.get("done") != data["wish"]:
            await self._manager.client.patch(CONFIG_MAPS, key, {"data": {"done": data["wish"]}})
        self.passed.set()
        return DONE

    async def wait_for(self, done: dict[str, str]) -> None:
        async with asyncio.timeout(SECONDS):
            while {o.metadata.name: (o.data or {}).get("done") for o in self._mine()} != done:
                self.passed.clear()
                await self.passed.wait()

    def _mine(self) -> list[ConfigMap]:
        return [obj for obj in self._informer.list() if "wish" in (obj.data or {})]


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> LocalPki:
    return make_local_pki(tmp_path_factory.mktemp("pki") / "files", ["127.0.0.1"], SystemClock())


@pytest.fixture
def settings(pki: LocalPki, tmp_path: Path) -> ApiServerSettings:
    return ApiServerSettings(
        serving_certificate=pki.serving_certificate,
        serving_key=pki.serving_key,
        client_ca=pki.ca_certificate,
        store=tmp_path / "store.db",
        change_history=HISTORY,
    )


def serve(settings: ApiServerSettings) -> ApiServer:
    return ApiServer(settings, SystemClock(), Random(1))


@asynccontextmanager
async def controlled(pki: LocalPki, url: str) -> AsyncIterator[tuple[HttpClient, Stamping]]:
    connection = kubeconfig.load(pki.admin_kubeconfig(url))
    clock = HastyClock()
    async with HttpClient(connection, clock, Deadlines(connect_seconds=2.0)) as client, TaskScope("test") as scope:
        manager = Manager(client, clock, Random(1))
        stamping = Stamping(manager)
        sources = [for_object(manager.informer(CONFIG_MAPS, "default"))]
        manager.add_controller(Controller("stamping", stamping, workers=4, sources=sources))
        scope.start(manager.run(), name="manager")
        yield client, stamping
        manager.stop()


async def wish(client: HttpClient, name: str, value: str) -> None:
    meta = ObjectMeta(name=name, namespace="default")
    await client.create(CONFIG_MAPS, ConfigMap(metadata=meta, data={"wish": value}))


async def test_every_wish_is_done_and_each_is_written_once(settings: ApiServerSettings, pki: LocalPki) -> None:
    async with serve(settings) as server, controlled(pki, server.url) as (client, stamping):
        names = [f"c{number}" for number in range(30)]
        for name in names:
            await wish(client, name, "1")
        await stamping.wait_for(dict.fromkeys(names, "1"))
        stored = [o for o in (await client.list(CONFIG_MAPS, namespace="default")).items if "wish" in (o.data or {})]

    assert {obj.metadata.name: obj.data for obj in stored} == {name: {"wish": "1", "done": "1"} for name in names}


async def test_controllers_outlive_restarts_of_the_server(settings: ApiServerSettings, pki: LocalPki) -> None:
    async with serve(settings) as server:
        same_port = msgspec.structs.replace(settings, port=server.port)
        url = server.url
        async with controlled(pki, url) as (client, stamping):
            await wish(client, "a", "1")
            await stamping.wait_for({"a": "1"})
            await server.__aexit__(None, None, None)
            async with serve(same_port) as again:
                assert again.url == url
                # More changes than the server remembers, while the informer may still be reconnecting.
                for number in range(2 * HISTORY):
                    await client.patch(CONFIG_MAPS, ObjectKey("default", "a"), {"data": {"wish": f"{number}"}})
                await wish(client, "b", "2")
                await stamping.wait_for({"a": f"{2 * HISTORY - 1}", "b": "2"})


async def test_deleted_objects_leave_the_copy(settings: ApiServerSettings, pki: LocalPki) -> None:
    async with serve(settings) as server, controlled(pki, server.url) as (client, stamping):
        for name in ("a", "b"):
            await wish(client, name, "1")
        await stamping.wait_for({"a": "1", "b": "1"})
        await client.delete(CONFIG_MAPS, ObjectKey("default", "a"))
        await stamping.wait_for({"b": "1"})


async def test_a_server_of_another_authority_never_syncs(
    settings: ApiServerSettings, pki: LocalPki, tmp_path: Path
) -> None:
    stranger = make_local_pki(tmp_path / "other", ["127.0.0.1"], SystemClock())
    async with serve(settings) as server:
        connection = kubeconfig.load(stranger.admin_kubeconfig(server.url))
        async with HttpClient(connection, SystemClock()) as client, TaskScope("test") as scope:
            clock = HastyClock()
            manager = Manager(client, clock, Random(1))
            informer = manager.informer(CONFIG_MAPS)
            running = scope.start(manager.run(), name="manager")
            # A first wait means a first failure; the second try must not be the end of it either.
            for _ in range(2):
                clock.waited.clear()
                await clock.waited.wait()
            assert not informer.synced
            assert not running.done()
            manager.stop()
