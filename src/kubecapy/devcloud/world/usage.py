"""Count what a project uses, and hold it against its quotas."""

from collections.abc import Mapping

import msgspec

from kubecapy.devcloud.world.network import Resource
from kubecapy.devcloud.world.world import World


class ComputeUsage(msgspec.Struct, frozen=True):
    """What a project's servers use; one in ERROR counts until it is deleted, one SOFT_DELETED not, as on real Nova."""

    instances: int
    cores: int
    ram: int
    server_groups: int


def compute_usage(world: World, project_id: str) -> ComputeUsage:
    """Return the project's use of compute quotas; `ram` is in MiB."""
    flavors = [
        server.flavor
        for server in world.servers.values()
        if server.project_id == project_id and server.status != "SOFT_DELETED"
    ]
    groups = sum(1 for group in world.server_groups.values() if group.project_id == project_id)
    return ComputeUsage(len(flavors), sum(f.vcpus for f in flavors), sum(f.ram_mib for f in flavors), groups)


def network_usage(world: World, project_id: str) -> dict[str, int]:
    """Return how many of each Neutron quota's resource the project owns."""
    return {resource: count_network(world, project_id, resource) for resource in _tables(world)}


def count_network(world: World, project_id: str, resource: str) -> int:
    """Return how many of `resource` ("port", "floatingip" ...) the project owns."""
    return sum(1 for item in _tables(world)[resource].values() if item.project_id == project_id)


def require_network_quota(world: World, project_id: str, resource: str) -> None:
    """Refuse one more `resource` where the project's quota is used up.

    Raises:
        Refusal: 409.
    """
    world.quotas.require_network(project_id, resource, used=count_network(world, project_id, resource))


def _tables(world: World) -> dict[str, Mapping[str, Resource]]:
    return {
        "network": world.networks,
        "subnet": world.subnets,
        "port": world.ports,
        "router": world.routers,
        "floatingip": world.floating_ips,
        "security_group": world.security_groups,
        "security_group_rule": world.security_group_rules,
        "trunk": world.trunks,
    }
