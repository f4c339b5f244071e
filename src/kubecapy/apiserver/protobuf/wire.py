"""Split a protobuf message into its fields.

Source: https://protobuf.dev/programming-guides/encoding/.
"""

from collections.abc import Iterator

import msgspec

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_VARINT_BYTES = 10


class WireError(ValueError):
    """The bytes are no protobuf message; the message says where they stop making sense."""


class WireField(msgspec.Struct, frozen=True):
    """One field: its number, and an integer or the bytes of a text, of bytes or of a message."""

    number: int
    value: int | bytes


def read_fields(data: bytes) -> Iterator[WireField]:
    """Yield the fields of the message `data` in their order.

    Raises:
        WireError: `data` is no message.
    """
    position = 0
    while position < len(data):
        tag, position = _read_varint(data, position)
        value, position = _read_value(data, position, tag & 7)
        yield WireField(tag >> 3, value)


def signed(value: int) -> int:
    """Return the integer that a varint of 64 bits means for the types int32 and int64."""
    return value - (1 << 64) if value >= 1 << 63 else value


def _read_value(data: bytes, position: int, wire_type: int) -> tuple[int | bytes, int]:
    if wire_type == _VARINT:
        return _read_varint(data, position)
    if wire_type == _BYTES:
        length, position = _read_varint(data, position)
        return _read_bytes(data, position, length), position + length
    size = {_FIXED64: 8, _FIXED32: 4}.get(wire_type)
    if size is None:
        raise WireError(f"unknown wire type {wire_type} before byte {position}")
    return int.from_bytes(_read_bytes(data, position, size), "little"), position + size


def _read_bytes(data: bytes, position: int, length: int) -> bytes:
    if position + length > len(data):
        raise WireError(f"a field of {length} bytes at byte {position} ends behind the message")
    return data[position : position + length]


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(data[position : position + _MAX_VARINT_BYTES]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value & ((1 << 64) - 1), position + index + 1
    raise WireError(f"a number at byte {position} does not end")
