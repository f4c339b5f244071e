"""Estimate what the call of a function costs, and how large its result is.

What is not named here costs 1.

Sources: pkg/cel/library/cost.go of k8s.io/apiserver; checker/cost.go and ext/lists.go of cel-go.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec

from kubecapy.apimachinery.cel import types
from kubecapy.apimachinery.cel.declarations import Overload
from kubecapy.apimachinery.cel.estimates import MOST, ONE, UNKNOWN, Range, exactly
from kubecapy.apimachinery.cel.tree import Literal, Node, Uint
from kubecapy.apimachinery.cel.types import Kind, Type

TRAVERSAL: Final = 0.1
"""What it costs to go through a text, for each character."""
REGEX: Final = 0.25
"""What a regular expression costs, for each of its characters."""
NEW_LIST: Final = 10
_FORMAT_LENGTH: Final = 128
_ADDRESS: Final = Range(4, 16)
"""The bytes of an address."""
_CONSTANT: Final = frozenset({types.QUANTITY, types.SEMVER, types.IP, types.CIDR})
"""Types whose values cost the same to compare, however large."""


class Given(msgspec.Struct, frozen=True):
    """What a call is given: a node, its type and size, and the size of its items where it is a list."""

    node: Node
    type: Type
    size: Range | None
    item_size: Range
    """The size of the items that the schema says."""

    @property
    def room(self) -> Range:
        """The size, as far as it is known."""
        return self.size if self.size is not None else UNKNOWN


class CallCost(msgspec.Struct, frozen=True):
    """What a call costs beyond its arguments."""

    cost: Range
    result: Range | None = None
    """The size of what it returns; None where nothing is said of it."""


Estimate = Callable[[Overload, Sequence[Given]], CallCost | None]
"""Returns the cost of a call (the way it is called, with the target of a method first); None where it is 1."""


def cost_of_call(way: Overload, given: Sequence[Given]) -> CallCost:
    """Return what a call costs."""
    estimate = _ESTIMATES.get(way.name)
    return (estimate(way, given) if estimate is not None else None) or CallCost(ONE)


def _traversal(_way: Overload, given: Sequence[Given]) -> CallCost | None:
    """Estimate what goes through its target, or else its first argument, and returns as much at most."""
    return CallCost(given[0].room.times(TRAVERSAL), given[0].room)


def _reading(_way: Overload, given: Sequence[Given]) -> CallCost | None:
    return CallCost(given[0].room.times(TRAVERSAL))


def _reading_twice(_way: Overload, given: Sequence[Given]) -> CallCost | None:
    return CallCost(given[0].room.times(2 * TRAVERSAL))


def _reading_unless_method(way: Overload, given: Sequence[Given]) -> CallCost | None:
    return None if way.is_method else _reading(way, given)


def _of_items(_way: Overload, given: Sequence[Given]) -> CallCost | None:
    """Estimate what looks at each item of a list, or at each character of a text."""
    items = given[0].type.parameters
    if not items:
        return CallCost(given[0].room.times(TRAVERSAL))
    has_length = items[0] in (types.STRING, types.BYTES)
    each = ONE + given[0].item_size.times(TRAVERSAL) if has_length else ONE
    return CallCost(given[0].room * each)


def _replace(_way: Overload, given: Sequence[Given]) -> CallCost | None:
    text, old, new = (one.room for one in given[:3])
    most_kept = text.most if old.least == 0 or new.most <= old.least else 0
    least_kept = text.least if old.most == 0 or old.most <= new.least else 0
    count = Range(_fewest(text.least, old, new), _most_replaced(text.most, old, new))
    return CallCost(text.times(2 * TRAVERSAL), count * new + Range(least_kept, most_kept))


def _most_replaced(length: int, old: Range, new: Range) -> int:
    if old.least == 0:
        return min(length + 1, MOST)
    return 0 if new.most <= old.least else math.ceil(length / old.least)


def _fewest(length: int, old: Range, new: Range) -> int:
    if old.most == 0:
        return min(length + 1, MOST)
    return 0 if old.most <= new.least else math.ceil(length / old.most)


def _split(_way: Overload, given: Sequence[Given]) -> CallCost | None:
    text = given[0].room
    most = _constant(given[2].node, text.most) if len(given) > 2 else text.most
    return CallCost(text.times(2 * TRAVERSAL), Range(0, most))


def _join(_way: Overload, given: Sequence[Given]) -> CallCost | None:
    items = given[0].room
    size = items * given[0].item_size
    if len(given) > 1:
        size += given[1].room * Range(max(items.least - 1, 0), max(items.most - 1, 0))
    return CallCost(size.times(TRAVERSAL), size)


def _find(_way: Overload, given: Sequence[Given]) -> CallCost | None:
    return CallCost(_matching(given), Range(0, given[0].room.most))


def _matches(way: Overload, given: Sequence[Given]) -> CallCost | None:
    return CallCost(_matching(given)) if way.is_method else None


def _matching(given: Sequence[Given]) -> Range:
    return (given[0].room + ONE).times(TRAVERSAL) * given[1].room.times(REGEX)


def _contains(_way: Overload, given: Sequence[Given]) -> CallCost | None:
    return CallCost(given[0].room.times(TRAVERSAL) * given[1].room.times(TRAVERSAL))


def _starts(_way: Overload, given: Sequence[Given]) -> CallCost | None:
    return CallCost(given[1].room.times(TRAVERSAL))


def _contains_ip(way: Overload, given: Sequence[Given]) -> CallCost | None:
    cost = (_ADDRESS + _ADDRESS).times(TRAVERSAL)
    return CallCost(cost + given[1].room.times(TRAVERSAL) if way.taken[1] == types.STRING else cost)


def _contains_cidr(way: Overload, given: Sequence[Given]) -> CallCost | None:
    cost = (_ADDRESS + _ADDRESS).times(TRAVERSAL) + _ADDRESS.times(TRAVERSAL) + ONE
    return CallCost(cost + given[1].room.times(TRAVERSAL) if way.taken[1] == types.STRING else cost)


def _validate(_way: Overload, given: Sequence[Given]) -> CallCost | None:
    return CallCost(given[1].room.times(TRAVERSAL).times(_FORMAT_LENGTH * REGEX))


def _equals(way: Overload, given: Sequence[Given]) -> CallCost | None:
    one, other = given
    if way.name == "_==_" and one.type == other.type:
        if one.type in _CONSTANT:
            return CallCost(ONE)
        if one.type == types.FORMAT:
            return CallCost(Range(1, 64).times(TRAVERSAL))
        if one.type == types.URL:
            return CallCost(Range(1, other.size.most if other.size is not None else 1).times(TRAVERSAL))
    return CallCost(_shorter(given))


def _compares(way: Overload, given: Sequence[Given]) -> CallCost | None:
    return CallCost(_shorter(given)) if way.taken[0] in (types.STRING, types.BYTES) else None


def _shorter(given: Sequence[Given]) -> Range:
    most = min(given[0].room.most, given[1].room.most)
    return Range(min(most, 1), most).times(TRAVERSAL)


def _in(way: Overload, given: Sequence[Given]) -> CallCost | None:
    return CallCost(given[1].room) if way.taken[1].kind is Kind.LIST else None


def _adds(way: Overload, given: Sequence[Given]) -> CallCost | None:
    if way.given not in (types.STRING, types.BYTES) and way.given.kind is not Kind.LIST:
        return None
    size = given[0].room + given[1].room
    return CallCost(ONE if way.given.kind is Kind.LIST else size.times(TRAVERSAL), size)


def _to_bytes(way: Overload, given: Sequence[Given]) -> CallCost | None:
    size = given[0].room
    if way.taken[0] != types.STRING:
        return None
    return CallCost(size.times(TRAVERSAL), Range(size.least, min(size.most * 4, MOST)))


def _to_text(way: Overload, given: Sequence[Given]) -> CallCost | None:
    size = given[0].room
    return CallCost(size.times(TRAVERSAL), Range(size.least // 4, size.most)) if way.taken[0] == types.BYTES else None


def _quote(_way: Overload, given: Sequence[Given]) -> CallCost | None:
    size = given[0].room
    return CallCost(size.times(TRAVERSAL), Range(size.least + 2, min(size.most * 2 + 2, MOST)))


def _slice(_way: Overload, given: Sequence[Given]) -> CallCost | None:
    start, end = _constant(given[1].node, 0), _constant(given[2].node, given[0].room.most)
    return _new_list(1, exactly((end - start) % (MOST + 1)))


def _sets(way: Overload, given: Sequence[Given]) -> CallCost | None:
    pairs = given[0].room * given[1].room
    return CallCost(pairs.times(2 if way.name == "sets.equivalent" else 1) + ONE)


def _range(_way: Overload, given: Sequence[Given]) -> CallCost | None:
    return _new_list(1, exactly(_constant(given[0].node, MOST)))


def _reverse(_way: Overload, given: Sequence[Given]) -> CallCost | None:
    return _new_list(1, given[0].room)


def _flatten(_way: Overload, given: Sequence[Given]) -> CallCost | None:
    return _new_list(_constant(given[1].node, MOST) if len(given) > 1 else 1, given[0].room)


def _distinct(_way: Overload, given: Sequence[Given]) -> CallCost | None:
    return _new_list(2, given[0].room * given[0].room)


def _sort(way: Overload, given: Sequence[Given]) -> CallCost | None:
    keys = given[-1].room
    has_length = way.taken[-1].parameters[0] in (types.STRING, types.BYTES)
    return _new_list(2 + TRAVERSAL if has_length else 2, keys * keys)


def _new_list(factor: float, size: Range) -> CallCost:
    return CallCost(size.times(factor) + ONE + exactly(NEW_LIST), size)


def _constant(node: Node, otherwise: int) -> int:
    is_whole = isinstance(node, Literal) and type(node.value) is int and not isinstance(node.value, Uint)
    return max(int(node.value or 0), 0) if is_whole and isinstance(node, Literal) else otherwise


_ESTIMATES: Final[Mapping[str, Estimate]] = MappingProxyType(
    {
        **dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"), _of_items),
        **dict.fromkeys(("url", "lowerAscii", "upperAscii", "substring", "trim"), _traversal),
        **dict.fromkeys(("cidr", "isIP", "isCIDR", "quantity", "isQuantity", "semver", "isSemver", "format"), _reading),
        "ip": _reading_unless_method,
        "ip.isCanonical": _reading_twice,
        "replace": _replace,
        "split": _split,
        "join": _join,
        "find": _find,
        "findAll": _find,
        "matches": _matches,
        "contains": _contains,
        "startsWith": _starts,
        "endsWith": _starts,
        "containsIP": _contains_ip,
        "containsCIDR": _contains_cidr,
        "validate": _validate,
        "_==_": _equals,
        "_!=_": _equals,
        **dict.fromkeys(("_<_", "_<=_", "_>_", "_>=_"), _compares),
        "@in": _in,
        "_+_": _adds,
        "bytes": _to_bytes,
        "string": _to_text,
        "strings.quote": _quote,
        **dict.fromkeys(("sets.contains", "sets.equivalent", "sets.intersects"), _sets),
        "slice": _slice,
        "lists.range": _range,
        "reverse": _reverse,
        "flatten": _flatten,
        "distinct": _distinct,
        "sort": _sort,
        "@sortByAssociatedKeys": _sort,
    }
)
