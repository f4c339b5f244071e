"""Ask what the project may still make, before something is made and after it was refused."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

import msgspec

from kubecapy.contract.errors import CapacityExhausted, ProviderError
from kubecapy.providers.openstack.cloud.transport import Call, Service
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import Limits, NetworkQuotas


class Need(msgspec.Struct, frozen=True):
    """What is to be made, in all."""

    servers: int = 0
    cores: int = 0
    memory_mib: int = 0
    ports: int = 0
    floating_addresses: int = 0
    volumes: int = 0
    gigabytes: int = 0
    networks: int = 0
    subnets: int = 0
    routers: int = 0
    security_groups: int = 0
    security_group_rules: int = 0
    flavor: str = ""
    """Which one the cores and the memory are of, where it is one server's."""


class Room(msgspec.Struct, frozen=True):
    """One quota, and what is needed of it."""

    what: str
    needed: int
    used: int | None
    limit: int | None
    """None for both where there is no limit."""
    asker: str = ""

    @property
    def left(self) -> int | None:
        """How many still fit; None where there is no limit."""
        return None if self.limit is None or self.used is None else max(self.limit - self.used, 0)

    @property
    def is_short(self) -> bool:
        """Whether more is needed than fits."""
        return self.left is not None and self.needed > self.left

    def __str__(self) -> str:
        """Return what was asked for and what is left: `flavor m1.large needs 4 cores, 2 of 20 are left`."""
        noun = _SINGULAR.get(self.what, self.what) if self.needed == 1 else self.what
        asked = f"{self.asker} needs {self.needed} {noun}" if self.asker else f"{self.needed} {noun} needed"
        return f"{asked}, {self.left} of {self.limit} {'is' if self.left == 1 else 'are'} left"


_SINGULAR = {
    "servers": "server",
    "cores": "core",
    "ports": "port",
    "floating addresses": "floating address",
    "volumes": "volume",
    "networks": "network",
    "subnets": "subnet",
    "routers": "router",
    "security groups": "security group",
}


async def find_shortages(project: Project, need: Need) -> Sequence[str]:
    """Return one sentence for each quota that `need` would break; only services that it needs are asked."""
    return [
        f"the project's quota has room for {room.left} {room.what}, {room.needed} are needed"
        for room in await _find_short(project, need)
    ]


@asynccontextmanager
async def telling_what_is_left(project: Project, need: Need) -> AsyncIterator[None]:
    """Add to a refusal for want of room what was needed and what the quotas leave.

    Nova says how much is used of the first quota that is too small, Cinder of some, and Neutron names it alone. The
    quotas are read once the cloud has refused, so that what goes well costs nothing.

    Raises:
        CapacityExhausted: the refusal, with its own words first; unchanged where the quotas do not explain it, such
            as where a subnet has no more addresses, or cannot be read.
    """
    try:
        yield
    except CapacityExhausted as error:
        try:
            short = await _find_short(project, need)
        except ProviderError:
            raise error from None
        if not short:
            raise
        raise CapacityExhausted(f"{error}; quota: {', '.join(str(room) for room in short)}") from error


async def _find_short(project: Project, need: Need) -> Sequence[Room]:
    rooms = (
        *(await _compute_rooms(project, need) if need.servers else ()),
        *(await _network_rooms(project, need)),
        *(await _storage_rooms(project, need) if need.volumes else ()),
    )
    return [room for room in rooms if room.is_short]


async def _compute_rooms(project: Project, need: Need) -> Iterable[Room]:
    limits = await _limits(project, "compute")
    flavor = f"flavor {need.flavor}" if need.flavor else ""
    return (
        _room("servers", need.servers, limits, "maxTotalInstances", "totalInstancesUsed"),
        _room("cores", need.cores, limits, "maxTotalCores", "totalCoresUsed", flavor),
        _room("MiB of memory", need.memory_mib, limits, "maxTotalRAMSize", "totalRAMUsed", flavor),
    )


async def _storage_rooms(project: Project, need: Need) -> Iterable[Room]:
    limits = await _limits(project, "block-storage")
    return (
        _room("volumes", need.volumes, limits, "maxTotalVolumes", "totalVolumesUsed"),
        _room("GiB of volumes", need.gigabytes, limits, "maxTotalVolumeGigabytes", "totalGigabytesUsed"),
    )


async def _limits(project: Project, service: Service) -> Limits:
    call = Call(doing="reading the project's limits", service=service, method="GET", path="/limits")
    return await project.client.read(call, "limits", Limits)


def _room(what: str, needed: int, limits: Limits, limit: str, used: str, asker: str = "") -> Room:
    return Room(what, needed, limits.number(used), limits.number(limit), asker)


async def _network_rooms(project: Project, need: Need) -> Iterable[Room]:
    """Return the need of Neutron's things; it tells what is used only with its extension `quota_details`."""
    needs = (
        ("ports", need.ports, "port"),
        ("floating addresses", need.floating_addresses, "floatingip"),
        ("networks", need.networks, "network"),
        ("subnets", need.subnets, "subnet"),
        ("routers", need.routers, "router"),
        ("security groups", need.security_groups, "security_group"),
        ("rules of security groups", need.security_group_rules, "security_group_rule"),
    )
    if not any(needed for _, needed, _ in needs):
        return ()
    path = f"/quotas/{await project.client.project_id()}/details"
    call = Call(doing="reading the project's quotas", service="network", method="GET", path=path)
    quotas = await project.client.find(call, "quota", NetworkQuotas) or NetworkQuotas()
    found = ((what, needed, getattr(quotas, name)) for what, needed, name in needs)
    return [Room(what, needed, quota.taken, quota.most) for what, needed, quota in found]
