"""Addresses and networks as values of rules: `cidr('10.0.0.0/8').containsIP('10.1.2.3')`.

Each is a map of one entry, its canonical text, because the CEL library carries no values of other kinds.

Sources: pkg/cel/library/ip.go and cidr.go of k8s.io/apiserver; net/netip of Go 1.26.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from kubecapy.apimachinery.addresses import Address, parse_address
from kubecapy.apimachinery.go_text import go_quote

_IP: Final = "net.IP"
_CIDR: Final = "net.CIDR"
_LENGTH: Final = re.compile("0|[1-9][0-9]{0,2}")
Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface


def _ip(value: str | dict[str, str]) -> dict[str, str]:
    """Return the address that a text is, or that a network was written with."""
    if isinstance(value, dict):
        return {_IP: str(_interface(value).ip)}
    return {_IP: str(_parse_ip(value))}


def _parse_ip(text: str) -> Address:
    try:
        address = parse_address(text)
    except ValueError:
        why = f"ParseAddr({go_quote(text)}): unable to parse IP"
        raise ValueError(f"IP Address {go_quote(text)} parse error during conversion from string: {why}") from None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        raise ValueError(f"IPv4-mapped IPv6 address {go_quote(text)} is not allowed")
    return address


def _cidr(text: str) -> dict[str, str]:
    return {_CIDR: str(_parse_cidr(text))}


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


def _address(value: dict[str, str]) -> Address:
    return ipaddress.ip_address(value[_IP])


def _interface(value: dict[str, str]) -> Interface:
    return ipaddress.ip_interface(value[_CIDR])


def _is_global_unicast(value: dict[str, str]) -> bool:
    address = _address(value)
    is_broadcast = address == ipaddress.IPv4Address("255.255.255.255")
    special = address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local
    return not special and not is_broadcast


def _is_link_local_multicast(value: dict[str, str]) -> bool:
    address = _address(value)
    if isinstance(address, ipaddress.IPv4Address):
        return address in ipaddress.ip_network("224.0.0.0/24")
    return address.packed[0] == 0xFF and address.packed[1] & 0x0F == 0x02


def _contains_ip(network: dict[str, str], address: str | dict[str, str]) -> bool:
    inner = _parse_ip(address) if isinstance(address, str) else _address(address)
    return inner in _interface(network).network


def _contains_cidr(network: dict[str, str], other: str | dict[str, str]) -> bool:
    outer = _interface(network).network
    inner = _parse_cidr(other) if isinstance(other, str) else _interface(other)
    return inner.ip in outer and outer.prefixlen <= inner.network.prefixlen


def _text(value: dict[str, str]) -> str:
    """Return the text of an address or a network; the library itself converts other values."""
    if _IP in value or _CIDR in value:
        return next(iter(value.values()))
    raise ValueError("no such overload")


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "ip": _ip,
        "isIP": _is(_parse_ip),
        "ip.isCanonical": lambda text: str(_parse_ip(text)) == text,
        "family": lambda value: _address(value).version,
        "isUnspecified": lambda value: _address(value).is_unspecified,
        "isLoopback": lambda value: _address(value).is_loopback,
        "isLinkLocalUnicast": lambda value: _address(value).is_link_local,
        "isLinkLocalMulticast": _is_link_local_multicast,
        "isGlobalUnicast": _is_global_unicast,
        "cidr": _cidr,
        "isCIDR": _is(_parse_cidr),
        "containsIP": _contains_ip,
        "containsCIDR": _contains_cidr,
        "masked": lambda value: {_CIDR: str(_interface(value).network)},
        "prefixLength": lambda value: _interface(value).network.prefixlen,
        "string": _text,
    }
)
