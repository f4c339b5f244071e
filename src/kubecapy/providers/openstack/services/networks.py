"""Find the networks and subnets that a spec names."""

from collections.abc import Sequence

import msgspec

from kubecapy.providers.openstack.api.ports_spec import FixedAddressWish
from kubecapy.providers.openstack.api.selectors import (
    NetworkReference,
    NetworkSelector,
    SubnetSelector,
    merged_query,
)
from kubecapy.providers.openstack.services.existing import find_existing
from kubecapy.providers.openstack.services.kinds import NETWORKS, SUBNETS
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import Network, Subnet


class FixedAddressChoice(msgspec.Struct, frozen=True):
    """What one address of a port must be; what is empty is left to Neutron."""

    subnet_id: str = ""
    address: str = ""


class Attachment(msgspec.Struct, frozen=True):
    """Where one port of a machine goes."""

    network_id: str
    fixed: tuple[FixedAddressChoice, ...] = ()
    """Empty lets Neutron choose."""


async def find_attachments(project: Project, selectors: Sequence[NetworkSelector]) -> tuple[Attachment, ...]:
    """Return one attachment for each selector, or for each of its subnets, in their order.

    Raises:
        NotFound, Conflict: a selector does not mean exactly one thing.
    """
    attachments: list[Attachment] = []
    for selector in selectors:
        attachments.extend(await _attachments_of(project, selector))
    return tuple(attachments)


async def find_own_network(project: Project) -> Attachment:
    """Return the project's only own network, as Nova itself took it before microversion 2.37.

    Raises:
        NotFound, Conflict: the project has none, or several.
    """
    query = (("project_id", await project.client.project_id()), ("router:external", "false"))
    selector = "that is the project's only one (the spec names none)"
    return Attachment((await find_existing(project, NETWORKS, query, selector)).id)


async def find_network(project: Project, reference: NetworkReference, *, is_external: bool = False) -> Network:
    """Return the network that `reference` means, among the external ones where `is_external`.

    Raises:
        NotFound, Conflict: it does not mean exactly one.
    """
    query = merged_query(reference.filter, id=reference.uuid, name=reference.name)
    if is_external:
        query = (*query, ("router:external", "true"))
    return await find_existing(project, NETWORKS, query)


async def find_subnet(project: Project, network_id: str, selector: SubnetSelector) -> Subnet:
    """Return the subnet of the network that `selector` means.

    Raises:
        NotFound, Conflict: it does not mean exactly one.
    """
    return await find_existing(project, SUBNETS, merged_query(selector.filter, id=selector.uuid, network_id=network_id))


async def find_fixed(
    project: Project, network_id: str, wishes: Sequence[FixedAddressWish]
) -> tuple[FixedAddressChoice, ...]:
    """Return the addresses that a port on the network must get, with ids in place of selectors.

    Raises:
        NotFound, Conflict: a selector does not mean exactly one subnet of that network.
    """
    return tuple([FixedAddressChoice(await _subnet_id(project, network_id, wish), wish.ip_address) for wish in wishes])


async def _attachments_of(project: Project, selector: NetworkSelector) -> Sequence[Attachment]:
    query = merged_query(selector.filter, id=selector.uuid)
    network = await find_existing(project, NETWORKS, query)
    if not selector.subnets:
        fixed = (FixedAddressChoice(address=selector.fixed_ip),) if selector.fixed_ip else ()
        return (Attachment(network.id, fixed),)
    subnets = [await find_subnet(project, network.id, subnet) for subnet in selector.subnets]
    return [Attachment(network.id, (FixedAddressChoice(subnet.id, selector.fixed_ip),)) for subnet in subnets]


async def _subnet_id(project: Project, network_id: str, wish: FixedAddressWish) -> str:
    return (await find_subnet(project, network_id, wish.subnet)).id if wish.subnet else ""
