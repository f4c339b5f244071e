"""What each function does that rules may call, by its name.

A method's first argument is what it is called on. Arguments have the types that `declarations` says: whoever calls sees
to that.

Source: common/stdlib/standard.go, cel/library.go and ext/{lists,sets,comprehensions}.go of cel-go.
"""

import operator
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache, cmp_to_key
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kubecapy.apimachinery.cel.conversions import CONVERSIONS
from kubecapy.apimachinery.cel.formatting import format_text
from kubecapy.apimachinery.cel.issues import CelError
from kubecapy.apimachinery.cel.operators import OPERATORS, add, contains, find_key
from kubecapy.apimachinery.cel.values import NOTHING, OptionalValue, compare, is_equal, is_zero, some, type_of
from kubecapy.apimachinery.cel_functions import formats, networks, quantities, texts, versions, web
from kubecapy.apimachinery.cel_functions.formats import NamedFormat
from kubecapy.apimachinery.cel_functions.quantities import Quantity, compare_quantities
from kubecapy.apimachinery.cel_functions.versions import Version, compare_versions
from kubecapy.apimachinery.go_text import go_print
from kubecapy.apimachinery.patterns import PatternError, compile_pattern

Function = Callable[..., Any]
_comes_before: Final = compare(operator.lt)
_is_ordered: Final = compare(operator.le)


@cache
def functions() -> Mapping[str, Function]:
    """Return every function and operator by its name, but for those that need not evaluate all they are given."""
    modules = (texts, quantities, networks, web, formats, versions)
    extensions = {name: function for module in modules for name, function in module.FUNCTIONS.items()}
    return {**OPERATORS, **CONVERSIONS, **extensions, **_STANDARD, **_LISTS, **_OPTIONALS, **_TIMES}


def _matches(text: str, pattern: str) -> bool:
    try:
        return compile_pattern(pattern).search(text) is not None
    except PatternError as error:
        raise CelError(f"error parsing regexp: {error}") from error


def _compare_to(one: Quantity | Version, other: Quantity | Version) -> int:
    if isinstance(one, Version) and isinstance(other, Version):
        return compare_versions(one, other)
    if isinstance(one, Quantity) and isinstance(other, Quantity):
        return compare_quantities(one, other)
    raise CelError("no such overload")


def _insert(whole: dict[Any, Any], *entry: Any) -> dict[Any, Any]:
    """Return what a loop has gathered, with entries more; nobody else has it, so it is not copied."""
    added = {entry[0]: entry[1]} if len(entry) == 2 else entry[0]
    for key in added:
        if find_key(whole, key) is not None:
            raise CelError(f"insert failed: key {go_print(key)} already exists")
    whole.update(added)
    return whole


def _sum(items: list[Any], nothing: Any) -> Any:
    total = items[0] if items else nothing
    for item in items[1:]:
        total = add(total, item)
    return total


def _extreme(name: str, is_better: Callable[[Any, Any], bool]) -> Function:
    def find(items: list[Any]) -> Any:
        if not items:
            raise CelError(f"{name} called on empty list")
        best = items[0]
        for item in items[1:]:
            # What cannot be compared is passed over.
            with suppress(CelError):
                best = item if is_better(item, best) else best
        return best

    return find


def _index_of(whole: Any, part: Any, *start: int) -> int:
    if isinstance(whole, str):
        return texts.index_of(whole, part, *start)
    return next((place for place, item in enumerate(whole) if is_equal(item, part)), -1)


def _last_index_of(whole: Any, part: Any, *start: int) -> int:
    if isinstance(whole, str):
        return texts.last_index_of(whole, part, *start)
    return next((place for place in reversed(range(len(whole))) if is_equal(whole[place], part)), -1)


def _slice(items: list[Any], start: int, end: int) -> list[Any]:
    called = f"cannot slice({start}, {end}), "
    if start < 0 or end < 0:
        raise CelError(f"{called}negative indexes not supported")
    if start > end:
        raise CelError(f"{called}start index must be less than or equal to end index")
    if len(items) < end:
        raise CelError(f"{called}list is length {len(items)}")
    return items[start:end]


def _flatten(items: list[Any], depth: int = 1) -> list[Any]:
    if depth < 0:
        raise CelError("level must be non-negative")
    for _ in range(depth):
        if not any(isinstance(item, list) for item in items):
            break
        items = [part for item in items for part in (item if isinstance(item, list) else [item])]
    return items


def _distinct(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if not contains(item, found):
            found.append(item)
    return found


def _sort(items: list[Any]) -> list[Any]:
    return _sort_by(items, items)


def _sort_by(items: list[Any], keys: list[Any]) -> list[Any]:
    if any(type(key) is not type(keys[0]) for key in keys):
        raise CelError("list elements must have the same type")
    order = cmp_to_key(lambda one, other: _comes_before(other, one) - _comes_before(one, other))
    places = sorted(range(len(items)), key=lambda place: order(keys[place]))
    return [items[place] for place in places]


def _unwrap(items: list[OptionalValue]) -> list[Any]:
    return [value for item in items for value in item.held]


def _of_non_zero(value: Any) -> OptionalValue:
    return NOTHING if is_zero(value) else some(value)


def _maybe(value: Any) -> OptionalValue:
    return NOTHING if value is None else some(value)


def _named(name: str) -> OptionalValue:
    return _maybe(formats.find_format(name))


def _validate(named: NamedFormat, text: str) -> OptionalValue:
    return _maybe(formats.find_faults(named, text))


def _of_moment(read: Callable[[datetime], int]) -> Function:
    """Return what reads a part of a point in time, in UTC unless another zone is given."""
    return lambda moment, zone="UTC": read(moment.astimezone(_zone(zone)))


def _zone(name: str) -> Any:
    if ":" not in name:
        try:
            return ZoneInfo(name or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise CelError(f"unknown time zone {name}") from None
    try:
        return datetime.strptime(name if name[0] in "+-" else f"+{name}", "%z").tzinfo
    except ValueError:
        raise CelError(f"unknown time zone {name}") from None


def _of_either(of_moment: Callable[[datetime], int], unit: timedelta) -> Function:
    """Return what reads a part of a point in time, or the whole of a duration in a unit."""
    read = _of_moment(of_moment)

    def part(value: datetime | timedelta, *zone: str) -> Any:
        if isinstance(value, datetime):
            return read(value, *zone)
        return -(-value // unit) if value < timedelta() else value // unit

    return part


_STANDARD: Final[Mapping[str, Function]] = {
    "dyn": lambda value: value,
    "type": type_of,
    "size": len,
    "contains": lambda whole, part: part in whole,
    "startsWith": lambda whole, part: whole.startswith(part),
    "endsWith": lambda whole, part: whole.endswith(part),
    "matches": _matches,
    "cel.@mapInsert": _insert,
    "compareTo": _compare_to,
    "isGreaterThan": lambda one, other: _compare_to(one, other) > 0,
    "isLessThan": lambda one, other: _compare_to(one, other) < 0,
    "format.named": _named,
    "validate": _validate,
    "format": format_text,
}
_LISTS: Final[Mapping[str, Function]] = {
    "sum": _sum,
    "min": _extreme("min", _comes_before),
    "max": _extreme("max", lambda one, other: _comes_before(other, one)),
    "isSorted": lambda items: all(_is_ordered(one, other) for one, other in pairwise(items)),
    "indexOf": _index_of,
    "lastIndexOf": _last_index_of,
    "slice": _slice,
    "flatten": _flatten,
    "distinct": _distinct,
    "reverse": lambda items: items[::-1],
    "sort": _sort,
    "@sortByAssociatedKeys": _sort_by,
    "lists.range": lambda count: list(range(count)),
    "sets.contains": lambda whole, part: all(contains(item, whole) for item in part),
    "sets.equivalent": lambda one, other: (
        all(contains(item, other) for item in one) and all(contains(item, one) for item in other)
    ),
    "sets.intersects": lambda one, other: any(contains(item, other) for item in one),
}
_OPTIONALS: Final[Mapping[str, Function]] = {
    "optional.of": some,
    "optional.ofNonZeroValue": _of_non_zero,
    "optional.none": lambda: NOTHING,
    "optional.unwrap": _unwrap,
    "unwrapOpt": _unwrap,
    "value": OptionalValue.value,
    "hasValue": lambda optional: bool(optional.held),
    "first": lambda items: some(items[0]) if items else NOTHING,
    "last": lambda items: some(items[-1]) if items else NOTHING,
}
_TIMES: Final[Mapping[str, Function]] = {
    "getFullYear": _of_moment(lambda moment: moment.year),
    "getMonth": _of_moment(lambda moment: moment.month - 1),
    "getDayOfYear": _of_moment(lambda moment: moment.timetuple().tm_yday - 1),
    "getDayOfMonth": _of_moment(lambda moment: moment.day - 1),
    "getDate": _of_moment(lambda moment: moment.day),
    "getDayOfWeek": _of_moment(lambda moment: moment.isoweekday() % 7),
    "getHours": _of_either(lambda moment: moment.hour, timedelta(hours=1)),
    "getMinutes": _of_either(lambda moment: moment.minute, timedelta(minutes=1)),
    "getSeconds": _of_either(lambda moment: moment.second, timedelta(seconds=1)),
    "getMilliseconds": _of_either(lambda moment: moment.microsecond // 1000, timedelta(milliseconds=1)),
}
