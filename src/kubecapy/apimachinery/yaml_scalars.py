"""Read plain YAML scalars as kubectl reads them.

Source: sigs.k8s.io/yaml v1.4, goyaml.v2/resolve.go, and its conversion to JSON in yaml.go. The rules are YAML 1.1 as
Go has it: `y`, `no` and `on` are booleans, `017` and `0o17` are fifteen, dates and `12:30:45` stay strings.
"""

import re

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_INTEGER = re.compile(r"[-+]?(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_JSON = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_GO_INTEGERS = range(-(2**63), 2**64)
_GO_WRITES_EXPONENT_FROM = 1e21


def resolve_scalar(text: str) -> Scalar:
    """Return the value of the plain (unquoted) scalar `text`.

    Raises:
        ValueError: `text` is infinity or not a number, which JSON cannot say.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "0123456789+-.":
        return text
    if _NOT_JSON.fullmatch(text):
        raise ValueError(f"{text} is not a JSON number")
    plain = text.replace("_", "")
    if _INTEGER.fullmatch(plain):
        number = _integer(plain)
        # Limit: Go's int64 and uint64; a longer number becomes a float there.
        return number if number in _GO_INTEGERS else float(number)
    if _FLOAT.fullmatch(plain):
        return _float(plain)
    return text


def key_text(value: Scalar) -> str:
    """Return the JSON object key that the scalar `value` makes as a mapping key.

    Raises:
        ValueError: `value` is null.
    """
    if value is None:
        raise ValueError("null cannot be a key")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _integer(plain: str) -> int:
    """Return the number as Go's `ParseInt(base 0)` has it: a leading zero means octal."""
    sign = -1 if plain.startswith("-") else 1
    digits = plain.lstrip("+-")
    is_old_octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
    return sign * int(digits, 8 if is_old_octal else 0)


def _float(plain: str) -> int | float:
    """Return the number as it reads after Go wrote it as JSON: `1e3` is written `1000`."""
    number = float(plain)
    if number.is_integer() and abs(number) < _GO_WRITES_EXPONENT_FROM:
        return int(number)
    return number
