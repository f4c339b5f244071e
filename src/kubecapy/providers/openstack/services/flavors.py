"""Find a flavor by its name or id."""

from kubecapy.contract.errors import NotFound
from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import Flavor

SHOWN_MAX = 10


async def find_flavor(project: Project, name_or_id: str) -> Flavor:
    """Return the flavor.

    Raises:
        NotFound: the project sees none of that name or id; the message lists some that it sees.
    """
    return await project.look_up(("flavor", name_or_id), lambda: _find(project, name_or_id))


async def _find(project: Project, name_or_id: str) -> Flavor:
    call = Call(doing="listing flavors", service="compute", method="GET", path="/flavors/detail")
    flavors = await project.client.list(call, "flavors", Flavor)
    for flavor in flavors:
        if name_or_id in (flavor.id, flavor.name):
            return flavor
    known = ", ".join(sorted(flavor.name for flavor in flavors)[:SHOWN_MAX]) or "none"
    raise NotFound(f'flavor "{name_or_id}" does not exist for the project; there are {known}')
