"""Ask what the project may still make."""

from collections.abc import Iterable, Sequence

from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import Flavor, Limits, NetworkQuotas

Need = tuple[str, int, int | None]
"""What, how many of it, and how many still fit; None where there is no limit."""


async def find_shortages(project: Project, flavors: Sequence[Flavor], ports: int) -> Sequence[str]:
    """Return one sentence for each quota that servers of these flavors, with so many ports in all, would break."""
    needs = (*await _compute_needs(project, flavors), *await _network_needs(project, ports))
    return [
        f"the project's quota has room for {max(room, 0)} {what}, {need} are needed"
        for what, need, room in needs
        if room is not None and need > room
    ]


async def _compute_needs(project: Project, flavors: Sequence[Flavor]) -> Iterable[Need]:
    call = Call(doing="reading the project's limits", service="compute", method="GET", path="/limits")
    limits = await project.client.read(call, "limits", Limits)
    return (
        ("servers", len(flavors), limits.room("maxTotalInstances", "totalInstancesUsed")),
        ("cores", sum(flavor.vcpus for flavor in flavors), limits.room("maxTotalCores", "totalCoresUsed")),
        ("MiB of memory", sum(flavor.ram for flavor in flavors), limits.room("maxTotalRAMSize", "totalRAMUsed")),
    )


async def _network_needs(project: Project, ports: int) -> Iterable[Need]:
    """Return the need of ports; Neutron tells what is used only with its extension `quota_details`."""
    path = f"/quotas/{await project.client.project_id()}/details"
    call = Call(doing="reading the project's quotas", service="network", method="GET", path=path)
    quotas = await project.client.find(call, "quota", NetworkQuotas)
    return (("ports", ports, quotas.port.room if quotas else None),)
