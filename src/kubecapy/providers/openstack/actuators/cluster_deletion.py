"""Remove what was made for a cluster, and only that, once no machine is left.

    floating addresses, ports, security groups
    router interface -> router -> subnet -> network

Everything is found by the cluster's mark, so that neither spec nor record is needed, and what was given is never
touched: it bears no mark. What Neutron refuses to remove is tried again later, with a sentence about what is in its
way; what hangs on it waits.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from kubecapy.contract.actuators import Deletion
from kubecapy.contract.errors import Conflict
from kubecapy.providers.openstack.api.cluster_status import ClusterProviderStatus
from kubecapy.providers.openstack.api.specs import decode_cluster_spec
from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.cluster_naming import ClusterOwner
from kubecapy.providers.openstack.services.hindrances import (
    describe_group_users,
    describe_interface_users,
    describe_network_users,
    describe_router_users,
)
from kubecapy.providers.openstack.services.kinds import NETWORKS, ROUTERS, SECURITY_GROUPS, SUBNETS, Kind, T
from kubecapy.providers.openstack.services.own_addresses import list_marked_addresses
from kubecapy.providers.openstack.services.owned import delete_owned, list_owned
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import Network, Subnet
from kubecapy.providers.openstack.services.routers import interfaces_among, remove_interface

LOOK_AGAIN_SECONDS: Final = 10.0


def may_have_made_something(record: ClusterProviderStatus, value: Mapping[str, Any] | None) -> bool:
    """Return whether the cloud may hold something of the cluster whose spec's value is `value`.

    The mark is recorded before the first thing is made. A spec that asks for something counts as well: the record of a
    restored object may be lost.
    """
    spec = decode_cluster_spec(value).value
    return bool(record.cluster_mark) or (spec is not None and spec.manages_something)


async def delete_shared(project: Project, owner: ClusterOwner) -> Deletion:
    """Bring the removal one step closer."""
    await _delete_floating_addresses(project, owner)
    await _delete_ports(project, owner)
    groups = await _delete_all(project, SECURITY_GROUPS, owner, describe_group_users)
    network = await _delete_network(project, owner)
    waiting_for = "; ".join(sentence for sentence in (groups, network) if sentence)
    return Deletion(gone=not waiting_for, waiting_for=waiting_for, retry_after_seconds=LOOK_AGAIN_SECONDS)


async def _delete_network(project: Project, owner: ClusterOwner) -> str:
    """Remove router, subnet and network; return what is in the way, empty where all are gone."""

    async def describe_subnet(project: Project, subnet: Subnet) -> str:
        return await describe_network_users(project, subnet.network_id)

    async def describe_network(project: Project, network: Network) -> str:
        return await describe_network_users(project, network.id)

    return (
        await _remove_interfaces(project, owner)
        or await _delete_all(project, ROUTERS, owner, describe_router_users)
        or await _delete_all(project, SUBNETS, owner, describe_subnet)
        or await _delete_all(project, NETWORKS, owner, describe_network)
    )


async def _delete_floating_addresses(project: Project, owner: ClusterOwner) -> None:
    """Release the addresses that were allocated for the cluster's machines; given ones bear no mark."""
    for floating in await list_marked_addresses(project, owner.mark):
        doing = f"releasing floating address {floating.floating_ip_address} of {owner}"
        path = f"/floatingips/{floating.id}"
        await project.client.delete(Call(doing=doing, service="network", method="DELETE", path=path))
        project.floating_addresses.note_deleted(floating.id)


async def _delete_ports(project: Project, owner: ClusterOwner) -> None:
    """Delete ports that machines left behind, but for those in a server's hands: the network then says which."""
    listing = project.ports(owner.description)
    for port in (await listing.read(project.freshness.changing)).values():
        if not port.device_id and not interfaces_among(owner, (port,)):
            doing = f"deleting port {port.name} of {owner}"
            path = f"/ports/{port.id}"
            await project.client.delete(Call(doing=doing, service="network", method="DELETE", path=path))
            listing.note_deleted(port.id)


async def _remove_interfaces(project: Project, owner: ClusterOwner) -> str:
    ports = (await project.ports(owner.description).read(project.freshness.changing)).values()
    for port in interfaces_among(owner, ports):
        try:
            await remove_interface(project, owner, port)
        except Conflict as error:
            return await describe_interface_users(project, port) or str(error)
    return ""


async def _delete_all(
    project: Project, kind: Kind[T], owner: ClusterOwner, describe: Callable[[Project, T], Awaitable[str]]
) -> str:
    """Delete every thing of the kind; return what is in the way of one, in Neutron's words where nobody knows."""
    blocked: list[str] = []
    for item in await list_owned(project, kind, owner, project.freshness.changing):
        try:
            await delete_owned(project, kind, owner, item)
        except Conflict as error:
            users = await describe(project, item)
            blocked.append(f"{kind.noun} {item.name}, in use by {users}" if users else str(error))
    return "; ".join(blocked)
