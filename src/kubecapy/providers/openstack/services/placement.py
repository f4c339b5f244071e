"""Check the availability zone and the server group that a machine's spec names."""

from kubecapy.contract.errors import NotFound
from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import ServerGroup, Zone
from kubecapy.providers.openstack.services.selection import the_only
from kubecapy.providers.openstack.services.zones import fetch_zones, zone_called


async def check_zone(project: Project, name: str) -> None:
    """Return where the availability zone takes servers; an empty name lets Nova choose.

    Raises:
        NotFound: it does not exist, or is not available.
    """
    if name:
        await project.look_up(("zone", name), lambda: _find_zone(project, name))


async def find_server_group(project: Project, name_or_id: str) -> str:
    """Return the id of the server group; an empty name asks for none and gives an empty id.

    Raises:
        NotFound: the project has none of that name or id.
        Conflict: several have the name.
    """
    if not name_or_id:
        return ""
    group = await project.look_up(("server group", name_or_id), lambda: _find_group(project, name_or_id))
    return group.id


async def _find_zone(project: Project, name: str) -> Zone:
    # An administrator may write `zone:host`.
    zone = zone_called(name.partition(":")[0], await fetch_zones(project))
    if not zone.state.available:
        raise NotFound(f'availability zone "{name}" is not available')
    return zone


async def _find_group(project: Project, name_or_id: str) -> ServerGroup:
    call = Call(doing="listing server groups", service="compute", method="GET", path="/os-server-groups")
    groups = await project.client.list(call, "server_groups", ServerGroup)
    by_id = [group for group in groups if group.id == name_or_id]
    found = by_id or [group for group in groups if group.name == name_or_id]
    return the_only(found, "server group", f'"{name_or_id}"')
