"""Named formats as values of rules: `format.dns1123Label().validate(self)`.

Source: pkg/cel/library/format.go of k8s.io/apiserver.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import msgspec

from kubecapy.apimachinery.cel_functions.moments import read_timestamp
from kubecapy.apimachinery.names import label_value_errors, qualified_name_errors, validate_dns1035_label, validate_name
from kubecapy.apimachinery.urls import UrlError, parse_request_uri

_UUID: Final = "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"
_BASE64: Final = "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})"
_DATE: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
Check = Callable[[str], list[str]]
"""Returns what is wrong with a text; nothing where it is of the format."""


def _one(message: str | None) -> list[str]:
    return [message] if message else []


def _uri(text: str) -> list[str]:
    try:
        parse_request_uri(text)
    except UrlError as error:
        return [str(error)]
    return []


def _prefix(check: Check) -> Check:
    """Return the check of what a name begins with, which may end in a hyphen that something follows."""
    return lambda text: check(f"{text[:-1]}a" if len(text) > 1 and text.endswith("-") else text)


def _label(text: str) -> list[str]:
    return _one(validate_name(text, "label"))


def _subdomain(text: str) -> list[str]:
    return _one(validate_name(text, "subdomain"))


def _old_label(text: str) -> list[str]:
    return _one(validate_dns1035_label(text))


def _unless(holds: Callable[[str], object], message: str) -> Check:
    return lambda text: [] if holds(text) else [message]


def _is_date(text: str) -> bool:
    return _DATE.fullmatch(text) is not None and _can_be(date.fromisoformat, text)


def _is_timestamp(text: str) -> bool:
    return _can_be(read_timestamp, text)


def _can_be(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


_FORMATS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "dns1123Label": _label,
        "dns1123Subdomain": _subdomain,
        "dns1035Label": _old_label,
        "dns1123LabelPrefix": _prefix(_label),
        "dns1123SubdomainPrefix": _prefix(_subdomain),
        "dns1035LabelPrefix": _prefix(_old_label),
        "qualifiedName": qualified_name_errors,
        "labelValue": label_value_errors,
        "uri": _uri,
        "uuid": _unless(re.compile(_UUID).fullmatch, "does not match the UUID format"),
        "byte": _unless(re.compile(_BASE64).fullmatch, "invalid base64"),
        "date": _unless(_is_date, "invalid date"),
        "datetime": _unless(_is_timestamp, "invalid datetime"),
    }
)


class NamedFormat(msgspec.Struct, frozen=True):
    """One of the formats, by its name."""

    name: str


def find_format(name: str) -> NamedFormat | None:
    """Return the format of a name; None where there is none."""
    return NamedFormat(name) if name in _FORMATS else None


def find_faults(named: NamedFormat, text: str) -> list[str] | None:
    """Return what is wrong with a text by a format; None where nothing is."""
    return _FORMATS[named.name](text) or None


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {f"format.{name}": partial(NamedFormat, name) for name in _FORMATS}
)
