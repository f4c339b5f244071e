"""URLs as values of rules: `url('https://example.org/a').getHost()`.

Source: pkg/cel/library/urls.go of k8s.io/apiserver.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qs, quote

import msgspec

from kubecapy.apimachinery.go_text import go_quote
from kubecapy.apimachinery.urls import Url, UrlError, parse_request_uri, parse_url

_PATH_LETTERS: Final = "$&+,/:;=@!'()*[]"
"""What Go leaves in a path beside letters, digits and `-_.~`."""


class WebAddress(msgspec.Struct, frozen=True):
    """A URL that was found right."""

    text: str


def _url(text: str) -> WebAddress:
    try:
        parse_request_uri(text)
    except UrlError as error:
        raise ValueError(f"URL parse error during conversion from string: parse {go_quote(text)}: {error}") from error
    return WebAddress(text)


def _is_url(text: str) -> bool:
    try:
        parse_request_uri(text)
    except UrlError:
        return False
    return True


def _parts(value: WebAddress) -> Url:
    # Asked for alone, a fragment would become part of the path.
    return parse_url(value.text)


def _query(value: WebAddress) -> dict[str, list[str]]:
    return parse_qs(_parts(value).query, keep_blank_values=True)


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "url": _url,
        "isURL": _is_url,
        "getScheme": lambda value: _parts(value).scheme,
        "getHost": lambda value: _parts(value).host,
        "getHostname": lambda value: _parts(value).hostname,
        "getPort": lambda value: _parts(value).port,
        "getEscapedPath": lambda value: quote(_parts(value).path, safe=_PATH_LETTERS),
        "getQuery": _query,
    }
)
