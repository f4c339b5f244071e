"""Find a flavor by its name or id."""

from collections.abc import Sequence

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
    flavors = await _list_flavors(project)
    for flavor in flavors:
        if name_or_id in (flavor.id, flavor.name):
            return flavor
    known = ", ".join(sorted(flavor.name for flavor in flavors)[:SHOWN_MAX]) or "none"
    raise NotFound(f'flavor "{name_or_id}" does not exist for the project; there are {known}')


async def _list_flavors(project: Project) -> Sequence[Flavor]:
    call = Call(doing="listing flavors", service="compute", method="GET", path="/flavors/detail")
    return await project.look_up("flavors", lambda: project.client.list(call, "flavors", Flavor))
