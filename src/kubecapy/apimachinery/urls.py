"""Read URLs as Go does: any, or such as requests may have, which are absolute or a path from the root.

Source: net/url of Go 1.26.
"""

import re
from typing import Final

import msgspec

from kubecapy.apimachinery.addresses import parse_address

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})|%")
_USER: Final = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
_HOST: Final = re.compile(r"[A-Za-z0-9\-_.~!$&'()*+,;=:\[\]<>\"%\x80-\U0010ffff]*")
_PORT: Final = re.compile(r"(?::[0-9]*)?")


class UrlError(ValueError):
    """The text is no URL; the message says why, in Go's words."""


class Url(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a URL, without what escapes them."""

    scheme: str = ""
    opaque: str = ""
    user: str | None = None
    host: str = ""
    """With the port, where one is given."""
    path: str = ""
    raw_path: str = ""
    """As written."""
    query: str = ""
    fragment: str = ""

    @property
    def hostname(self) -> str:
        """The host without port and brackets."""
        if self.host.startswith("["):
            return self.host[1:].partition("]")[0]
        return self.host.partition(":")[0]

    @property
    def port(self) -> str:
        """The port as written; empty where there is none."""
        rest = self.host.partition("]")[2] if self.host.startswith("[") else self.host
        return rest.partition(":")[2]


def parse_request_uri(text: str) -> Url:
    """Return the parts of `text`.

    Raises:
        UrlError: it is neither absolute nor a path from the root, or a part is malformed.
    """
    if not text:
        raise UrlError("empty url")
    return _parse(text, is_request=True)


def parse_url(text: str) -> Url:
    """Return the parts of `text`, which may be relative and have a fragment.

    Raises:
        UrlError: a part is malformed.
    """
    before, _, fragment = text.partition("#")
    return msgspec.structs.replace(_parse(before, is_request=False), fragment=_unescape(fragment))


def _parse(text: str, *, is_request: bool) -> Url:
    if _CONTROL.search(text):
        raise UrlError("net/url: invalid control character in URL")
    if text == "*":
        return Url(path="*", raw_path="*")
    scheme, rest = _split_scheme(text)
    rest, _, query = rest.partition("?")
    if not rest.startswith("/"):
        if scheme:
            return Url(scheme=scheme, opaque=rest, query=query)
        if is_request:
            raise UrlError("invalid URI for request")
        if ":" in rest.partition("/")[0]:
            raise UrlError("first path segment in URL cannot contain colon")
    if rest.startswith("//") and (scheme or not (is_request or rest.startswith("///"))):
        authority, slash, path = rest[2:].partition("/")
        user, host = _parse_authority(authority)
        return Url(
            scheme=scheme, user=user, host=host, path=_unescape(slash + path), raw_path=slash + path, query=query
        )
    return Url(scheme=scheme, path=_unescape(rest), raw_path=rest, query=query)


def _split_scheme(text: str) -> tuple[str, str]:
    if text.startswith(":"):
        raise UrlError("missing protocol scheme")
    match = _SCHEME.match(text)
    return (match[1].lower(), text[match.end() :]) if match else ("", text)


def _parse_authority(authority: str) -> tuple[str | None, str]:
    user, at, host = authority.rpartition("@")
    host = _parse_host(host)
    if not at:
        return None, host
    if _USER.fullmatch(user) is None:
        raise UrlError("net/url: invalid userinfo")
    return _unescape(user), host


def _parse_host(host: str) -> str:
    if host.startswith("["):
        inside, bracket, rest = host[1:].rpartition("]")
        if not bracket:
            raise UrlError("missing ']' in host")
        _check_port(rest)
        _check_literal(inside)
    elif ":" in host:
        _check_port(host[host.rindex(":") :])
    if _HOST.fullmatch(host) is None:
        wrong = next(character for character in host if _HOST.fullmatch(character) is None)
        raise UrlError(f'invalid character "{wrong}" in host name')
    return _unescape(host, is_host=True)


def _check_port(text: str) -> None:
    if _PORT.fullmatch(text) is None:
        raise UrlError(f'invalid port "{text}" after host')


def _check_literal(text: str) -> None:
    address = text.partition("%25")[0]
    try:
        is_ipv6 = parse_address(address).version == 6
    except ValueError:
        is_ipv6 = False
    if not is_ipv6:
        raise UrlError("invalid host")


def _unescape(text: str, *, is_host: bool = False) -> str:
    if "%" not in text:
        return text
    found = bytearray()
    position = 0
    for match in _ESCAPE.finditer(text):
        found += text[position : match.start()].encode()
        escape = match[1]
        # In a host only bytes that are no ASCII may be escaped, and the sign before a zone.
        if escape is None or (is_host and int(escape, 16) < 0x80 and escape != "25"):
            raise UrlError(f'invalid URL escape "{text[match.start() : match.start() + 3]}"')
        found.append(int(escape, 16))
        position = match.end()
    found += text[position:].encode()
    return found.decode(errors="replace")
