"""Split a protobuf message into its fields; what is wrong with one is told in the words of Go's decoders.

Sources: https://protobuf.dev/programming-guides/encoding/ and the generated.pb.go files of k8s.io/api.
"""

from collections.abc import Iterator

import msgspec

_VARINT, _FIXED64, _BYTES, _START_GROUP, _END_GROUP, _FIXED32 = range(6)
_SIZES = {_FIXED64: 8, _FIXED32: 4}
_MAX_VARINT_BYTES = 10
_TOO_SHORT = "unexpected EOF"


class WireError(ValueError):
    """The bytes are no protobuf message; the message says why."""


class WireField(msgspec.Struct, frozen=True):
    """One field: its number, and an integer or the bytes of a text, of bytes or of a message."""

    number: int
    value: int | bytes


def read_fields(data: bytes, message: str) -> Iterator[WireField]:
    """Yield the fields of a message in their order, those of groups left out: no message of Kubernetes has any.

    Args:
        data: The message.
        message: What its type is called in errors.

    Raises:
        WireError: `data` is no message.
    """
    position = 0
    while position < len(data):
        tag, position = _read_varint(data, position)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == _END_GROUP:
            raise WireError(f"proto: {message}: wiretype end group for non-group")
        if not number:
            raise WireError(f"proto: {message}: illegal tag 0 (wire type {tag})")
        if wire_type == _START_GROUP:
            position = _end_of_group(data, position)
            continue
        value, position = _read_value(data, position, wire_type)
        yield WireField(number, value)


def signed(value: int) -> int:
    """Return the integer that a varint of 64 bits means for the types int32 and int64."""
    return value - (1 << 64) if value >= 1 << 63 else value


def _end_of_group(data: bytes, position: int) -> int:
    """Return where what follows a group begins; `position` is behind its start."""
    depth = 1
    while depth:
        tag, position = _read_varint(data, position)
        match tag & 7:
            case 3:
                depth += 1
            case 4:
                depth -= 1
            case wire_type:
                _, position = _read_value(data, position, wire_type)
    return position


def _read_value(data: bytes, position: int, wire_type: int) -> tuple[int | bytes, int]:
    if wire_type == _VARINT:
        return _read_varint(data, position)
    if wire_type == _BYTES:
        length, position = _read_varint(data, position)
        if signed(length) < 0:
            raise WireError("proto: negative length found during unmarshaling")
        return _read_bytes(data, position, length), position + length
    size = _SIZES.get(wire_type)
    if size is None:
        raise WireError(f"proto: illegal wireType {wire_type}")
    return int.from_bytes(_read_bytes(data, position, size), "little"), position + size


def _read_bytes(data: bytes, position: int, length: int) -> bytes:
    if position + length > len(data):
        raise WireError(_TOO_SHORT)
    return data[position : position + length]


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(data[position : position + _MAX_VARINT_BYTES]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value & ((1 << 64) - 1), position + index + 1
    is_long = position + _MAX_VARINT_BYTES <= len(data)
    raise WireError("proto: integer overflow" if is_long else _TOO_SHORT)
