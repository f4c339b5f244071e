"""Find the networks and subnets that a machine's spec names."""

from collections.abc import Sequence

import msgspec

from kubecapy.providers.openstack.api.selectors import NetworkSelector, SubnetSelector, merged_query
from kubecapy.providers.openstack.cloud.transport import Call, Query
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import Network, Subnet
from kubecapy.providers.openstack.services.selection import describe_query, the_only


class Attachment(msgspec.Struct, frozen=True):
    """Where one port of a machine goes."""

    network_id: str
    subnet_id: str = ""
    """Empty lets Neutron choose."""
    fixed_ip: str = ""
    """Empty lets Neutron choose."""


async def find_attachments(project: Project, selectors: Sequence[NetworkSelector]) -> tuple[Attachment, ...]:
    """Return one attachment for each selector, or for each of its subnets, in their order.

    No selector at all means the project's only own network, as Nova itself had it before microversion 2.37.

    Raises:
        NotFound, Conflict: a selector does not mean exactly one thing.
    """
    if not selectors:
        return (Attachment((await _find_own_network(project)).id),)
    attachments: list[Attachment] = []
    for selector in selectors:
        attachments.extend(await _attachments_of(project, selector))
    return tuple(attachments)


async def _attachments_of(project: Project, selector: NetworkSelector) -> Sequence[Attachment]:
    query = merged_query(selector.filter, id=selector.uuid)
    network = await _find_network(project, query, describe_query(query))
    if not selector.subnets:
        return (Attachment(network.id, "", selector.fixed_ip),)
    subnets = [await _find_subnet(project, network, subnet) for subnet in selector.subnets]
    return [Attachment(network.id, subnet.id, selector.fixed_ip) for subnet in subnets]


async def _find_own_network(project: Project) -> Network:
    query = (("project_id", await project.client.project_id()), ("router:external", "false"))
    return await _find_network(project, query, "that is the project's only one (networks is empty in the spec)")


async def _find_network(project: Project, query: Query, selector: str) -> Network:
    call = Call(doing="looking for a network", service="network", method="GET", path="/networks", query=query)

    async def find() -> Network:
        return the_only(await project.client.list(call, "networks", Network), "network", selector)

    return await project.look_up(("network", query), find)


async def _find_subnet(project: Project, network: Network, selector: SubnetSelector) -> Subnet:
    query = merged_query(selector.filter, id=selector.uuid, network_id=network.id)
    call = Call(doing="looking for a subnet", service="network", method="GET", path="/subnets", query=query)

    async def find() -> Subnet:
        return the_only(await project.client.list(call, "subnets", Subnet), "subnet", describe_query(query))

    return await project.look_up(("subnet", query), find)
