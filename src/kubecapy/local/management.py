"""Run a management cluster in this process: an API server, and controllers that start and stop apart from it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec

from kubecapy.client import kubeconfig
from kubecapy.client.http import HttpClient
from kubecapy.client.interfaces import Client
from kubecapy.clock import Clock
from kubecapy.controllers.settings import ControllerSettings
from kubecapy.local.api_server import KUBECONFIG_FILE, open_api_server
from kubecapy.local.controllers import ControllerWiring, open_controllers
from kubecapy.local.provider_environment import read_provider_environment
from kubecapy.runtime.manager import Manager
from kubecapy.tasks import TaskScope

CONTROLLERS: Final = frozenset({"cluster", "machine", "node"})
"""One process runs what runs in two pods elsewhere."""


class ManagementSettings(msgspec.Struct, frozen=True):
    """What a management cluster is made of."""

    folder: Path
    """Holds the store, the key material, the kubeconfig and the provider's credentials; private."""
    clock: Clock
    random: Random
    port: int = 0
    """Port on 127.0.0.1; 0 takes a free one."""
    controllers: ControllerSettings = ControllerSettings()


class Management:
    """A running management cluster."""

    def __init__(self, settings: ManagementSettings, client: HttpClient, scope: TaskScope) -> None:
        """Keep the open client; controllers will be tasks of `scope`."""
        self._settings = settings
        self._client = client
        self._scope = scope
        self._running: asyncio.Task[None] | None = None
        self._manager: asyncio.Future[Manager] | None = None

    @property
    def client(self) -> Client:
        """Its API, as administrator."""
        return self._client

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, for other tools while it runs."""
        return self._settings.folder / KUBECONFIG_FILE

    async def start_controllers(self) -> None:
        """Start the controllers with what the applied components say of their provider; safe to repeat.

        Raises:
            ProviderEnvironmentError: no component runs a provider, or it lacks its credentials.
        """
        if self._running is not None:
            return
        settings = self._settings
        environment = await read_provider_environment(self._client, settings.folder / "provider")
        wiring = ControllerWiring(
            client=self._client,
            clock=settings.clock,
            random=settings.random,
            names=CONTROLLERS,
            provider=environment.provider,
            environ=environment.variables,
            settings=settings.controllers,
        )
        self._manager = asyncio.get_running_loop().create_future()
        self._running = self._scope.start(_run_controllers(wiring, self._manager), name="controllers")

    async def stop_controllers(self) -> None:
        """Let the passes that run end, and stop; on return nothing acts any more. Safe to repeat."""
        running, manager = self._running, self._manager
        if running is None or manager is None:
            return
        # Either they came up, or they failed on the way, which the scope tells.
        either: set[asyncio.Future[Any]] = {running, manager}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if manager.done():
            manager.result().stop()
        await asyncio.wait({running})
        self._running = self._manager = None


@asynccontextmanager
async def open_management(settings: ManagementSettings) -> AsyncIterator[Management]:
    """Start the API server, for this machine only; objects of an earlier run are there again.

    Controllers start when asked to. On leaving, the controllers stop, then the server; the store stays.

    Raises:
        FolderRefused: the folder holds a store that cannot be used.
    """
    async with (
        open_api_server(settings.folder, settings.clock, settings.random, port=settings.port) as path,
        HttpClient(kubeconfig.load(path.read_bytes()), settings.clock) as client,
        TaskScope("management") as scope,
    ):
        management = Management(settings, client, scope)
        try:
            yield management
        finally:
            await management.stop_controllers()


async def _run_controllers(wiring: ControllerWiring, opened: "asyncio.Future[Manager]") -> None:
    async with open_controllers(wiring) as manager:
        opened.set_result(manager)
        await manager.run()
