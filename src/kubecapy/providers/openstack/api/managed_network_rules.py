"""Check what a cluster's spec says of the network, subnet and router that are made for it."""

import ipaddress
from collections.abc import Iterable
from typing import Final

from kubecapy.apimachinery.fields import FieldError
from kubecapy.providers.openstack.api.cluster_spec import AllocationPool, ClusterProviderSpec, RouterAddress
from kubecapy.providers.openstack.api.port_rules import reference_errors
from kubecapy.providers.openstack.api.shared_rules import address_errors, is_address, misfit, subnet_errors

PREFIX_LENGTH_MAX: Final = 29
"""A smaller range holds fewer than two machines beside the gateway and Neutron's own DHCP port."""
MTU_MIN: Final = 68
"""Limit: the smallest that IPv4 allows, and Neutron for it (RFC 791; neutron.common.ipv6_utils, IPV4_MIN_MTU)."""


def managed_network_errors(spec: ClusterProviderSpec, path: str) -> Iterable[FieldError]:
    """Return what is wrong with what the spec asks to be made."""
    if not spec.node_cidr:
        yield from _orphan_errors(spec, path)
        return
    try:
        block = ipaddress.ip_network(spec.node_cidr)
    except ValueError as error:
        yield FieldError(f"{path}.nodeCidr", "FieldValueInvalid", _cidr_detail(spec.node_cidr, error))
        return
    if not isinstance(block, ipaddress.IPv4Network):
        detail = "only IPv4 networks are made; for IPv6 or both name an existing network as `network`"
        yield FieldError(f"{path}.nodeCidr", "FieldValueInvalid", detail)
        return
    if block.prefixlen > PREFIX_LENGTH_MAX:
        detail = f"{block} is too small for machines, use /{PREFIX_LENGTH_MAX} or larger"
        yield FieldError(f"{path}.nodeCidr", "FieldValueInvalid", detail)
    yield from _subnet_errors(spec, block, path)
    yield from _external_errors(spec, path)


def _orphan_errors(spec: ClusterProviderSpec, path: str) -> Iterable[FieldError]:
    """Refuse what describes the managed network where none is asked for: it would have no effect."""
    given = {
        "dnsNameservers": spec.dns_nameservers,
        "allocationPools": spec.allocation_pools,
        "gatewayIP": spec.gateway_ip,
        "disableDHCP": spec.disable_dhcp,
        "networkMTU": spec.network_mtu,
        "disablePortSecurity": spec.disable_port_security,
        "externalNetworkId": spec.external_network_id,
        "externalNetwork": spec.external_network,
        "externalRouterIPs": spec.external_router_ips,
    }
    for name, value in given.items():
        if value:
            yield misfit(path, name, "it has an effect only on a network of our own, give nodeCidr or leave it out")


def _subnet_errors(spec: ClusterProviderSpec, block: ipaddress.IPv4Network, path: str) -> Iterable[FieldError]:
    for index, server in enumerate(spec.dns_nameservers):
        yield from address_errors(server or "empty", f"{path}.dnsNameservers[{index}]")
    if spec.gateway_ip:
        yield from _inside_errors(spec.gateway_ip, block, f"{path}.gatewayIP")
    if spec.network_mtu and spec.network_mtu < MTU_MIN:
        yield FieldError(f"{path}.networkMTU", "FieldValueInvalid", f"an MTU is at least {MTU_MIN}")
    gateway = spec.gateway_ip or str(block.network_address + 1)
    for index, pool in enumerate(spec.allocation_pools):
        yield from _pool_errors(pool, block, gateway, f"{path}.allocationPools[{index}]")


def _pool_errors(pool: AllocationPool, block: ipaddress.IPv4Network, gateway: str, path: str) -> Iterable[FieldError]:
    errors = [
        *_inside_errors(pool.start, block, f"{path}.start"),
        *_inside_errors(pool.end, block, f"{path}.end"),
    ]
    yield from errors
    if errors:
        return
    start, end = ipaddress.ip_address(pool.start), ipaddress.ip_address(pool.end)
    if int(start) > int(end):
        yield FieldError(path, "FieldValueInvalid", f"{start} comes after {end}")
    elif is_address(gateway) and int(start) <= int(ipaddress.ip_address(gateway)) <= int(end):
        # Neutron refuses it: GatewayConflictWithAllocationPools.
        yield FieldError(path, "FieldValueInvalid", f"it holds the gateway {gateway}, leave that out")


def _external_errors(spec: ClusterProviderSpec, path: str) -> Iterable[FieldError]:
    yield from reference_errors(spec.external_network, f"{path}.externalNetwork")
    if spec.external_network is not None and spec.external_network_id:
        yield misfit(path, "externalNetwork", "externalNetworkId names one already, leave one of them out")
    if spec.external_router_ips and not spec.wants_router:
        yield misfit(path, "externalRouterIPs", "there is no router without externalNetworkId")
    for index, address in enumerate(spec.external_router_ips):
        yield from _router_address_errors(address, f"{path}.externalRouterIPs[{index}]")


def _router_address_errors(address: RouterAddress, path: str) -> Iterable[FieldError]:
    if not address.fixed_ip and address.subnet is None:
        yield FieldError(path, "FieldValueRequired", "give fixedIP, subnet or both")
    yield from address_errors(address.fixed_ip, f"{path}.fixedIP")
    if address.subnet is not None:
        yield from subnet_errors(address.subnet, f"{path}.subnet")


def _inside_errors(address: str, block: ipaddress.IPv4Network, path: str) -> Iterable[FieldError]:
    if not is_address(address):
        yield FieldError(path, "FieldValueInvalid", f'"{address}" is not an IP address')
    elif ipaddress.ip_address(address) not in block:
        yield FieldError(path, "FieldValueInvalid", f"{address} is not in nodeCidr {block}")


def _cidr_detail(text: str, error: ValueError) -> str:
    """Return what is wrong with a range; host bits, the common slip, come with the range that was meant."""
    if "host bits" not in str(error):
        return f'"{text}" is not a range of addresses, write one such as 10.6.0.0/24'
    return f"{text} is an address in a range, write {ipaddress.ip_network(text, strict=False)}"
