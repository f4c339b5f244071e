"""Addresses and networks as values of rules: `cidr('10.0.0.0/8').containsIP('10.1.2.3')`.

An address is one of Python's, and a network an interface: it keeps the address that it was written with.

Sources: pkg/cel/library/ip.go and cidr.go of k8s.io/apiserver; net/netip of Go 1.26.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from kubecapy.apimachinery.addresses import Address, parse_address
from kubecapy.apimachinery.go_text import go_quote

_LENGTH: Final = re.compile("0|[1-9][0-9]{0,2}")
Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface


def _ip(value: str | Interface) -> Address:
    """Return the address that a text is, or that a network was written with."""
    return _parse_ip(value) if isinstance(value, str) else value.ip


def _parse_ip(text: str) -> Address:
    try:
        address = parse_address(text)
    except ValueError:
        why = f"ParseAddr({go_quote(text)}): unable to parse IP"
        raise ValueError(f"IP Address {go_quote(text)} parse error during conversion from string: {why}") from None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        raise ValueError(f"IPv4-mapped IPv6 address {go_quote(text)} is not allowed")
    return address


def _parse_cidr(text: str) -> Interface:
    failed = "network address parse error during conversion from string: "
    address, slash, length = text.rpartition("/")
    if not slash:
        raise ValueError(f"{failed * 2}netip.ParsePrefix({go_quote(text)}): no '/'")
    try:
        parse_address(address)
        # A mask, a sign and leading zeros are Python's alone.
        interface = ipaddress.ip_interface(text if _LENGTH.fullmatch(length) else "")
    except ValueError:
        raise ValueError(f"{failed * 2}netip.ParsePrefix({go_quote(text)}): bad prefix") from None
    if isinstance(interface, ipaddress.IPv6Interface) and interface.ip.ipv4_mapped:
        raise ValueError(f"{failed}IPv4-mapped IPv6 address {go_quote(text)} is not allowed")
    return interface


def _is(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def holds(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return holds


def _is_global_unicast(address: Address) -> bool:
    is_broadcast = address == ipaddress.IPv4Address("255.255.255.255")
    special = address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local
    return not special and not is_broadcast


def _is_link_local_multicast(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return address in ipaddress.ip_network("224.0.0.0/24")
    return address.packed[0] == 0xFF and address.packed[1] & 0x0F == 0x02


def _contains_ip(network: Interface, address: str | Address) -> bool:
    return (_parse_ip(address) if isinstance(address, str) else address) in network.network


def _contains_cidr(outer: Interface, other: str | Interface) -> bool:
    inner = _parse_cidr(other) if isinstance(other, str) else other
    return inner.ip in outer.network and outer.network.prefixlen <= inner.network.prefixlen


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "ip": _ip,
        "isIP": _is(_parse_ip),
        "ip.isCanonical": lambda text: str(_parse_ip(text)) == text,
        "family": lambda address: address.version,
        "isUnspecified": lambda address: address.is_unspecified,
        "isLoopback": lambda address: address.is_loopback,
        "isLinkLocalUnicast": lambda address: address.is_link_local,
        "isLinkLocalMulticast": _is_link_local_multicast,
        "isGlobalUnicast": _is_global_unicast,
        "cidr": _parse_cidr,
        "isCIDR": _is(_parse_cidr),
        "containsIP": _contains_ip,
        "containsCIDR": _contains_cidr,
        "masked": lambda network: ipaddress.ip_interface(network.network),
        "prefixLength": lambda network: network.network.prefixlen,
    }
)
