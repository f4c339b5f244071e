"""Choose the host of a server: first what has room in its zone, then what its group and hints allow.

Nova asks its Placement service for the first and filters the answer for the second, and each failure has its own words
(nova/scheduler/manager.py). Among the hosts that are left, soft policies weigh first and free memory second.
"""

from collections.abc import Callable, Iterable

from kubecapy.devcloud.settings import Host
from kubecapy.devcloud.world.compute import Server, ServerGroup
from kubecapy.devcloud.world.world import World

NO_ROOM = "No valid host was found. "
NONE_ALLOWED = "No valid host was found. There are not enough hosts available."


class NoValidHost(Exception):
    """No host takes a server; the message is what its owner reads as its fault."""


def choose_host(world: World, server: Server) -> Host:
    """Return the host for a new server.

    Raises:
        NoValidHost: none has room in its zone, or its group or hints forbid those that have.
    """
    with_room = [host for host in world.hosts if _is_in_zone(host, server) and _has_room(world, host, server)]
    if not with_room:
        raise NoValidHost(NO_ROOM)
    group = world.server_groups.get(server.group_id or "")
    allowed = [host for host in with_room if _allows_hints(world, host, server) and _allows(world, host, group)]
    if not allowed:
        raise NoValidHost(NONE_ALLOWED)
    return max(allowed, key=lambda host: (_preference(world, host, group), _free_ram(world, host)))


def members_of(world: World, group: ServerGroup) -> list[Server]:
    """Return the servers of a group, oldest first; those that never got a host count until they are deleted."""
    return [server for server in world.servers.values() if server.group_id == group.id]


def _is_in_zone(host: Host, server: Server) -> bool:
    return server.pinned_zone is None or host.zone == server.pinned_zone


def _has_room(world: World, host: Host, server: Server) -> bool:
    capacity = world.capacity
    limits: tuple[tuple[Callable[[Server], int], int], ...] = (
        (lambda server: server.flavor.vcpus, capacity.vcpus),
        (lambda server: server.flavor.ram_mib, capacity.ram_mib),
        (lambda server: server.disk_gib, capacity.disk_gib),
    )
    all_there = [*_servers_on(world, host), server]
    return all(sum(map(size, all_there)) <= limit for size, limit in limits)


def _allows(world: World, host: Host, group: ServerGroup | None) -> bool:
    if group is None:
        return True
    if group.policy == "anti-affinity":
        return _count_members(world, host, group) < (group.max_per_host or 1)
    if group.policy == "affinity":
        used = {server.host for server in members_of(world, group) if server.host}
        return not used or host.name in used
    return True


def _allows_hints(world: World, host: Host, server: Server) -> bool:
    here = {other.id for other in _servers_on(world, host)}
    different, same = _texts(server.hints.get("different_host")), _texts(server.hints.get("same_host"))
    return here.isdisjoint(different) and (not same or not here.isdisjoint(same))


def _preference(world: World, host: Host, group: ServerGroup | None) -> int:
    if group is None or not group.policy.startswith("soft-"):
        return 0
    members = _count_members(world, host, group)
    return members if group.policy == "soft-affinity" else -members


def _count_members(world: World, host: Host, group: ServerGroup) -> int:
    return sum(1 for server in members_of(world, group) if server.host == host.name)


def _free_ram(world: World, host: Host) -> int:
    return world.capacity.ram_mib - sum(server.flavor.ram_mib for server in _servers_on(world, host))


def _servers_on(world: World, host: Host) -> Iterable[Server]:
    return (server for server in world.servers.values() if server.host == host.name)


def _texts(hint: object) -> list[str]:
    values = hint if isinstance(hint, list) else [hint]
    return [value for value in values if isinstance(value, str)]
