"""Decide whether a string is of a named OpenAPI format.

Source: k8s.io/kube-openapi/pkg/validation/strfmt; which names are known, and for which types, is said by
k8s.io/apiextensions-apiserver/pkg/apiserver/validation/formats.go. Other formats are not checked.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from kubecapy.apimachinery.addresses import (
    is_hardware_address,
    parse_address,
    parse_address_sloppily,
    parse_network_sloppily,
)
from kubecapy.apimachinery.schema.numbers import INTEGER_FORMATS, NUMBER_FORMATS
from kubecapy.apimachinery.schema.props import JSONSchemaProps
from kubecapy.apimachinery.urls import parse_request_uri

Holds = Callable[[str], bool]
"""Returns whether a text is of a format."""

_HEX: Final = "[0-9a-fA-F]"
_ATOM: Final = r'[^\s()<>\[\]:;@\\,".\x00-\x20\x7f]+'
_DOTTED: Final = rf"{_ATOM}(?:\.{_ATOM})*"
_QUOTED: Final = r'"(?:\\.|[^"\\\r\n])*"'
_ADDRESS: Final = rf"(?:{_DOTTED}|{_QUOTED})@\s*(?:{_DOTTED}|\[[^\[\]\\]*\])"
_EMAIL: Final = re.compile(rf"\s*(?:{_ADDRESS}|(?:(?:{_DOTTED}|{_QUOTED})\s*)*<\s*{_ADDRESS}\s*>)\s*")
_DURATION: Final = re.compile(r"[-+]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h))+)", re.ASCII)
_SPOKEN_DURATION: Final = re.compile(r"([0-9]+)\s*([A-Za-z\u00b5]+)")
_UNITS: Final = (
    ("ns", "nano"),
    ("us", "\u00b5s", "micro"),
    ("ms", "milli"),
    ("s", "sec"),
    ("m", "min"),
    ("h", "hr", "hour"),
    ("d", "day"),
    ("w", "wk", "week"),
)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|[+-][0-9]{2}:[0-9]{2})")
_ISBN10: Final = re.compile("[0-9]{9}[0-9X]")
_ISBN13: Final = re.compile("[0-9]{13}")
_CREDIT_CARD: Final = re.compile(
    r"4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}"
    r"|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35[0-9]{3})[0-9]{11}"
)
_COLOR_PART: Final = r"\s*(?:0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*"
_SHORT_NAME: Final = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"


def find_format(name: str) -> Holds | None:
    """Return the check of strings for the format `name`; None where there is none."""
    return _FORMATS.get(_normal(name))


def is_recognized(props: JSONSchemaProps) -> bool:
    """Return whether the format of a schema is known for its type; no format at all is."""
    match props.type:
        case "" | "string":
            return not props.format or _normal(props.format) in _FORMATS
        case "integer":
            return not props.format or props.format in INTEGER_FORMATS
        case "number":
            return not props.format or props.format in NUMBER_FORMATS
        case _:
            return not props.format


def is_date(text: str) -> bool:
    """Return whether `text` is a day such as 2006-01-02."""
    return _DATE.fullmatch(text) is not None and _accepts(date.fromisoformat)(text)


def is_date_time(text: str) -> bool:
    """Return whether `text` is a time such as 2006-01-02T15:04:05Z."""
    day, *times = text.lower().split("t")
    match = _TIME.fullmatch(times[0]) if times else None
    return is_date(day) and match is not None and match[1] <= "23" and match[2] <= "59" and match[3] <= "59"


def _normal(name: str) -> str:
    return name.replace("-", "")


def _accepts(parse: Callable[[str], object]) -> Holds:
    """Return a check that holds where `parse` raises no ValueError."""

    def holds(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return holds


def _matches(pattern: str) -> Holds:
    compiled = re.compile(pattern, re.ASCII)
    return lambda text: compiled.fullmatch(text) is not None


def _uuid(version: str = f"{_HEX}{{4}}", variant: str = f"{_HEX}{{4}}") -> Holds:
    return _matches(f"{_HEX}{{8}}-?{_HEX}{{4}}-?{version}-?{variant}-?{_HEX}{{12}}")


def _is_duration(text: str) -> bool:
    if _DURATION.fullmatch(text):
        return True
    spoken = _SPOKEN_DURATION.findall(text)
    return all(int(count) < 2**63 for count, _ in spoken) and any(_is_unit(unit.lower()) for _, unit in spoken)


def _is_unit(unit: str) -> bool:
    return any(unit in names or unit.startswith(names[-1]) for names in _UNITS)


def _is_hostname(text: str) -> bool:
    labels = text.split(".")
    if len(text.encode()) > 255 or any(len(label.encode()) > 63 for label in labels):
        return False
    if len(labels) == 1:
        # A single label has one hyphen at most, behind its first letter.
        return bool(text) and _is_name_letter(text[0]) and all(map(_is_name_letter, text[1:].removeprefix("-")))
    *names, top = labels
    return len(top) >= 2 and all(map(_is_letter, top)) and all(map(_is_label, names))


def _is_label(text: str) -> bool:
    ends = text[:1] + text[-1:]
    inside = text[1:-1].replace("-", "")
    return bool(text) and all(map(_is_name_letter, ends)) and all(map(_is_name_letter, inside))


def _is_name_letter(character: str) -> bool:
    return character in "0123456789" or unicodedata.category(character)[0] in "LS"


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] == "L"


def _is_isbn10(text: str) -> bool:
    digits = re.sub(r"[\s-]+", "", text)
    if _ISBN10.fullmatch(digits) is None:
        return False
    values = [10 if digit == "X" else int(digit) for digit in digits]
    return sum(place * value for place, value in enumerate(values, 1)) % 11 == 0


def _is_isbn13(text: str) -> bool:
    digits = re.sub(r"[\s-]+", "", text)
    if _ISBN13.fullmatch(digits) is None:
        return False
    total = sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(digits[:12]))
    return int(digits[12]) == (10 - total % 10) % 10


def _is_credit_card(text: str) -> bool:
    digits = re.sub("[^0-9]+", "", text)
    if _CREDIT_CARD.fullmatch(digits) is None:
        return False
    doubled = [int(digit) * (1, 2)[place % 2] for place, digit in enumerate(reversed(digits))]
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


def _is_ssn(text: str) -> bool:
    return len(text) == 11 and _matches(r"\d{3}[- ]?\d{2}[- ]?\d{4}")(text)


def _is_short_name(text: str) -> bool:
    return len(text) <= 63 and _matches(_SHORT_NAME)(text)


def _is_long_name(text: str) -> bool:
    return len(text) <= 253 and _matches(rf"{_SHORT_NAME}(?:\.{_SHORT_NAME})*")(text)


_FORMATS: Final[Mapping[str, Holds]] = MappingProxyType(
    {
        "bsonobjectid": _matches(f"{_HEX}{{24}}"),
        "byte": _matches(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})"),
        "cidr": _accepts(parse_network_sloppily),
        "creditcard": _is_credit_card,
        "date": is_date,
        "datetime": is_date_time,
        "duration": _is_duration,
        "email": lambda text: _EMAIL.fullmatch(text) is not None,
        "hexcolor": _matches("#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})"),
        "hostname": _is_hostname,
        "ipv4": lambda text: "." in text and _accepts(parse_address_sloppily)(text),
        "ipv6": lambda text: ":" in text and _accepts(parse_address)(text),
        "isbn": lambda text: _is_isbn10(text) or _is_isbn13(text),
        "isbn10": _is_isbn10,
        "isbn13": _is_isbn13,
        "k8slongname": _is_long_name,
        "k8sshortname": _is_short_name,
        "mac": is_hardware_address,
        "password": lambda _text: True,
        "rgbcolor": _matches(rf"rgb\({_COLOR_PART},{_COLOR_PART},{_COLOR_PART}\)"),
        "ssn": _is_ssn,
        "uri": _accepts(parse_request_uri),
        "uuid": _uuid(),
        "uuid3": _uuid(version=f"3{_HEX}{{3}}"),
        "uuid4": _uuid(version=f"4{_HEX}{{3}}", variant=f"[89abAB]{_HEX}{{3}}"),
        "uuid5": _uuid(version=f"5{_HEX}{{3}}", variant=f"[89abAB]{_HEX}{{3}}"),
    }
)
"""Name of a format, without hyphens, to its check."""
