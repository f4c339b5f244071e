"""Read IP addresses and networks as Go reads them."""

import ipaddress
import re
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_DIGITS: Final = re.compile(r"[0-9]+")
_MAC: Final = re.compile(
    r"[0-9a-fA-F]{2}(?P<sep>[:-])[0-9a-fA-F]{2}(?:(?P=sep)[0-9a-fA-F]{2})*|[0-9a-fA-F]{4}(?:\.[0-9a-fA-F]{4})+"
)
_MAC_DIGITS: Final = frozenset({12, 16, 40})


def parse_address(text: str) -> Address:
    """Return the address that `text` is; numbers of IPv4 have no leading zeros, and there is no zone.

    Raises:
        ValueError: it is none.
    """
    if "%" in text or "/" in text:
        raise ValueError(text)
    return ipaddress.ip_address(text)


def parse_address_sloppily(text: str) -> Address:
    """Return the address that `text` is; numbers of IPv4 may have leading zeros and are decimal all the same.

    Raises:
        ValueError: it is none.
    """
    head, separator, tail = text.rpartition(":")
    return parse_address(f"{head}{separator}{_without_leading_zeros(tail)}" if "." in tail else text)


def parse_network_sloppily(text: str) -> tuple[Address, int]:
    """Return address and prefix length of the network that `text` is, read as `parse_address_sloppily` does.

    Raises:
        ValueError: it is none.
    """
    address_text, slash, length_text = text.partition("/")
    address = parse_address_sloppily(address_text)
    if not slash or _DIGITS.fullmatch(length_text) is None or int(length_text) > address.max_prefixlen:
        raise ValueError(text)
    return address, int(length_text)


def is_hardware_address(text: str) -> bool:
    """Return whether `text` is a MAC address of 6, 8 or 20 bytes, in one of its three forms."""
    return _MAC.fullmatch(text) is not None and sum(map(str.isalnum, text)) in _MAC_DIGITS


def _without_leading_zeros(text: str) -> str:
    parts = text.split(".")
    if len(parts) != 4 or not all(_DIGITS.fullmatch(part) for part in parts):
        raise ValueError(text)
    return ".".join(str(int(part)) for part in parts)
