"""Find or make the router of a cluster, and join it to the cluster's subnet.

The interface is a port of our own that is handed to the router: so it bears the cluster's mark from the request on that
makes it, on an existing router too, and is told from interfaces that people add.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from kubecapy.contract.errors import Conflict, NotFound, ProviderError, Unavailable
from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.cluster_naming import ClusterOwner
from kubecapy.providers.openstack.services.kinds import ROUTERS
from kubecapy.providers.openstack.services.owned import OwnedWish, ensure_owned
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.quotas import Need, telling_what_is_left
from kubecapy.providers.openstack.services.resources import Port, Router
from kubecapy.telemetry.logs import V, get_logger

_LOG = get_logger(__name__)


class GatewayWish(msgspec.Struct, frozen=True):
    """Where a router leads."""

    network_id: str
    fixed_ips: tuple[dict[str, str], ...] = ()
    """Each with `ip_address`, `subnet_id` or both; empty lets Neutron choose."""


class InterfaceWish(msgspec.Struct, frozen=True):
    """Which subnet a router is joined to, and with which address."""

    router_id: str
    network_id: str
    subnet_id: str
    address: str


async def ensure_router(
    project: Project,
    owner: ClusterOwner,
    gateway: GatewayWish,
    tags: tuple[str, ...],
    recorded_id: str,
    max_age_seconds: float,
) -> Router:
    """Find or make the router.

    Raises:
        Conflict: it leads to another network than the spec wants: floating addresses hang on that.
    """
    wish = OwnedWish(owner.shared_name, owner.description, recorded_id, owner.tags_with(tags), _body(gateway))
    router = await ensure_owned(project, ROUTERS, owner, wish, max_age_seconds)
    leads_to = router.gateway.network_id if router.gateway else "no network"
    if leads_to != gateway.network_id:
        raise Conflict(
            f"router {router.name} ({router.id}) of {owner} leads to {leads_to}, the spec wants {gateway.network_id}; "
            f"set it: openstack router set --external-gateway {gateway.network_id} {router.id}"
        )
    return router


async def ensure_interface(project: Project, owner: ClusterOwner, wish: InterfaceWish, max_age_seconds: float) -> Port:
    """Join the router to the subnet; a port of ours that is joined already is left alone.

    Raises:
        Conflict: the port was joined to another router.
    """
    port = await find_interface(project, owner, max_age_seconds)
    if port is None:
        port = await _create_interface(project, owner, wish)
    if not port.device_id:
        port = await _join(project, owner, wish.router_id, port)
    if port.device_id != wish.router_id:
        raise Conflict(
            f"port {port.name} ({port.id}) joins the subnet of {owner} to router {port.device_id}, the spec wants "
            f"{wish.router_id}; part it: openstack router remove port {port.device_id} {port.id}"
        )
    return port


async def find_interface(project: Project, owner: ClusterOwner, max_age_seconds: float) -> Port | None:
    """Return the port that joins, or is to join, the subnet to its router; None where there is none.

    Raises:
        Conflict: there are several; the message names them.
    """
    for age in (max_age_seconds, project.freshness.changing):
        found = interfaces_among(owner, (await project.ports(owner.description).read(age)).values())
        if len(found) > 1:
            ids = ", ".join(port.id for port in found)
            raise Conflict(f"{owner} has several ports named {owner.interface_name}: {ids}; delete all but one")
        if found:
            return found[0]
    return None


def interfaces_among(owner: ClusterOwner, ports: Iterable[Port]) -> Sequence[Port]:
    """Return those of the cluster's ports that are a router's, or are to become it."""
    return [port for port in ports if port.name == owner.interface_name]


async def remove_interface(project: Project, owner: ClusterOwner, port: Port) -> None:
    """Part the router from the subnet, and remove the port; absent is success.

    Raises:
        Conflict: floating addresses need it.
    """
    _LOG.log(V(2), "removing port %s (%s) of %s from router %s", port.name, port.id, owner, port.device_id or "none")
    is_parted = bool(port.device_id) and await _part(project, owner, port)
    if not is_parted:
        doing = f"deleting port {port.name} of {owner}"
        await project.client.delete(Call(doing=doing, service="network", method="DELETE", path=f"/ports/{port.id}"))
    project.ports(owner.description).note_deleted(port.id)


def _body(gateway: GatewayWish) -> dict[str, Any]:
    info: dict[str, Any] = {"network_id": gateway.network_id}
    if gateway.fixed_ips:
        info["external_fixed_ips"] = list(gateway.fixed_ips)
    return {"admin_state_up": True, "external_gateway_info": info}


async def _create_interface(project: Project, owner: ClusterOwner, wish: InterfaceWish) -> Port:
    _LOG.log(V(2), "creating port %s of %s", owner.interface_name, owner)
    body = {
        "name": owner.interface_name,
        "description": owner.description,
        "network_id": wish.network_id,
        "fixed_ips": [{"subnet_id": wish.subnet_id, "ip_address": wish.address}],
        "security_groups": [],
    }
    doing = f"creating port {owner.interface_name} of {owner}"
    call = Call(doing=doing, service="network", method="POST", path="/ports")
    listing = project.ports(owner.description)
    try:
        async with telling_what_is_left(project, Need(ports=1)):
            port = await project.client.write(call, {"port": body}, "port", Port)
    except ProviderError as error:
        if isinstance(error, Unavailable):
            listing.invalidate()  # The port may be there all the same.
        raise
    listing.note_made(port)
    return port


async def _join(project: Project, owner: ClusterOwner, router_id: str, port: Port) -> Port:
    _LOG.log(V(2), "joining router %s to port %s (%s) of %s", router_id, port.name, port.id, owner)
    doing = f"joining router {router_id} to port {port.name} of {owner}"
    call = Call(doing=doing, service="network", method="PUT", path=f"/routers/{router_id}/add_router_interface")
    listing = project.ports(owner.description)
    try:
        await project.client.send(call, {"port_id": port.id})
    except ProviderError:
        listing.invalidate()  # The router may have it all the same.
        project.forget_references()
        raise
    joined = msgspec.structs.replace(port, device_id=router_id)
    listing.note_changed(joined)
    return joined


async def _part(project: Project, owner: ClusterOwner, port: Port) -> bool:
    """Part the router from the port, which Neutron deletes with it; False where the router does not know the port."""
    doing = f"parting router {port.device_id} from port {port.name} of {owner}"
    path = f"/routers/{port.device_id}/remove_router_interface"
    call = Call(doing=doing, service="network", method="PUT", path=path)
    try:
        await project.client.send(call, {"port_id": port.id})
    except NotFound:
        return False
    except ProviderError:
        project.ports(owner.description).invalidate()
        raise
    return True
