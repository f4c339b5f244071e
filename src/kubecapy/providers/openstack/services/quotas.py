"""Ask what the project may still make."""

from collections.abc import Iterable, Sequence

import msgspec

from kubecapy.providers.openstack.cloud.transport import Call, Service
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import Limits, NetworkQuotas

Room = tuple[str, int, int | None]
"""What, how many of it are needed, and how many still fit; None where there is no limit."""


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


async def find_shortages(project: Project, need: Need) -> Sequence[str]:
    """Return one sentence for each quota that `need` would break; Cinder is asked only where volumes are needed."""
    rooms = (
        *await _compute_rooms(project, need),
        *await _network_rooms(project, need),
        *(await _storage_rooms(project, need) if need.volumes else ()),
    )
    return [
        f"the project's quota has room for {max(room, 0)} {what}, {needed} are needed"
        for what, needed, room in rooms
        if room is not None and needed > max(room, 0)
    ]


async def _compute_rooms(project: Project, need: Need) -> Iterable[Room]:
    limits = await _limits(project, "compute")
    return (
        ("servers", need.servers, limits.room("maxTotalInstances", "totalInstancesUsed")),
        ("cores", need.cores, limits.room("maxTotalCores", "totalCoresUsed")),
        ("MiB of memory", need.memory_mib, limits.room("maxTotalRAMSize", "totalRAMUsed")),
    )


async def _storage_rooms(project: Project, need: Need) -> Iterable[Room]:
    limits = await _limits(project, "block-storage")
    return (
        ("volumes", need.volumes, limits.room("maxTotalVolumes", "totalVolumesUsed")),
        ("GiB of volumes", need.gigabytes, limits.room("maxTotalVolumeGigabytes", "totalGigabytesUsed")),
    )


async def _limits(project: Project, service: Service) -> Limits:
    call = Call(doing="reading the project's limits", service=service, method="GET", path="/limits")
    return await project.client.read(call, "limits", Limits)


async def _network_rooms(project: Project, need: Need) -> Iterable[Room]:
    """Return the need of Neutron's things; it tells what is used only with its extension `quota_details`."""
    path = f"/quotas/{await project.client.project_id()}/details"
    call = Call(doing="reading the project's quotas", service="network", method="GET", path=path)
    quotas = await project.client.find(call, "quota", NetworkQuotas) or NetworkQuotas()
    return (
        ("ports", need.ports, quotas.port.room),
        ("floating addresses", need.floating_addresses, quotas.floatingip.room),
        ("networks", need.networks, quotas.network.room),
        ("subnets", need.subnets, quotas.subnet.room),
        ("routers", need.routers, quotas.router.room),
        ("security groups", need.security_groups, quotas.security_group.room),
        ("rules of security groups", need.security_group_rules, quotas.security_group_rule.room),
    )
