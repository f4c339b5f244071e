"""Give out IPv4 addresses: the lowest free one of a subnet, or a chosen one that is free."""

import ipaddress
from collections.abc import Iterator, Sequence

import msgspec

from kubecapy.devcloud.refusals import bad_request, conflict, not_found
from kubecapy.devcloud.world.network import FixedIp, Subnet
from kubecapy.devcloud.world.world import World


class AddressWish(msgspec.Struct, frozen=True):
    """What a caller asks for: an address, a subnet, both; neither is refused."""

    subnet_id: str | None = None
    ip_address: str | None = None


def subnets_of(world: World, network_id: str) -> list[Subnet]:
    """Return the subnets of a network, oldest first."""
    return [subnet for subnet in world.subnets.values() if subnet.network_id == network_id]


def give_addresses(
    world: World, network_id: str, wishes: Sequence[AddressWish] | None, *, kept: Sequence[FixedIp] = ()
) -> tuple[FixedIp, ...]:
    """Return addresses on a network for `wishes`; `None` asks for one of the first subnet that has one free.

    Args:
        world: The state; not changed.
        network_id: The network.
        wishes: One per address.
        kept: Addresses that the asking port holds already and may keep.

    Raises:
        Refusal: 400 an address fits no subnet; 404 unknown subnet; 409 in use, or none left.
    """
    if wishes is None:
        return _give_any(world, network_id)
    given: list[FixedIp] = []
    for wish in wishes:
        given.append(_give_wished(world, network_id, wish, kept, given))
    return tuple(given)


def free_address(world: World, subnet: Subnet, taken: Sequence[FixedIp] = ()) -> str | None:
    """Return the lowest free address in the subnet's pools that is not among `taken`, `None` where all are used."""
    used = used_addresses(world, subnet) | {fixed.ip_address for fixed in taken}
    return next((address for address in _pool_addresses(subnet) if address not in used), None)


def used_addresses(world: World, subnet: Subnet) -> set[str]:
    """Return every address of `subnet` that a port or a floating IP holds."""
    on_ports = {
        fixed.ip_address for port in world.ports.values() for fixed in port.fixed_ips if fixed.subnet_id == subnet.id
    }
    floating = {
        floating_ip.floating_ip_address
        for floating_ip in world.floating_ips.values()
        if floating_ip.floating_network_id == subnet.network_id
    }
    return on_ports | floating


def already_allocated(address: str, subnet_id: str) -> Exception:
    """Return Neutron's refusal for an address that is taken."""
    return conflict(f"IP address {address} already allocated in subnet {subnet_id}", "IpAddressAlreadyAllocated")


def _give_any(world: World, network_id: str) -> tuple[FixedIp, ...]:
    subnets = subnets_of(world, network_id)
    if not subnets:
        return ()
    for subnet in subnets:
        address = free_address(world, subnet)
        if address is not None:
            return (FixedIp(subnet.id, address),)
    raise conflict(f"No more IP addresses available on network {network_id}.", "IpAddressGenerationFailure")


def _give_wished(
    world: World, network_id: str, wish: AddressWish, kept: Sequence[FixedIp], given: Sequence[FixedIp]
) -> FixedIp:
    subnet = _subnet_for(world, network_id, wish)
    if wish.ip_address is None:
        held = next((fixed for fixed in kept if fixed.subnet_id == subnet.id and fixed not in given), None)
        address = held.ip_address if held else free_address(world, subnet, given)
        if address is None:
            raise conflict(f"No more IP addresses available for subnet {subnet.id}.", "IpAddressGenerationFailure")
        return FixedIp(subnet.id, address)
    fixed = FixedIp(subnet.id, wish.ip_address)
    taken = fixed not in kept and wish.ip_address in used_addresses(world, subnet)
    if taken or fixed in given:
        raise already_allocated(wish.ip_address, subnet.id)
    return fixed


def _subnet_for(world: World, network_id: str, wish: AddressWish) -> Subnet:
    if wish.subnet_id is not None:
        return _named_subnet(world, network_id, wish.subnet_id, wish.ip_address)
    if wish.ip_address is None:
        raise bad_request("Invalid input for fixed_ips. Reason: IP allocation requires subnet_id or ip_address.")
    for subnet in subnets_of(world, network_id):
        if subnet.contains(wish.ip_address):
            return subnet
    raise bad_request(
        f"IP address {wish.ip_address} is not a valid IP for any of the subnets on the specified network.",
        "InvalidIpForNetwork",
    )


def _named_subnet(world: World, network_id: str, subnet_id: str, address: str | None) -> Subnet:
    subnet = world.subnets.get(subnet_id)
    if subnet is None:
        raise not_found(f"Subnet {subnet_id} could not be found.", "SubnetNotFound")
    if subnet.network_id != network_id:
        raise bad_request(
            f"Failed to create port on network {network_id}, because fixed_ips included invalid subnet {subnet_id}."
            if address is None
            else f"IP address {address} is not a valid IP for any of the subnets on the specified network.",
            "InvalidInput",
        )
    if address is not None and not subnet.contains(address):
        raise bad_request(f"IP address {address} is not a valid IP for the specified subnet.", "InvalidIpForSubnet")
    return subnet


def _pool_addresses(subnet: Subnet) -> Iterator[str]:
    for pool in subnet.allocation_pools:
        first, last = ipaddress.ip_address(pool.start), ipaddress.ip_address(pool.end)
        for number in range(int(first), int(last) + 1):
            yield str(ipaddress.ip_address(number))
