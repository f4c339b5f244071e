"""Allocate floating IPs and associate them with ports."""

import ipaddress
from datetime import datetime

from kubecapy.devcloud.refusals import bad_request, conflict, not_found
from kubecapy.devcloud.world import usage
from kubecapy.devcloud.world.addresses import AddressWish, free_address, give_addresses, subnets_of
from kubecapy.devcloud.world.network import (
    ROUTER_INTERFACE_OWNER,
    FixedIp,
    FloatingIp,
    Port,
    Router,
    revise,
    stamp,
)
from kubecapy.devcloud.world.world import World


def allocate_floating_ip(world: World, draft: FloatingIp, now: datetime, *, subnet_id: str | None = None) -> FloatingIp:
    """Store `draft` and return it; an empty `floating_ip_address` asks for any free one, of `subnet_id` where given.

    Raises:
        Refusal: 400 not an external network, or the address is not of it; 409 taken, none left, or quota used up.
    """
    network = world.networks.get(draft.floating_network_id)
    if network is None:
        raise not_found(f"Network {draft.floating_network_id} could not be found.", "NetworkNotFound")
    if not network.external:
        raise _bad(f"Network {network.id} is not a valid external network")
    usage.require_network_quota(world, draft.project_id, "floatingip")
    address = _choose_address(world, network.id, AddressWish(subnet_id, draft.floating_ip_address or None))
    floating_ip = stamp(
        FloatingIp(
            id=draft.id,
            project_id=draft.project_id,
            description=draft.description,
            floating_ip_address=address,
            floating_network_id=network.id,
        ),
        now,
    )
    world.floating_ips[floating_ip.id] = floating_ip
    return floating_ip


def associate(world: World, floating_ip: FloatingIp, port: Port, fixed_address: str | None, now: datetime) -> None:
    """Point `floating_ip` at an address of `port`; an association with another port moves, as on real Neutron.

    Args:
        world: The state.
        floating_ip: The floating IP.
        port: The port.
        fixed_address: Which of the port's addresses; `None` means its only IPv4 address.
        now: Time of the change.

    Raises:
        Refusal: 400 the port has no such address; 404 no router joins the networks; 409 the fixed address has
            another floating IP.
    """
    fixed = _choose_fixed(port, fixed_address)
    router = find_router_between(world, floating_ip.floating_network_id, fixed.subnet_id)
    if router is None:
        raise not_found(
            f"External network {floating_ip.floating_network_id} is not reachable from subnet {fixed.subnet_id}. "
            f" Therefore, cannot associate Port {port.id} with a Floating IP.",
            "ExternalGatewayForFloatingIPNotFound",
        )
    _require_no_other(world, floating_ip, port, fixed)
    world.floating_ips[floating_ip.id] = revise(
        floating_ip,
        now,
        port_id=port.id,
        fixed_ip_address=fixed.ip_address,
        router_id=router.id,
        status="ACTIVE",
    )


def disassociate(world: World, floating_ip: FloatingIp, now: datetime) -> None:
    """Free `floating_ip` from its port; it stays allocated to its project."""
    world.floating_ips[floating_ip.id] = revise(
        floating_ip, now, port_id=None, fixed_ip_address=None, router_id=None, status="DOWN"
    )


def disassociate_port(world: World, port_id: str, now: datetime) -> None:
    """Free every floating IP from a port."""
    for floating_ip in [item for item in world.floating_ips.values() if item.port_id == port_id]:
        disassociate(world, floating_ip, now)


def find_router_between(world: World, external_network_id: str, subnet_id: str) -> Router | None:
    """Return the router with its gateway on the one and an interface on the other, `None` where there is none."""
    for port in world.ports.values():
        if port.device_owner != ROUTER_INTERFACE_OWNER or all(ip.subnet_id != subnet_id for ip in port.fixed_ips):
            continue
        router = world.routers.get(port.device_id)
        if router is None or router.external_gateway_info is None:
            continue
        if router.external_gateway_info.network_id == external_network_id:
            return router
    return None


def _choose_address(world: World, network_id: str, wish: AddressWish) -> str:
    if wish != AddressWish():
        return give_addresses(world, network_id, [wish])[0].ip_address
    for subnet in subnets_of(world, network_id):
        address = free_address(world, subnet)
        if address is not None:
            return address
    raise conflict(f"No more IP addresses available on network {network_id}.", "IpAddressGenerationFailure")


def _choose_fixed(port: Port, wished: str | None) -> FixedIp:
    addresses = [fixed for fixed in port.fixed_ips if ipaddress.ip_address(fixed.ip_address).version == 4]
    if wished is not None:
        for fixed in addresses:
            if fixed.ip_address == wished:
                return fixed
        raise _bad(f"Port {port.id} does not have fixed ip {wished}")
    if not addresses:
        raise _bad(f"Cannot add floating IP to port {port.id} that has no fixed IPv4 addresses")
    if len(addresses) > 1:
        raise _bad(
            f"Port {port.id} has multiple fixed IPv4 addresses.  "
            "Must provide a specific IPv4 address when assigning a floating IP"
        )
    return addresses[0]


def _require_no_other(world: World, floating_ip: FloatingIp, port: Port, fixed: FixedIp) -> None:
    for other in world.floating_ips.values():
        same_target = other.port_id == port.id and other.fixed_ip_address == fixed.ip_address
        if other.id != floating_ip.id and same_target:
            raise conflict(
                f"Cannot associate floating IP {floating_ip.floating_ip_address} ({floating_ip.id}) with port "
                f"{port.id} using fixed IP {fixed.ip_address}, as that fixed IP already has a floating IP on "
                f"external network {floating_ip.floating_network_id}.",
                "FloatingIPPortAlreadyAssociated",
            )


def _bad(message: str) -> Exception:
    return bad_request(f"Bad floatingip request: {message}.", "BadRequest")
