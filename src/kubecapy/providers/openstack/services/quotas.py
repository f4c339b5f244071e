"""Ask what the project may still make."""

from collections.abc import Sequence

from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import Flavor, Limits


async def find_shortages(project: Project, flavors: Sequence[Flavor]) -> Sequence[str]:
    """Return one sentence for each of Nova's limits that servers of these flavors would break."""
    call = Call(doing="reading the project's limits", service="compute", method="GET", path="/limits")
    limits = await project.client.read(call, "limits", Limits)
    needed = (
        ("servers", len(flavors), limits.room("maxTotalInstances", "totalInstancesUsed")),
        ("cores", sum(flavor.vcpus for flavor in flavors), limits.room("maxTotalCores", "totalCoresUsed")),
        ("MiB of memory", sum(flavor.ram for flavor in flavors), limits.room("maxTotalRAMSize", "totalRAMUsed")),
    )
    return [
        f"the project's quota has room for {max(room, 0)} {what}, {need} are needed"
        for what, need, room in needed
        if room is not None and need > room
    ]
