"""Functions on texts and lists: those of cel-go's string extension, and Kubernetes' for lists and regular expressions.

Sources: ext/strings.go of cel-go; pkg/cel/library/lists.go and regex.go of k8s.io/apiserver.
"""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final

from kubecapy.apimachinery.patterns import compile_pattern

_CLAUSE: Final = re.compile(r"%(\.[0-9]+)?([%sdfexXob])")


def _within(place: int, text: str) -> int:
    if not 0 <= place <= len(text):
        raise IndexError(f"index out of range: {place}")
    return place


def _char_at(text: str, place: int) -> str:
    return text[_within(place, text) : place + 1]


def _index_of(whole: str | list[Any], part: Any, start: int = 0) -> int:
    """Return where `part` is first, in a text or in a list; -1 where it is not."""
    if isinstance(whole, list):
        return next((place for place, item in enumerate(whole) if item == part), -1)
    return whole.find(part, _within(start, whole))


def _last_index_of(whole: str | list[Any], part: Any, start: int | None = None) -> int:
    if isinstance(whole, list):
        return next((place for place in reversed(range(len(whole))) if whole[place] == part), -1)
    return whole.rfind(part) if start is None else whole.rfind(part, 0, _within(start, whole) + len(part))


def _substring(text: str, start: int, end: int | None = None) -> str:
    last = len(text) if end is None else end
    _within(start, text)
    _within(last, text)
    if start > last:
        raise IndexError(f"invalid substring range. start: {start}, end: {last}")
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
    found = compile_pattern(pattern).search(text)
    return found.group() if found else ""


def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    found = [match.group() for match in compile_pattern(pattern).finditer(text)]
    return found if limit < 0 else found[:limit]


def _is_sorted(items: list[Any]) -> bool:
    return all(one <= next_ for one, next_ in pairwise(items))


def _sum(items: list[Any]) -> Any:
    return sum(items[1:], items[0]) if items else 0


def _smallest(items: list[Any]) -> Any:
    if not items:
        raise ValueError("min called on empty list")
    return min(items)


def _greatest(items: list[Any]) -> Any:
    if not items:
        raise ValueError("max called on empty list")
    return max(items)


def _bool(value: Any) -> bool:
    """Return the truth that a text spells, as Go's strconv.ParseBool reads it."""
    if isinstance(value, bool):
        return value
    if value in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    if value in ("0", "f", "F", "false", "FALSE", "False"):
        return False
    raise ValueError("type conversion error from 'string' to 'bool'")


def _format(text: str, values: list[Any]) -> str:
    """Return `text` with its clauses filled in: %s, %d, %f, %x, %X, %o, %b and %e of one value each."""
    pieces, rest = [], list(values)
    end = 0
    for match in _CLAUSE.finditer(text):
        pieces.append(text[end : match.start()])
        end = match.end()
        if match[2] == "%":
            pieces.append("%")
            continue
        if not rest:
            raise IndexError(f"index {len(values)} out of range")
        pieces.append(_show(rest.pop(0), match[1] or "", match[2]))
    return "".join([*pieces, text[end:]])


def _show(value: Any, precision: str, clause: str) -> str:
    match clause:
        case "s":
            return _show_any(value)
        case "f" | "e":
            return format(float(value), f"{precision or '.6'}{clause}")
        case "d":
            return str(value)
        case _:
            return value.encode().hex() if isinstance(value, str) else format(value, clause)


def _show_any(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case timedelta():
            return f"{value.total_seconds():g}s"
        case list():
            return f"[{', '.join(map(_show_any, value))}]"
        case dict():
            return f"{{{', '.join(f'{_show_any(key)}: {_show_any(item)}' for key, item in sorted(value.items()))}}}"
        case _:
            return str(value)


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "bool": _bool,
        "charAt": _char_at,
        "find": _find,
        "findAll": _find_all,
        "format": _format,
        "indexOf": _index_of,
        "isSorted": _is_sorted,
        "join": _join,
        "lastIndexOf": _last_index_of,
        "lowerAscii": _lower,
        "max": _greatest,
        "min": _smallest,
        "replace": _replace,
        "split": _split,
        "substring": _substring,
        "sum": _sum,
        "trim": lambda text: text.strip(),
        "upperAscii": _upper,
    }
)
