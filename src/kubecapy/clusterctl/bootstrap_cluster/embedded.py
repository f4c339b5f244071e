"""Drive the management cluster that lives inside this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from kubecapy.client.interfaces import Client
from kubecapy.clusterctl.invocation import Invocation
from kubecapy.clusterctl.runs.run import STORE_FOLDER
from kubecapy.local.management import Management, ManagementSettings, open_management


class EmbeddedCluster:
    """Implements `kubecapy.clusterctl.move.sides.Side` by starting and stopping controllers in this process."""

    def __init__(self, management: Management) -> None:
        """Drive `management`, whose server runs already."""
        self._management = management

    @property
    def name(self) -> str:
        """What messages call it."""
        return "bootstrap cluster"

    @property
    def client(self) -> Client:
        """Its API."""
        return self._management.client

    async def stop_controllers(self) -> None:
        """Let running passes end, and stop."""
        await self._management.stop_controllers()

    async def start_controllers(self) -> None:
        """Start the controllers with the credentials that the applied components hold."""
        await self._management.start_controllers()


@asynccontextmanager
async def open_embedded_cluster(folder: Path, invocation: Invocation) -> AsyncIterator[EmbeddedCluster]:
    """Start an API server whose store lies in `folder`; objects of an earlier run are there again.

    No controller runs before `start_controllers`. At the end everything of it has stopped; the store stays.
    """
    settings = ManagementSettings(folder / STORE_FOLDER, invocation.clock, invocation.random)
    async with open_management(settings) as management:
        yield EmbeddedCluster(management)
