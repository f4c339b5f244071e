"""Find the one thing that a spec names."""

from kubecapy.providers.openstack.cloud.transport import Call, Query
from kubecapy.providers.openstack.services.kinds import Kind, T
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.selection import describe_query, the_only


async def find_existing(project: Project, kind: Kind[T], query: Query, selector: str = "") -> T:
    """Return the thing that `query` selects among all that the project sees; remembered for a while.

    `selector` says for people what was asked for, where the query does not.

    Raises:
        NotFound, Conflict: it does not mean exactly one.
    """
    call = Call(doing=f"looking for a {kind.noun}", service="network", method="GET", path=kind.path, query=query)

    async def find() -> T:
        found = await project.client.list(call, f"{kind.key}s", kind.type)
        return the_only(found, kind.noun, selector or describe_query(query))

    return await project.look_up((kind.noun, query), find)
