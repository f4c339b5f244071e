"""Fill the places of a text: `'%s has %d'.format([self.name, 3])`.

Source: ext/formatting.go of cel-go.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from kubecapy.apimachinery.cel.conversions import to_text
from kubecapy.apimachinery.cel.format_checks import CLAUSE, WANTED, unrecognized
from kubecapy.apimachinery.cel.issues import CelError
from kubecapy.apimachinery.cel.types import Type
from kubecapy.apimachinery.cel.values import type_of
from kubecapy.apimachinery.go_text import go_quote

_RAISED: Final = str.maketrans("-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")
_DIGITS: Final = 6
"""How many digits follow the point where nothing is said."""


def format_text(text: str, values: list[Any]) -> str:
    """Return `text` with its places filled, in their order."""
    rest = iter(enumerate(values))
    return CLAUSE.sub(lambda clause: "%" if clause["percent"] else _fill(clause, rest, len(values)), text)


def _fill(clause: re.Match[str], rest: Any, count: int) -> str:
    letter = clause["letter"]
    if letter is None and clause["precision"] is None:
        raise CelError("unexpected end of string")
    _, value = next(rest, (count, _MISSING))
    if value is _MISSING:
        raise CelError(f"index {count} out of range")
    if letter not in _WRITERS:
        problem = unrecognized(letter)
        raise CelError(f"could not parse formatting clause: {problem}")
    written = _WRITERS[letter](value, int(clause["precision"] or _DIGITS))
    if written is None:
        raise CelError(f"error during formatting: {WANTED[letter][1]}, was given {type_of(value).name}")
    return written


def _decimal(value: Any, _digits: int) -> str | None:
    if isinstance(value, float) and value - value != 0:
        return _not_finite(value)
    return str(int(value)) if _is_number(value) else None


def _fixed(value: Any, digits: int) -> str | None:
    return _broken(value, f",.{digits}f")


def _scientific(value: Any, _digits: int) -> str | None:
    # As English writes it, and whatever number of digits is asked for.
    written = _broken(value, f".{_DIGITS}e")
    if written is None:
        return None
    mantissa, has_exponent, exponent = written.partition("e")
    return f"{mantissa}\u00d710{exponent.lstrip('+').translate(_RAISED)}" if has_exponent else written


def _broken(value: Any, how: str) -> str | None:
    if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity"):
        return value
    if not isinstance(value, float):
        return None
    return format(value, how) if value - value == 0 else _not_finite(value)


def _binary(value: Any, _digits: int) -> str | None:
    return format(int(value), "b") if isinstance(value, int) else None


def _octal(value: Any, _digits: int) -> str | None:
    return format(int(value), "o") if isinstance(value, int) and not isinstance(value, bool) else None


def _hex(value: Any, _digits: int) -> str | None:
    match value:
        case str():
            return value.encode().hex()
        case bytes():
            return value.hex()
        case _ if isinstance(value, int) and not isinstance(value, bool):
            return format(int(value), "x")
        case _:
            return None


def _upper_hex(value: Any, digits: int) -> str | None:
    written = _hex(value, digits)
    return None if written is None else written.upper()


def _text(value: Any, _digits: int) -> str | None:
    match value:
        case None:
            return "null"
        case Type():
            return value.name
        case float() if value - value != 0:
            return _not_finite(value)
        case list():
            return f"[{', '.join(_quoted(item) for item in value)}]"
        case dict():
            return f"{{{', '.join(sorted(f'{_quoted(key)}:{_quoted(item)}' for key, item in value.items()))}}}"
        case _:
            return to_text(value) if type_of(value).name in WANTED["s"][0] else None


def _quoted(value: Any) -> str:
    """Return an item of a list or a map as an expression would spell it."""
    match value:
        case str():
            return go_quote(value)
        case bytes():
            return f"b{go_quote(to_text(value))}"
        case float():
            return go_quote(_not_finite(value)) if value - value != 0 else format(value, ".6f")
        case datetime() | timedelta():
            name = "timestamp" if isinstance(value, datetime) else "duration"
            return f"{name}({go_quote(to_text(value))})"
        case _:
            return _text(value, _DIGITS) or ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _not_finite(value: float) -> str:
    if value != value:
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


_MISSING: Final = object()
_WRITERS: Final[Mapping[str, Callable[[Any, int], str | None]]] = MappingProxyType(
    {
        "s": _text,
        "d": _decimal,
        "f": _fixed,
        "e": _scientific,
        "b": _binary,
        "o": _octal,
        "x": _hex,
        "X": _upper_hex,
    }
)
"""What writes a value for each clause; None where it takes no such value."""
