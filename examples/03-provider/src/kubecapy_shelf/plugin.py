"""Be what the entry point names."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kubecapy.clock import SystemClock
from kubecapy.contract.provider import Actuators, ProviderSettings
from kubecapy_shelf.client import ShelfClient
from kubecapy_shelf.clusters import ShelfClusterActuator
from kubecapy_shelf.machines import ShelfMachineActuator
from kubecapy_shelf.shelf import Shelf
from kubecapy_shelf.spec import API_VERSION
from kubecapy_shelf.tooling import ShelfTooling


class ShelfPlugin:
    """The provider `shelf`. Its shelf is in memory and ends with the process: a real cloud would not."""

    name = "shelf"
    spec_api_versions = (API_VERSION,)

    def __init__(self, shelf: Shelf | None = None) -> None:
        """Use `shelf`, in tests; an empty one where none is given."""
        self._shelf = shelf or Shelf(SystemClock().monotonic)

    @asynccontextmanager
    async def open_actuators(self, settings: ProviderSettings) -> AsyncIterator[Actuators]:
        """Open the verbs; nothing is asked yet."""
        client = ShelfClient(self._shelf, settings.environ)
        yield Actuators(cluster=ShelfClusterActuator(client), machine=ShelfMachineActuator(client))

    @asynccontextmanager
    async def open_tooling(self, settings: ProviderSettings) -> AsyncIterator[ShelfTooling]:
        """Open what tools may ask; nothing is asked yet."""
        yield ShelfTooling(ShelfClient(self._shelf, settings.environ))
