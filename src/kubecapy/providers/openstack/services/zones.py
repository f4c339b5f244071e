"""List Nova's availability zones."""

from collections.abc import Sequence

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
