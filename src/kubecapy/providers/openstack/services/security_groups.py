"""Find the security groups that a machine's spec names."""

from collections.abc import Sequence

from kubecapy.providers.openstack.api.selectors import SecurityGroupSelector, merged_query
from kubecapy.providers.openstack.cloud.transport import Call, Query
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import SecurityGroup
from kubecapy.providers.openstack.services.selection import describe_query, the_only


async def find_security_groups(project: Project, selectors: Sequence[SecurityGroupSelector]) -> tuple[str, ...]:
    """Return the id of each selector's group, each once, in their order.

    Raises:
        NotFound, Conflict: a selector does not mean exactly one group.
    """
    found = [(await _find_group(project, selector)).id for selector in selectors]
    return tuple(dict.fromkeys(found))


async def _find_group(project: Project, selector: SecurityGroupSelector) -> SecurityGroup:
    query = merged_query(selector.filter, id=selector.uuid, name=selector.name)
    return await project.look_up(("security group", query), lambda: _find(project, query))


async def _find(project: Project, query: Query) -> SecurityGroup:
    call = Call(
        doing="looking for a security group", service="network", method="GET", path="/security-groups", query=query
    )
    groups = await project.client.list(call, "security_groups", SecurityGroup)
    if len(groups) > 1:
        # An administrator sees the `default` group of every project; the project's own is meant.
        own = await project.client.project_id()
        groups = [group for group in groups if group.project_id == own] or groups
    return the_only(groups, "security group", describe_query(query))
