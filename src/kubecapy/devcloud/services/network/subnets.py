"""Keep subnets."""

import ipaddress
from collections.abc import Mapping
from datetime import datetime

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.messages import JsonObject
from kubecapy.devcloud.refusals import Refusal, bad_request, conflict, not_found
from kubecapy.devcloud.services.network.attributes import (
    Attribute,
    address,
    boolean,
    cidr,
    identifier,
    integer,
    list_of,
    mapping_of,
    nullable,
    policy_refused,
)
from kubecapy.devcloud.services.network.collection import render
from kubecapy.devcloud.world import usage
from kubecapy.devcloud.world.addresses import subnets_of
from kubecapy.devcloud.world.network import AllocationPool, Subnet, revise, stamp
from kubecapy.devcloud.world.ports import get_network
from kubecapy.devcloud.world.world import World

ATTRIBUTES: Mapping[str, Attribute] = {
    "network_id": Attribute(identifier, required=True, on_update=False),
    "cidr": Attribute(cidr, required=True, on_update=False),
    "ip_version": Attribute(integer, required=True, on_update=False),
    "gateway_ip": Attribute(nullable(address)),
    "enable_dhcp": Attribute(boolean),
    "allocation_pools": Attribute(list_of(mapping_of({"start": address, "end": address}, {}))),
    "dns_nameservers": Attribute(list_of(address)),
    "host_routes": Attribute(list_of(mapping_of({"destination": cidr, "nexthop": address}, {}))),
}


class Subnets:
    """The kind subnet."""

    singular = "subnet"
    path = "subnets"
    type = Subnet
    derived = frozenset({"subnetpool_id", "ipv6_ra_mode", "ipv6_address_mode"})
    attributes = ATTRIBUTES

    def __init__(self, world: World) -> None:
        """Keep the subnets of `world`."""
        self._world = world
        self.table = world.subnets

    def missing(self, identifier: str) -> Refusal:
        """Return Neutron's refusal for an unknown subnet."""
        return not_found(f"Subnet {identifier} could not be found.", "SubnetNotFound")

    def can_see(self, resource: Subnet, caller: Credentials) -> bool:
        """Return whether the subnet is the caller's, or its network is shared; external alone does not show it."""
        return caller.owns(resource.project_id) or self._world.networks[resource.network_id].shared

    def view(self, resource: Subnet, _caller: Credentials) -> JsonObject:
        """Return the subnet's JSON."""
        view = render(resource)
        return view | {"subnetpool_id": None, "ipv6_ra_mode": None, "ipv6_address_mode": None, "service_types": []}

    def create(self, values: JsonObject, caller: Credentials, now: datetime) -> Subnet:
        """Store a new subnet; without a wish the gateway is its first address and the pool all the rest.

        Raises:
            Refusal: 400 the addresses do not fit; 404 no such network; 409 quota used up.
        """
        network = get_network(self._world, values["network_id"])
        if not caller.owns(network.project_id):
            raise policy_refused("create_subnet")
        usage.require_network_quota(self._world, values["project_id"], "subnet")
        block = ipaddress.ip_network(values["cidr"])
        _check_block(block, values)
        self._require_separate(network.id, block)
        gateway = values.pop("gateway_ip", str(next(block.hosts())))
        pools = _read_pools(values.pop("allocation_pools", ()), block, gateway)
        subnet = stamp(
            Subnet(id=self._world.identifiers.uuid(), gateway_ip=gateway, allocation_pools=pools, **values), now
        )
        self.table[subnet.id] = subnet
        return subnet

    def update(
        self,
        resource: Subnet,
        values: JsonObject,
        _caller: Credentials,
        now: datetime,
    ) -> Subnet:
        """Change a subnet.

        Raises:
            Refusal: 400 the addresses do not fit; 409 a router uses the gateway address that would change.
        """
        block = ipaddress.ip_network(resource.cidr)
        if values.get("gateway_ip", resource.gateway_ip) != resource.gateway_ip:
            self._require_gateway_unused(resource)
        if "allocation_pools" in values:
            gateway = values.get("gateway_ip", resource.gateway_ip)
            values["allocation_pools"] = _read_pools(values["allocation_pools"], block, gateway)
        _check_block(block, {"ip_version": block.version, "enable_dhcp": resource.enable_dhcp, **values})
        changed = revise(resource, now, **values)
        self.table[resource.id] = changed
        return changed

    def delete(self, resource: Subnet, _caller: Credentials, _now: datetime) -> None:
        """Remove a subnet.

        Raises:
            Refusal: 409, a port has an address of it.
        """
        ports = self._world.ports.values()
        if any(fixed.subnet_id == resource.id for port in ports for fixed in port.fixed_ips):
            raise conflict(
                f"Unable to complete operation on subnet {resource.id}: "
                "One or more ports have an IP allocation from this subnet.",
                "SubnetInUse",
            )
        del self.table[resource.id]

    def _require_gateway_unused(self, subnet: Subnet) -> None:
        for port in self._world.ports.values():
            if any(ip.subnet_id == subnet.id and ip.ip_address == subnet.gateway_ip for ip in port.fixed_ips):
                raise conflict(
                    f"Current gateway ip {subnet.gateway_ip} already in use by port {port.id}. Unable to update.",
                    "GatewayIpInUse",
                )

    def _require_separate(self, network_id: str, block: ipaddress.IPv4Network | ipaddress.IPv6Network) -> None:
        for other in subnets_of(self._world, network_id):
            if ipaddress.ip_network(other.cidr).overlaps(block):
                raise _invalid(
                    f"Requested subnet with cidr: {block} for network: {network_id} overlaps with another subnet"
                )


def _check_block(block: ipaddress.IPv4Network | ipaddress.IPv6Network, values: JsonObject) -> None:
    if block.version != values["ip_version"]:
        raise _invalid(f"cidr '{block}' does not match the ip_version '{values['ip_version']}'")
    if block.is_loopback and values.get("enable_dhcp", True):
        raise _invalid("Loopback IP subnet is not supported if enable_dhcp is True")


def _read_pools(
    wishes: tuple[dict[str, str], ...], block: ipaddress.IPv4Network | ipaddress.IPv6Network, gateway: str | None
) -> tuple[AllocationPool, ...]:
    if not wishes:
        return default_pools(block, gateway)
    for wish in wishes:
        start, end = ipaddress.ip_address(wish["start"]), ipaddress.ip_address(wish["end"])
        if start not in block or end not in block:
            raise bad_request(
                f"The allocation pool {start}-{end} spans beyond the subnet cidr {block}.", "OutOfBoundsAllocationPool"
            )
        if int(start) > int(end):
            raise bad_request(f"The allocation pool {start}-{end} is not valid.", "InvalidAllocationPool")
    return tuple(AllocationPool(wish["start"], wish["end"]) for wish in wishes)


def default_pools(
    block: ipaddress.IPv4Network | ipaddress.IPv6Network, gateway: str | None
) -> tuple[AllocationPool, ...]:
    """Return pools with every host address of `block` but its `gateway`."""
    first, last = int(block.network_address) + 1, int(block.broadcast_address) - (block.version == 4)
    parts = [(first, last)]
    if gateway is not None:
        middle = int(ipaddress.ip_address(gateway))
        parts = [(first, min(last, middle - 1)), (max(first, middle + 1), last)]
    make = ipaddress.IPv4Address if block.version == 4 else ipaddress.IPv6Address
    return tuple(AllocationPool(str(make(start)), str(make(end))) for start, end in parts if start <= end)


def _invalid(reason: str) -> Refusal:
    return bad_request(f"Invalid input for operation: {reason}.", "InvalidInput")
