"""Functions on texts: those of cel-go's string extension, and Kubernetes' for regular expressions.

Sources: ext/strings.go of cel-go; pkg/cel/library/regex.go of k8s.io/apiserver.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from kubecapy.apimachinery.patterns import PatternError, compile_pattern

_ESCAPES: Final = {
    "\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v", "\\": r"\\", '"': r"\"",
}  # fmt: skip


def _within(place: int, text: str) -> int:
    if not 0 <= place <= len(text):
        raise ValueError(f"index out of range: {place}")
    return place


def _char_at(text: str, place: int) -> str:
    return text[_within(place, text) : place + 1]


def index_of(text: str, part: str, start: int = 0) -> int:
    """Return where `part` is first in `text`, from a place on; -1 where it is not."""
    if not part:
        return start
    if start < 0:
        raise ValueError(f"index out of range: {start}")
    return text.find(part, start)


def last_index_of(text: str, part: str, start: int | None = None) -> int:
    """Return where `part` is last in `text`, up to a place; -1 where it is not."""
    if start is None:
        return text.rfind(part)
    if not part:
        return start
    if start < 0:
        raise ValueError(f"index out of range: {start}")
    return -1 if start >= len(text) else text.rfind(part, 0, start + len(part))


def _substring(text: str, start: int, end: int | None = None) -> str:
    last = len(text) if end is None else end
    if end is not None and start > end:
        raise ValueError(f"invalid substring range. start: {start}, end: {end}")
    _within(start, text)
    _within(last, text)
    return text[start:last]


def _replace(text: str, old: str, new: str, limit: int = -1) -> str:
    return text.replace(old, new, limit)


def _split(text: str, by: str, limit: int = -1) -> list[str]:
    if limit == 0:
        return []
    if by:
        return text.split(by, limit - 1 if limit > 0 else -1)
    letters = list(text)
    return [*letters[: limit - 1], "".join(letters[limit - 1 :])] if 0 < limit < len(letters) else letters


def _lower(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _upper(text: str) -> str:
    return "".join(letter.upper() if letter.isascii() else letter for letter in text)


def _join(items: list[str], by: str = "") -> str:
    return by.join(items)


def _find(text: str, pattern: str) -> str:
    found = _pattern(pattern).search(text)
    return found.group() if found else ""


def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    found = [match.group() for match in _pattern(pattern).finditer(text)]
    return found if limit < 0 else found[:limit]


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return compile_pattern(text)
    except PatternError as error:
        raise ValueError(f"Illegal regex: error parsing regexp: {error}") from error


def _quote(text: str) -> str:
    return f'"{"".join(_ESCAPES.get(letter, letter) for letter in text)}"'


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "charAt": _char_at,
        "find": _find,
        "findAll": _find_all,
        "join": _join,
        "lowerAscii": _lower,
        "replace": _replace,
        "split": _split,
        "strings.quote": _quote,
        "substring": _substring,
        "trim": lambda text: text.strip(),
        "upperAscii": _upper,
    }
)
