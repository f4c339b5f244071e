"""Read texts that Go reads by rules of their own, and say in its words why they are none: base64 and times.

Sources: Go's encoding/base64 (Decode) and time (Parse); metav1.Time and metav1.MicroTime.
"""

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import Final

from kubecapy.apimachinery.times import format_micro_time, format_time

_ALPHABET: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_LINE_ENDS: Final = "\r\n"
_STEPS: Final = (
    ("2006", r"\d{4}"),
    ("-", "-"),
    ("01", r"\d\d"),
    ("-", "-"),
    ("02", r"\d\d"),
    ("T", "T"),
    ("15", r"\d\d"),
    (":", ":"),
    ("04", r"\d\d"),
    (":", ":"),
    ("05", r"\d\d"),
)
_ZONE: Final = ("Z07:00", r"Z|[-+]\d\d:\d\d")
_WHOLE: Final = (*_STEPS, ("", r"([.,]\d+)?"), _ZONE)
"""Elements of RFC 3339 as Go's layouts call them, and how they look; a fraction is read though none is asked for."""
_MICRO: Final = (*_STEPS, (".000000", r"\.\d{6}"), _ZONE)


class ScalarError(ValueError):
    """A text is not what it should be; `str()` is Go's sentence."""


def canonical_base64(text: str) -> str:
    """Return `text` without the line ends that base64 may have.

    Raises:
        ScalarError: it is no padded base64 of the standard alphabet.
    """
    try:
        # The fast way; what it refuses is looked at again below, character by character.
        base64.b64decode(text, validate=True)
    except ValueError:
        return _checked_base64(text)
    return text


def canonical_time(text: str, *, is_micro: bool) -> str:
    """Return the RFC 3339 time `text` in UTC, cut to seconds, or to microseconds where `is_micro`.

    Raises:
        ScalarError: it is no such time.
    """
    parts, rest = [], text
    steps = _MICRO if is_micro else _WHOLE
    layout = "".join(element for element, _ in steps)
    for element, pattern in steps:
        found = re.match(pattern, rest, re.ASCII)
        if found is None:
            raise ScalarError(f'parsing time "{text}" as "{layout}": cannot parse "{rest}" as "{element}"')
        parts.append(found[0])
        rest = rest[found.end() :]
    if rest:
        raise ScalarError(f'parsing time "{text}" as "{layout}": extra text: "{rest}"')
    try:
        moment = _moment(parts)
    except ValueError as error:
        raise ScalarError(f'parsing time "{text}": {_out_of_range(error)} out of range') from error
    return format_micro_time(moment) if is_micro else format_time(moment)


def _checked_base64(text: str) -> str:
    """Walk through `text` in groups of four as Go does, to find the place that it names."""
    places = [index for index, character in enumerate(text) if character not in _LINE_ENDS]
    for count, index in enumerate(places):
        if text[index] in _ALPHABET:
            continue
        in_group = count % 4
        if text[index] != "=" or in_group < 2:
            raise _illegal(index)
        return _checked_padding(text, places[count + 1 :], in_group)
    if len(places) % 4:
        raise _illegal(len(text) - len(places) % 4)
    return "".join(text[index] for index in places)


def _checked_padding(text: str, rest: list[int], in_group: int) -> str:
    """Check what follows the first `=` of `text`, which is at place `in_group` of its four; `rest` are its indexes."""
    if in_group == 2:
        if not rest:
            raise _illegal(len(text))
        if text[rest[0]] != "=":
            raise _illegal(rest[0] - 1)
        rest = rest[1:]
    if rest:
        raise _illegal(rest[0])
    return "".join(character for character in text if character not in _LINE_ENDS)


def _illegal(place: int) -> ScalarError:
    return ScalarError(f"illegal base64 data at input byte {place}")


def _moment(parts: list[str]) -> datetime:
    year, month, day, hour, minute, second = (int(parts[index]) for index in (0, 2, 4, 6, 8, 10))
    fraction, zone = parts[11][1:], parts[12]
    behind = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6])) if zone != "Z" else timedelta()
    local = datetime(year, month, day, hour, minute, second, int(fraction[:6].ljust(6, "0")), UTC)
    return local + behind if zone.startswith("-") else local - behind


def _out_of_range(error: ValueError) -> str:
    """Return which part of a time Python found out of range: its messages begin with that word."""
    return str(error).partition(" ")[0]
