"""Named formats as values of rules: `format.dns1123Label().validate(self)`.

A format is a map of one entry, its name, because the CEL library carries no values of other kinds.

Limit: the formats uuid, byte, date and datetime are for schemas alone.

Source: pkg/cel/library/format.go of k8s.io/apiserver.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from kubecapy.apimachinery.cel_library import cel
from kubecapy.apimachinery.names import label_value_errors, qualified_name_errors, validate_dns1035_label, validate_name
from kubecapy.apimachinery.urls import UrlError, parse_request_uri

_KIND: Final = "kubernetes.NamedFormat"
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
    }
)


def _named(name: str) -> object:
    return cel.OptionalValue.of({_KIND: name}) if name in _FORMATS else cel.OptionalValue.none()


def _format(name: str) -> dict[str, str]:
    return {_KIND: name}


def _validate(value: dict[str, str], text: str) -> object:
    wrong = _FORMATS[value[_KIND]](text)
    return cel.OptionalValue.of(wrong) if wrong else cel.OptionalValue.none()


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "format.named": _named,
        "validate": _validate,
        **{f"format.{name}": partial(_format, name) for name in _FORMATS},
    }
)
