"""Write values as Go prints them, where the API's messages show them.

Source: the verbs %v and %q of Go's fmt, and its encoding/json, which escapes what HTML could misread.
"""

from decimal import Decimal
from typing import Any, Final

import msgspec

_SHORT_ESCAPES: Final = {
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    '"': r"\"",
    "\\": r"\\",
}
_HTML_ESCAPES: Final = ((b"<", rb"\u003c"), (b">", rb"\u003e"), (b"&", rb"\u0026"))
_NOT_FINITE: Final = {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}


def go_quote(text: str) -> str:
    """Return `text` as %q prints it."""
    return '"' + "".join(_escape(character) for character in text) + '"'


def go_float(value: float) -> str:
    """Return `value` as %v prints a float64: the shortest digits, with an exponent below 1e-4 and from 1e21 on."""
    return _float(value, 1e21)


def go_general_float(value: float) -> str:
    """Return `value` as %g prints a float64: as %v, but with an exponent from 1e6 on."""
    return _float(value, 1e6)


def _float(value: float, least_with_exponent: float) -> str:
    text = repr(value)
    if text in _NOT_FINITE:
        return _NOT_FINITE[text]
    if value == 0:
        return "-0" if text.startswith("-") else "0"
    shortest = Decimal(text)
    if 1e-4 <= abs(value) < least_with_exponent:
        plain = format(shortest, "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    mantissa, _, exponent = format(shortest.normalize(), "e").partition("e")
    return f"{mantissa}e{exponent[0]}{exponent[1:].rjust(2, '0')}"


def go_json(value: Any) -> str:  # Any: a JSON value
    """Return `value` as Go's encoder writes it: keys sorted, whole numbers without fraction, no character of HTML.

    A `msgspec.Raw` is JSON already, in whose order the keys stay.
    """
    written = isinstance(value, msgspec.Raw)
    encoded = bytes(value) if written else msgspec.json.encode(_with_whole_numbers(value), order="sorted")
    for plain, escaped in _HTML_ESCAPES:
        encoded = encoded.replace(plain, escaped)
    return encoded.decode()


def go_print(value: Any) -> str:  # Any: a JSON value
    """Return `value` as %v prints it: `map[a:[1 2] b:<nil>]`."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case float():
            return go_float(value)
        case dict():
            return f"map[{' '.join(f'{key}:{go_print(value[key])}' for key in sorted(value))}]"
        case list():
            return f"[{' '.join(go_print(item) for item in value)}]"
        case _:
            return str(value)


def go_value(value: Any) -> str:  # Any: a JSON value
    """Return `value` as field errors show it: numbers and booleans plain, strings quoted, everything else as JSON."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return go_float(value)
        case str():
            return go_quote(value)
        case _:
            return go_json(value)


def _escape(character: str) -> str:
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _with_whole_numbers(value: Any) -> Any:
    match value:
        case float() if value.is_integer() and abs(value) < 1e21:
            return int(value)
        case dict():
            return {key: _with_whole_numbers(member) for key, member in value.items()}
        case list() | tuple():
            return [_with_whole_numbers(item) for item in value]
        case _:
            return value
