"""Hold what is shared between all machines of one cloud project."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec

from kubecapy.clock import Clock
from kubecapy.providers.openstack.cloud.client import CloudClient
from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.naming import OWNED_TAG
from kubecapy.providers.openstack.services.kinds import Kind
from kubecapy.providers.openstack.services.kinds import T as SharedThing
from kubecapy.providers.openstack.services.listing import Identified, Listing
from kubecapy.providers.openstack.services.resources import FloatingAddress, Port, Server
from kubecapy.providers.openstack.services.shared import Shared

T = TypeVar("T")
I = TypeVar("I", bound=Identified)  # noqa: E741 - an item

TAGS_MICROVERSION: Final = "2.52"
"""The first one in which the request that makes a server takes tags (Nova 16, Pike)."""

_PORT_FIELDS: Final = ("id", "name", "description", "network_id", "fixed_ips", "device_id", "device_owner", "tags")


class Freshness(msgspec.Struct, frozen=True):
    """How old shared knowledge may be, in seconds."""

    changing: float = 1.0
    """For lists while something is made or deleted."""
    resting: float = 20.0
    """For lists while nothing should change: how late a server that someone removed is noticed."""
    attached: float = 120.0
    """For the ports of servers that run: how late a port that someone removed under its server is noticed."""
    references: float = 300.0
    """For flavors, images, networks and the like, which people change rarely."""


DEFAULT_FRESHNESS: Final = Freshness()


class Project:
    """One project: its client, its lists, and what was looked up in it."""

    def __init__(self, client: CloudClient, clock: Clock, freshness: Freshness) -> None:
        """Share `client`; nothing is asked yet."""
        self.client = client
        self.freshness = freshness
        self._clock = clock
        self.servers: Listing[Server] = Listing(clock, self._list_servers)
        self.floating_addresses: Listing[FloatingAddress] = Listing(clock, self._list_floating_addresses)
        self._ports: dict[str, Listing[Port]] = {}
        self._listings: dict[str, Listing[Any]] = {}  # Any: each key has its own type
        self._references: dict[object, Shared[Any]] = {}  # Any: each key has its own type

    def ports(self, description: str) -> Listing[Port]:
        """Return the list of the ports with `description`, which all ports of a cluster share; empty means all."""
        if description not in self._ports:
            self._ports[description] = Listing(self._clock, lambda: self._list_ports(description))
        return self._ports[description]

    def listing(self, key: str, fetch: Callable[[], Awaitable[Sequence[I]]]) -> Listing[I]:
        """Return the project's one list of a kind of things, which `fetch` reads; `key` names the kind."""
        if key not in self._listings:
            self._listings[key] = Listing(self._clock, fetch)
        return self._listings[key]

    def shared(self, kind: Kind[SharedThing]) -> Listing[SharedThing]:
        """Return the list of the project's things of `kind`, which all clusters share."""
        return self.listing(kind.path, lambda: self._list_shared(kind))

    async def look_up(self, key: object, fetch: Callable[[], Awaitable[T]]) -> T:
        """Return what `fetch` found lately for `key`; failures are not remembered."""
        if key not in self._references:
            self._references[key] = Shared(self._clock, fetch)
        found: T = (await self._references[key].read(self.freshness.references)).value
        return found

    def forget_references(self) -> None:
        """Look everything up again: the cloud refused something that was looked up."""
        self._references.clear()

    async def _list_servers(self) -> Sequence[Server]:
        call = Call(
            doing="listing servers",
            service="compute",
            method="GET",
            path="/servers/detail",
            query=(("tags", OWNED_TAG),),
            microversion=TAGS_MICROVERSION,
        )
        return await self.client.list(call, "servers", Server)

    async def _list_floating_addresses(self) -> Sequence[FloatingAddress]:
        query = (("project_id", await self.client.project_id()),)
        call = Call(
            doing="listing floating addresses", service="network", method="GET", path="/floatingips", query=query
        )
        return await self.client.list(call, "floatingips", FloatingAddress)

    async def _list_ports(self, description: str) -> Sequence[Port]:
        query = (
            ("project_id", await self.client.project_id()),
            *((("description", description),) if description else ()),
            *(("fields", field) for field in _PORT_FIELDS),
        )
        call = Call(doing="listing ports", service="network", method="GET", path="/ports", query=query)
        # Neutron ignores filters that it does not know, and then answers with ports of others.
        ports = await self.client.list(call, "ports", Port)
        return [port for port in ports if not description or port.description == description]

    async def _list_shared(self, kind: Kind[SharedThing]) -> Sequence[SharedThing]:
        query = (
            ("project_id", await self.client.project_id()),
            *(("fields", field) for field in ("id", "name", "description", "tags", *kind.fields)),
        )
        call = Call(doing=f"listing {kind.noun}s", service="network", method="GET", path=kind.path, query=query)
        return await self.client.list(call, f"{kind.key}s", kind.type)
