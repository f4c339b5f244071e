"""Join networks by routers: interfaces to subnets, the gateway to an external network."""

import ipaddress
from collections.abc import Sequence
from datetime import datetime

from kubecapy.devcloud.refusals import bad_request, conflict, not_found
from kubecapy.devcloud.world.addresses import AddressWish
from kubecapy.devcloud.world.network import (
    ROUTER_GATEWAY_OWNER,
    ROUTER_INTERFACE_OWNER,
    ExternalGateway,
    Port,
    Router,
    Subnet,
    revise,
)
from kubecapy.devcloud.world.ports import get_network, get_port, make_port, ports_of_device, remove_port
from kubecapy.devcloud.world.world import World


def get_subnet(world: World, subnet_id: str) -> Subnet:
    """Return a subnet.

    Raises:
        Refusal: 404, there is none.
    """
    subnet = world.subnets.get(subnet_id)
    if subnet is None:
        raise not_found(f"Subnet {subnet_id} could not be found.", "SubnetNotFound")
    return subnet


def interfaces_of(world: World, router_id: str) -> list[Port]:
    """Return the interface ports of a router, without its gateway."""
    return [port for port in ports_of_device(world, router_id) if port.device_owner == ROUTER_INTERFACE_OWNER]


def set_gateway(
    world: World,
    router: Router,
    network_id: str | None,
    now: datetime,
    *,
    enable_snat: bool = True,
    addresses: Sequence[AddressWish] = (),
) -> Router:
    """Give `router` its way out through `network_id`, or take it away with `None`; return the new router.

    `addresses` are those wished for on that network; none asks for any one, and a router that leads there keeps its.

    Raises:
        Refusal: 400 not an external network; 409 a floating IP needs the present gateway.
    """
    present = router.external_gateway_info
    if present is not None and present.network_id == network_id:
        return router
    if network_id is not None and not get_network(world, network_id).external:
        raise bad_request(f"Bad router request: Network {network_id} is not an external network.", "BadRequest")
    if present is not None:
        _require_gateway_unused(world, router, present)
    old_ports = [port for port in ports_of_device(world, router.id) if port.device_owner == ROUTER_GATEWAY_OWNER]
    # Order: the new gateway first, since it may be refused for want of an address.
    gateway = None
    if network_id is not None:
        port = _open_gateway(world, router, network_id, addresses, now)
        gateway = ExternalGateway(network_id, port.fixed_ips, enable_snat)
    for port in old_ports:
        remove_port(world, port, now)
    changed = revise(router, now, external_gateway_info=gateway)
    world.routers[router.id] = changed
    return changed


def add_subnet_interface(world: World, router: Router, subnet: Subnet, now: datetime) -> Port:
    """Join `router` to `subnet` by a new port that takes the subnet's gateway address.

    Raises:
        Refusal: 400 joined already, overlapping, or no gateway address; 409 the gateway address is in use.
    """
    if subnet.gateway_ip is None:
        raise bad_request("Bad router request: Subnet for router interface must have a gateway IP.", "BadRequest")
    _require_separate(world, router, subnet)
    draft = Port(
        id=world.identifiers.uuid(),
        project_id=router.project_id,
        network_id=subnet.network_id,
        mac_address=world.identifiers.mac_address(),
        device_id=router.id,
        device_owner=ROUTER_INTERFACE_OWNER,
        status="ACTIVE",
    )
    return make_port(world, draft, [AddressWish(subnet.id, subnet.gateway_ip)], now)


def add_port_interface(world: World, router: Router, port_id: str, now: datetime) -> Port:
    """Join `router` to the subnet of an unused port.

    Raises:
        Refusal: 400 the port has not exactly one address; 404 no such port; 409 the port has a device.
    """
    port = get_port(world, port_id)
    if port.device_id:
        raise conflict(
            f"Unable to complete operation on port {port.id} for network {port.network_id}. "
            f"Port already has an attached device {port.device_id}.",
            "PortInUse",
        )
    if len(port.fixed_ips) != 1:
        raise bad_request("Bad router request: Router port must have exactly one fixed IP.", "BadRequest")
    _require_separate(world, router, get_subnet(world, port.fixed_ips[0].subnet_id))
    joined = revise(port, now, device_id=router.id, device_owner=ROUTER_INTERFACE_OWNER, status="ACTIVE")
    world.ports[port.id] = joined
    return joined


def remove_interface(world: World, router: Router, port: Port, now: datetime) -> None:
    """Part `router` from the subnet of its interface `port`; the port is removed, as on real Neutron.

    Raises:
        Refusal: 409, a floating IP needs the interface.
    """
    subnet_ids = {fixed.subnet_id for fixed in port.fixed_ips}
    for floating_ip in world.floating_ips.values():
        target = world.ports.get(floating_ip.port_id or "")
        if floating_ip.router_id == router.id and target and subnet_ids & {ip.subnet_id for ip in target.fixed_ips}:
            raise conflict(
                f"Router interface for subnet {next(iter(subnet_ids))} on router {router.id} cannot be deleted, "
                "as it is required by one or more floating IPs.",
                "RouterInterfaceInUseByFloatingIP",
            )
    remove_port(world, port, now)


def find_interface(world: World, router: Router, subnet_id: str) -> Port | None:
    """Return the interface of `router` on a subnet, `None` where there is none."""
    for port in interfaces_of(world, router.id):
        if any(fixed.subnet_id == subnet_id for fixed in port.fixed_ips):
            return port
    return None


def remove_router(world: World, router: Router, now: datetime) -> None:
    """Remove `router` with its gateway.

    Raises:
        Refusal: 409, it has interfaces, or a floating IP needs it.
    """
    interfaces = interfaces_of(world, router.id)
    if interfaces:
        attached = ", ".join(port.id for port in interfaces)
        raise conflict(f"Router {router.id} has ports still attached: {attached}", "RouterInUse")
    set_gateway(world, router, None, now)
    del world.routers[router.id]


def _require_separate(world: World, router: Router, subnet: Subnet) -> None:
    wished = ipaddress.ip_network(subnet.cidr)
    for port in interfaces_of(world, router.id):
        for fixed in port.fixed_ips:
            other = world.subnets[fixed.subnet_id]
            if other.id == subnet.id:
                raise bad_request(f"Bad router request: Router already has a port on subnet {subnet.id}.", "BadRequest")
            if ipaddress.ip_network(other.cidr).overlaps(wished):
                raise bad_request(
                    f"Bad router request: Cidr {subnet.cidr} of subnet {subnet.id} overlaps with cidr {other.cidr} "
                    f"of subnet {other.id}.",
                    "BadRequest",
                )


def _open_gateway(
    world: World, router: Router, network_id: str, addresses: Sequence[AddressWish], now: datetime
) -> Port:
    draft = Port(
        id=world.identifiers.uuid(),
        project_id="",  # Neutron hides the gateway port from the project: it belongs to nobody.
        network_id=network_id,
        mac_address=world.identifiers.mac_address(),
        device_id=router.id,
        device_owner=ROUTER_GATEWAY_OWNER,
        status="ACTIVE",
    )
    return make_port(world, draft, addresses or None, now)


def _require_gateway_unused(world: World, router: Router, gateway: ExternalGateway) -> None:
    if any(floating_ip.router_id == router.id for floating_ip in world.floating_ips.values()):
        raise conflict(
            f"Gateway cannot be updated for router {router.id}, since a gateway to external network "
            f"{gateway.network_id} is required by one or more floating IPs.",
            "RouterExternalGatewayInUseByFloatingIp",
        )
