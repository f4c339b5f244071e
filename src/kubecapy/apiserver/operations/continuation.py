"""Write and read continue tokens in kube-apiserver's own form, which clients and tools look into.

Source: k8s.io/apiserver pkg/storage/continue.go.
"""

import base64
import binascii
import posixpath

import msgspec

from kubecapy.apimachinery.errors import BadRequest
from kubecapy.apimachinery.json_codec import DecodeError, decode, encode
from kubecapy.apimachinery.meta import ObjectKey

_VERSION = "meta.k8s.io/v1"


class Position(msgspec.Struct, frozen=True):
    """How far a list is."""

    revision: int
    """What its pages show; negative where the next one shows the newest state."""
    start: str
    """The place at which the next page begins (see `place_of`)."""


class _Token(msgspec.Struct):
    """The wire form."""

    v: str = ""
    rv: int = 0
    start: str = ""


def place_of(key: ObjectKey, namespace: str) -> str:
    """Return where `key` stands in a list of `namespace`, or of all namespaces where that is empty.

    Lists are in the order of these texts, which is etcd's: `a-b/x` comes before `a/x`.
    """
    return f"/{key.namespace}/{key.name}" if key.namespace and not namespace else f"/{key.name}"


def write_token(position: Position) -> str:
    """Return the text that asks for the page at `position`."""
    token = encode(_Token(_VERSION, position.revision, position.start))
    return base64.urlsafe_b64encode(token).decode().rstrip("=")


def read_token(text: str) -> Position:
    """Return the position that `text` asks for.

    Raises:
        BadRequest: it is no token.
    """
    try:
        padded = text + "=" * (-len(text) % 4)
        token = decode(base64.b64decode(padded, altchars=b"-_", validate=True), _Token)
    except (binascii.Error, DecodeError, ValueError) as error:
        raise _invalid(f": {error}") from error
    if token.v != _VERSION:
        raise _invalid(f": server does not recognize this encoded version {token.v}")
    if token.rv == 0:
        raise _invalid(f": incorrect encoded start resourceVersion (version {_VERSION})")
    if not token.start:
        raise _invalid(f": encoded start key empty (version {_VERSION})")
    start = token.start if token.start.startswith("/") else f"/{token.start}"
    if posixpath.normpath(start) != start:
        raise _invalid(f": {token.start}")
    return Position(token.rv, start)


def _invalid(why: str) -> BadRequest:
    return BadRequest(f"invalid continue token: continue key is not valid{why}")
