"""Encode a document that clients may keep under its hash."""

import hashlib
from typing import Any

import msgspec

from kubecapy.apimachinery.json_codec import encode


class Document(msgspec.Struct, frozen=True):
    """One encoded document."""

    body: bytes
    hash: str
    """Changes with the body, so that clients may keep what they fetched under it."""


def publish(content: Any) -> Document:  # Any: what JSON can say
    """Return `content` encoded, with its hash."""
    body = encode(content)
    return Document(body, hashlib.sha512(body).hexdigest().upper())
