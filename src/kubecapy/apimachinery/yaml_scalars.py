"""Read YAML scalars as kubectl reads them.

Source: go.yaml.in/yaml/v2 (resolve.go), and the conversion to JSON in sigs.k8s.io/yaml v1.6 (yaml.go). The rules are
YAML 1.1 as Go has it: `y`, `no` and `on` are booleans, `017` and `0o17` are fifteen, dates and `12:30:45` stay texts.
"""

import base64
import binascii
import math
import re
import struct
from decimal import Decimal
from typing import Final

Scalar = str | int | float | bool | None

_WORDS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_INTEGER: Final = re.compile(r"[-+]?(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_TIMESTAMP: Final = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}([Tt]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[-+]\d\d:\d\d)| \d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?)?"
)
_GO_INTEGERS: Final = range(-(2**63), 2**64)
_GO_SIGNED: Final = range(-(2**63), 2**63)
_GO_WRITES_EXPONENT_FROM: Final = 1e21
_FLOAT32_DIGITS: Final = 9
"""Enough to tell any two 32-bit floats apart."""
_TAGS: Final[dict[str, tuple[type, ...]]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (float, int),
    "null": (type(None),),
}
"""What a scalar may be that bears the tag `!!bool` and so on."""


def resolve_scalar(text: str) -> Scalar:
    """Return the value of the plain (unquoted) scalar `text`; infinities and NaN among them."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "0123456789+-.":
        return text
    # Go reads what begins with a point as it is, and all else without underscores.
    plain = text if text[0] == "." else text.replace("_", "")
    if _INTEGER.fullmatch(plain):
        number = _integer(plain)
        # Limit: Go's int64 and uint64; a longer number is read once more, as a float.
        if number in _GO_INTEGERS:
            return number
    if _FLOAT.fullmatch(plain) and math.isfinite(float(plain)):
        return float(plain)
    return text


def resolve_tagged(text: str, tag: str) -> Scalar:
    """Return the value of a scalar, quoted or not, that bears the standard tag `tag`, such as `int` for `!!int`.

    Raises:
        ValueError: the tag is none of those that JSON can say, or `text` is no such thing.
    """
    match tag:
        case "str":
            return text
        case "binary":
            return _binary(text)
        case "timestamp" if _TIMESTAMP.fullmatch(text):
            return text
    value = resolve_scalar(text)
    # Go reads a whole number as a float only where it is signed (go-yaml resolve.go, yaml_FLOAT_TAG).
    too_long = tag == "float" and type(value) is int and value not in _GO_SIGNED
    if too_long or type(value) not in _TAGS.get(tag, ()):
        known = tag in _TAGS or tag == "timestamp"
        raise ValueError(f"{text} is no !!{tag}" if known else f"the tag !!{tag} cannot be said in JSON; remove it")
    return float(value) if tag == "float" and value is not None else value


def json_scalar(value: Scalar) -> Scalar:
    """Return `value` as it reads after Go wrote it as JSON: `1e3` is written `1000`.

    Raises:
        ValueError: it is infinite or not a number, which JSON cannot say.
    """
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        raise ValueError(f"{_go_special(value)} is not a JSON number")
    if not value.is_integer() or abs(value) >= _GO_WRITES_EXPONENT_FROM:
        return value
    # Go writes the shortest digits that read back the same, and fills up with zeros.
    return int(Decimal(repr(value)))


def key_text(value: Scalar) -> str:
    """Return the JSON object key that the scalar `value` makes as a mapping key.

    Raises:
        ValueError: `value` is null, or an integer that Go takes for no key.
    """
    match value:
        case None:
            raise ValueError("null cannot be a key")
        case bool():
            return "true" if value else "false"
        case float():
            return _float_key(value)
        case int() if value not in _GO_SIGNED:
            raise ValueError(f"{value} is too large for a key; quote it")
    return str(value)


def _integer(plain: str) -> int:
    """Return the number as Go's `ParseInt(base 0)` has it: a leading zero means octal."""
    sign = -1 if plain.startswith("-") else 1
    digits = plain.lstrip("+-")
    is_old_octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
    return sign * int(digits, 8 if is_old_octal else 0)


def _binary(text: str) -> str:
    """Return the text whose base64 is `text`; bytes that are no UTF-8 become what Go writes for them."""
    try:
        return base64.b64decode(re.sub(r"[\r\n]", "", text), validate=True).decode(errors="replace")
    except binascii.Error as error:
        raise ValueError("!!binary stands before what is no base64") from error


def _float_key(value: float) -> str:
    """Return what Go makes of a float as a key: its shortest digits as a 32-bit float, by the rules of `%g`."""
    try:
        short: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        short = math.copysign(math.inf, value)
    if not math.isfinite(short):
        return _go_special(short)
    exact = struct.pack("f", short)
    forms = (f"{short:.{decimals}e}" for decimals in range(_FLOAT32_DIGITS))
    shortest = next(form for form in forms if struct.pack("f", float(form)) == exact)
    mantissa, _, exponent = shortest.partition("e")
    if not -4 <= int(exponent) < 6:
        return shortest
    digits = len(mantissa.lstrip("-").replace(".", ""))
    return f"{short:.{max(digits - 1 - int(exponent), 0)}f}"


def _go_special(value: float) -> str:
    return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
