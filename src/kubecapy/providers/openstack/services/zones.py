"""List Nova's availability zones, and find those that a spec names."""

from collections.abc import Sequence

from kubecapy.contract.errors import NotFound
from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import Zone


async def list_zones(project: Project) -> Sequence[Zone]:
    """Return every zone of Nova, those that take no servers included; remembered for a while."""
    return await project.look_up("zones", lambda: fetch_zones(project))


async def fetch_zones(project: Project) -> Sequence[Zone]:
    """Return every zone of Nova as they are now."""
    call = Call(doing="listing availability zones", service="compute", method="GET", path="/os-availability-zone")
    return await project.client.list(call, "availabilityZoneInfo", Zone)


def zone_called(name: str, zones: Sequence[Zone]) -> Zone:
    """Return the one of `zones` with the name.

    Raises:
        NotFound: there is none; the message names those that there are.
    """
    for zone in zones:
        if zone.name == name:
            return zone
    known = ", ".join(sorted(zone.name for zone in zones)) or "none"
    raise NotFound(f'availability zone "{name}" does not exist; there are {known}')
