"""Tell the parts of user data: cloud-config, scripts, MIME archives, compressed or not.

Source: https://cloudinit.readthedocs.io/en/22.4.2/topics/format.html.
"""

import email
import gzip
import zlib
from email.message import Message
from typing import Literal

import msgspec

from kubecapy.telemetry.secrets import Secret

MAX_INFLATED_BYTES = 16 * 1024 * 1024
"""Compressed user data that unfolds to more is refused: real user data is at most 64 KiB long."""

PartKind = Literal["cloud-config", "script", "unknown"]

_TYPES: dict[str, PartKind] = {"text/cloud-config": "cloud-config", "text/x-shellscript": "script"}


class Part(msgspec.Struct, frozen=True):
    """One part of user data; the text may hold tokens and keys."""

    kind: PartKind
    text: Secret[str]
    jinja: bool = False
    """Whether the first line asks for Jinja rendering."""
    name: str = "part-001"


def read_parts(data: bytes) -> list[Part]:
    """Return the parts of `data` in their order; empty user data has none.

    Raises:
        ValueError: compressed data is broken or unfolds to too much.
    """
    text = _inflated(data).decode(errors="surrogateescape")
    if not text.strip():
        return []
    if text.startswith(("Content-Type:", "MIME-Version:", "From ")):
        return [_mime_part(message, index) for index, message in enumerate(_leaves(text), start=1)]
    return [_part(text, "part-001")]


def _inflated(data: bytes) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        inflater = zlib.decompressobj(wbits=31)
        text = inflater.decompress(data, MAX_INFLATED_BYTES)
    except zlib.error as error:
        raise ValueError(f"user data begins as gzip but is broken: {error}") from error
    if inflater.unconsumed_tail:
        raise ValueError(f"user data unfolds to more than {MAX_INFLATED_BYTES} bytes")
    return text


def inflate(data: bytes) -> bytes:
    """Return `data` decompressed where it is gzip, as write_files accepts it; else as it is.

    Raises:
        ValueError: it is broken.
    """
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"expected gzip data: {error}") from error


def _leaves(text: str) -> list[Message]:
    return [message for message in email.message_from_string(text).walk() if not message.is_multipart()]


def _mime_part(message: Message, index: int) -> Part:
    payload = message.get_payload(decode=True)
    text = payload.decode(errors="surrogateescape") if isinstance(payload, bytes) else ""
    part = _part(text, message.get_filename() or f"part-{index:03}")
    kind = _TYPES.get(message.get_content_type(), part.kind)
    return Part(kind, part.text, message.get_content_type() == "text/jinja2" or part.jinja, part.name)


def _part(text: str, name: str) -> Part:
    first, _, rest = text.partition("\n")
    jinja = first.strip().casefold().replace(" ", "") == "##template:jinja"
    head = rest.partition("\n")[0] if jinja else first
    kind: PartKind = "unknown"
    if head.startswith("#cloud-config"):
        kind = "cloud-config"
    elif head.startswith("#!"):
        kind = "script"
    return Part(kind, Secret(rest if jinja else text), jinja, name)
