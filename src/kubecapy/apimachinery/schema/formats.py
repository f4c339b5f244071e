"""Decide whether a string is of a named OpenAPI format.

The formats are those that the API server checks; an unknown format is accepted, as there.
Source: k8s.io/apiextensions-apiserver/pkg/apiserver/validation/formats.go.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from kubecapy.apimachinery.times import parse_time

_LABEL: Final = r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_HOSTNAME: Final = re.compile(rf"({_LABEL}\.)*{_LABEL}")
_MAC: Final = re.compile(r"([0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}|([0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4}")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}")
_DURATION_PART: Final = r"(\d+(\.\d*)?|\.\d+)(ns|us|\u00b5s|ms|s|m|h)"
_DURATION: Final = re.compile(rf"[-+]?(0|({_DURATION_PART})+)")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[-+]\d\d:\d\d)")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")


def _accepts(parse: Callable[[str], object]) -> Callable[[str], bool]:
    """Return a check that holds where `parse` raises no ValueError."""

    def holds(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return holds


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True


def _is_uri(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme) or text.startswith("/")


def _parse_date_time(text: str) -> object:
    if _TIME.fullmatch(text) is None:
        raise ValueError(text)
    return parse_time(text.upper())


def _parse_date(text: str) -> object:
    # Python also reads the basic form and week dates, which RFC 3339 does not have.
    if len(text) != 10 or "W" in text:
        raise ValueError(text)
    return date.fromisoformat(text)


def _parse_network(text: str) -> object:
    if "/" not in text:
        raise ValueError(text)
    return ipaddress.ip_network(text, strict=False)


FORMATS: Final[Mapping[str, Callable[[str], bool]]] = MappingProxyType(
    {
        "byte": _is_base64,
        "cidr": _accepts(_parse_network),
        "date": _accepts(_parse_date),
        "date-time": _accepts(_parse_date_time),
        "datetime": _accepts(_parse_date_time),
        "duration": _matches(_DURATION),
        "email": _matches(_EMAIL),
        "hostname": _matches(_HOSTNAME),
        "ipv4": _accepts(ipaddress.IPv4Address),
        "ipv6": _accepts(ipaddress.IPv6Address),
        "mac": _matches(_MAC),
        "uri": _is_uri,
        "uuid": _matches(_UUID),
    }
)
"""Format name to its check."""

INTEGER_RANGES: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
)
"""Format name to the least and the greatest integer of it."""
