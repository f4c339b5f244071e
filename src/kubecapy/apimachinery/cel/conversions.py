"""Convert values from one type to another.

Source: ConvertToType of each type in common/types of cel-go.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from kubecapy.apimachinery.cel.issues import CelError
from kubecapy.apimachinery.cel.tree import Uint
from kubecapy.apimachinery.cel.values import LEAST_INT, MOST_INT, MOST_UINT, NO_OVERLOAD
from kubecapy.apimachinery.cel_functions.moments import read_duration, read_timestamp, write_duration, write_timestamp
from kubecapy.apimachinery.go_text import go_general_float

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_INT: Final = re.compile("[+-]?[0-9]+")
_UINT: Final = re.compile("[0-9]+")
_DOUBLE: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|[+-]?inf(?:inity)?|nan", re.IGNORECASE)
_TRUTHS: Final = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}


def _no_conversion(wanted: str) -> CelError:
    return CelError(f"type conversion error from 'string' to '{wanted}'")


def _to_int(value: Any) -> int:
    match value:
        case str():
            if not _INT.fullmatch(value) or not LEAST_INT <= int(value) <= MOST_INT:
                raise _no_conversion("int")
            return int(value)
        case float():
            # What is as far as the limits may have been rounded to them.
            if not LEAST_INT < value < MOST_INT:
                raise CelError("integer overflow")
            return int(value)
        case datetime():
            return (value - _EPOCH) // timedelta(seconds=1)
        case timedelta():
            return value // timedelta(microseconds=1) * 1000
        case _:
            if value > MOST_INT:
                raise CelError("integer overflow")
            return int(value)


def _to_uint(value: Any) -> Uint:
    if isinstance(value, str):
        if not _UINT.fullmatch(value) or int(value) > MOST_UINT:
            raise _no_conversion("uint")
    elif not 0 <= value <= MOST_UINT or math.isnan(value):
        raise CelError("unsigned integer overflow")
    return Uint(value)


def _to_double(value: Any) -> float:
    if isinstance(value, str) and not _DOUBLE.fullmatch(value):
        raise _no_conversion("double")
    return float(value)


def _to_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value not in _TRUTHS:
        raise _no_conversion("bool")
    return _TRUTHS[value]


def _to_bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


def to_text(value: Any) -> str:
    """Return a value as a text; addresses and networks too."""
    match value:
        case bool():
            return str(value).lower()
        case float():
            return go_general_float(value)
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError:
                raise CelError("invalid UTF-8 in bytes, cannot convert to string") from None
        case datetime():
            return write_timestamp(value)
        case timedelta():
            return write_duration(value)
        case _:
            return str(int(value)) if isinstance(value, int) else str(value)


def _to_duration(value: Any) -> timedelta:
    match value:
        case str():
            try:
                return read_duration(value)
            except ValueError:
                raise _no_conversion("google.protobuf.Duration") from None
        case timedelta():
            return value
        case _:
            # It is declared for whole numbers, and refuses them.
            raise CelError("type conversion error from 'int' to 'google.protobuf.Duration'")


def _to_timestamp(value: Any) -> datetime:
    match value:
        case str():
            try:
                return read_timestamp(value)
            except ValueError:
                raise _no_conversion("google.protobuf.Timestamp") from None
        case int():
            try:
                return _EPOCH + timedelta(seconds=value)
            except OverflowError:
                raise CelError("timestamp overflow") from None
        case datetime():
            return value
        case _:
            raise CelError(NO_OVERLOAD)


CONVERSIONS: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        "int": _to_int,
        "uint": _to_uint,
        "double": _to_double,
        "bool": _to_bool,
        "bytes": _to_bytes,
        "string": to_text,
        "duration": _to_duration,
        "timestamp": _to_timestamp,
    }
)
"""Conversions by the type that they make."""
