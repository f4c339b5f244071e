"""Say what a move needs of either end."""

from typing import Protocol

from kubecapy.client.interfaces import Client


class Side(Protocol):
    """A management cluster: an API, and controllers that can be stopped and started apart from it."""

    @property
    def name(self) -> str:
        """What messages call it, such as `bootstrap cluster`."""
        ...

    @property
    def client(self) -> Client:
        """Its API."""
        ...

    async def stop_controllers(self) -> None:
        """Stop what reconciles Clusters and Machines; on return nothing of it acts any more. Safe to repeat."""
        ...

    async def start_controllers(self) -> None:
        """Start it again, as it was before; safe to repeat."""
        ...
