"""Estimate what an expression costs at most, from its types and from how large its variables can be.

Source: checker/cost.go of cel-go.
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from kubecapy.apimachinery.cel import types
from kubecapy.apimachinery.cel.call_costs import NEW_LIST, Given, cost_of_call
from kubecapy.apimachinery.cel.checker import Checked
from kubecapy.apimachinery.cel.estimates import NEVER, ONE, UNKNOWN, Range, exactly
from kubecapy.apimachinery.cel.macros import TARGET
from kubecapy.apimachinery.cel.tree import (
    ACCUMULATOR,
    Call,
    Fold,
    Ident,
    ListNode,
    Literal,
    MapNode,
    Message,
    Node,
    Select,
)
from kubecapy.apimachinery.cel.types import Kind, Type

Path = tuple[str, ...]
SizeOf = Callable[[Path], Range | None]
"""Returns how large what lies at a path can be, which begins with a variable; None where nothing is known."""
_FREE: Final = exactly(0)
_NEW_MAP: Final = exactly(30)
_NEW_MESSAGE: Final = exactly(40)
_OF_SIZE_ONE: Final = frozenset({types.BOOL, types.DOUBLE, types.DURATION, types.INT, types.TIMESTAMP, types.UINT})


class _Entries(msgspec.Struct, frozen=True):
    """How large the keys and values of something that was made can be."""

    kind: Kind
    key: Range
    value: Range


class _Local(msgspec.Struct, frozen=True):
    """What is known of a variable of a loop."""

    path: Path
    size: Range | None
    entries: _Entries | None = None
    cost: Range = ONE


def most_cost(checked: Checked, size_of: SizeOf) -> int:
    """Return what an expression costs at most."""
    return _Estimator(checked, size_of).cost(checked.tree).most


class _Estimator:
    """Walks a tree once, and remembers of each node what lies below its path."""

    def __init__(self, checked: Checked, size_of: SizeOf) -> None:
        self._checked = checked
        self._size_of = size_of
        self._paths: dict[Node, Path] = {}
        self._sizes: dict[Node, Range] = {}
        self._entries: dict[Node, _Entries] = {}
        self._locals: Mapping[str, _Local] = {}

    def cost(self, node: Node) -> Range:
        """Return what a node costs, with all below it."""
        match node:
            case Literal():
                return _FREE
            case Ident():
                return self._ident(node)
            case Select():
                return self._select(node)
            case Call():
                return self._call(node)
            case ListNode():
                return self._list(node)
            case MapNode():
                return self._map(node)
            case Message():
                return _total([self.cost(value) for value in node.values]) + _NEW_MESSAGE
            case Fold():
                return self._bind(node) if _is_bind(node) else self._loop(node)

    def _ident(self, node: Ident) -> Range:
        local = self._locals.get(node.name)
        self._paths[node] = (node.name,) if local is None else local.path
        return ONE if local is None else local.cost

    def _select(self, node: Select) -> Range:
        if node in self._checked.named:
            self._paths[node] = (self._checked.named[node],)
            return ONE
        cost = self.cost(node.operand)
        if node.is_test:
            return cost
        self._paths[node] = (*self._path(node.operand), node.field)
        holder = self._type(node.operand).kind
        return cost + ONE if holder in (Kind.MAP, Kind.OBJECT, Kind.PARAMETER) else cost

    def _call(self, node: Call) -> Range:
        if node.function == "dyn":
            cost = self.cost(node.arguments[0])
            self._copy(node, node.arguments[0])
            return cost + ONE
        is_method = node.target is not None and node not in self._checked.functions
        nodes = (node.target, *node.arguments) if node.target is not None and is_method else node.arguments
        costs = [self.cost(one) for one in nodes]
        if node.function in ("_&&_", "_||_"):
            return Range(costs[0].least, _total(costs).most)
        if node.function == "_?_:_":
            return self._conditional(node, costs)
        return self._function(node, [self._given(one) for one in nodes]) + _total(costs)

    def _conditional(self, node: Call, costs: list[Range]) -> Range:
        _, chosen, otherwise = node.arguments
        self._sizes[node] = self._room(chosen) | self._room(otherwise)
        self._join_entries(node, chosen, otherwise)
        return costs[0] + (costs[1] | costs[2])

    def _function(self, node: Call, given: list[Given]) -> Range:
        ways = self._checked.ways.get(node, ())
        if not ways:
            return ONE
        cost, size = NEVER, None
        for way in ways:
            found = cost_of_call(way, given)
            cost |= found.cost
            if found.result is not None:
                size = found.result if size is None else size | found.result
            if way.name == "_[_]" and way.taken[0].kind in (Kind.LIST, Kind.MAP):
                entries = self._entries_of(given[0].node)
                size = entries.value if entries is not None else None
                step = "@items" if way.taken[0].kind is Kind.LIST else "@values"
                self._paths[node] = (*self._path(given[0].node), step)
            if size is None:
                size = self._size(node)
        if node.function == "_+_" and any(_joins(way.given) for way in ways):
            self._join_entries(node, given[0].node, given[1].node)
        if size is not None:
            self._sizes[node] = size
        return cost

    def _list(self, node: ListNode) -> Range:
        costs = [self.cost(item) for item in node.items]
        self._entries[node] = _Entries(Kind.LIST, ONE, _any([self._room(item) for item in node.items]))
        return _total(costs) + exactly(NEW_LIST)

    def _map(self, node: MapNode) -> Range:
        costs = [self.cost(entry.key) + self.cost(entry.value) for entry in node.entries]
        keys = _any([self._room(entry.key) for entry in node.entries])
        values = _any([self._room(entry.value) for entry in node.entries])
        self._entries[node] = _Entries(Kind.MAP, keys, values)
        return _total(costs) + _NEW_MAP

    def _loop(self, node: Fold) -> Range:
        cost = self.cost(node.over) + self.cost(node.initial)
        outer = self._locals
        gathered = {**outer, node.accumulator: self._local(node.initial)}
        self._locals = {**gathered, **self._loop_locals(node)}
        turn = self.cost(node.condition) + self.cost(node.step)
        self._locals = gathered
        cost += self.cost(node.result)
        self._locals = outer
        turns = self._room(node.over)
        if isinstance(node.initial, Literal):
            self._sizes[node] = self._room(node.initial)
        else:
            self._sizes[node] = turns
            step = self._entries_of(node.step)
            if step is not None:
                self._entries[node] = step
        return cost + turns * turn

    def _loop_locals(self, node: Fold) -> dict[str, _Local]:
        entries, path = self._entries_of(node.over), self._path(node.over)
        is_list = (entries.kind if entries is not None else self._type(node.over).kind) is Kind.LIST
        key, value = (entries.key, entries.value) if entries is not None else (None, None)
        if node.second_variable:
            first = _Local((*path, "@indices" if is_list else "@keys"), key)
            return {node.variable: first, node.second_variable: _Local((*path, _VALUES[is_list]), value)}
        return {node.variable: _Local((*path, "@items"), value) if is_list else _Local((*path, "@keys"), key)}

    def _bind(self, node: Fold) -> Range:
        outer = self._locals
        bound = self.cost(node.initial)
        local = self._local(node.initial)
        if node.accumulator == TARGET:
            # cel-go knows no name here: it writes what is bound wherever it is used.
            local = msgspec.structs.replace(local, cost=bound)
            bound = _FREE
        else:
            bound += self.cost(node.over)
        self._locals = {**outer, node.accumulator: local}
        cost = self.cost(node.result)
        self._locals = outer
        self._copy(node, node.result)
        return bound + cost

    def _local(self, node: Node) -> _Local:
        return _Local(self._path(node), self._size(node), self._entries_of(node))

    def _given(self, node: Node) -> Given:
        path = self._path(node)
        if path[:1] == (ACCUMULATOR,):
            path = ()
        items = self._size_of((*path, "@items"))
        return Given(node, self._type(node), self._size(node), items if path and items is not None else UNKNOWN)

    def _room(self, node: Node) -> Range:
        size = self._size(node)
        return UNKNOWN if size is None else size

    def _size(self, node: Node) -> Range | None:
        if node in self._sizes:
            return self._sizes[node]
        written = _size_of_literal(node)
        if written is not None:
            return written
        path = self._path(node)
        said = self._size_of(path) if path else None
        if said is not None:
            self._sizes[node] = said
            return said
        if types.unwrap(self._type(node)) in _OF_SIZE_ONE:
            return ONE
        local = self._locals.get(node.name) if isinstance(node, Ident) else None
        return None if local is None else local.size

    def _entries_of(self, node: Node) -> _Entries | None:
        if node in self._entries:
            return self._entries[node]
        local = self._locals.get(node.name) if isinstance(node, Ident) else None
        return None if local is None else local.entries

    def _join_entries(self, node: Node, one: Node, other: Node) -> None:
        first, second = self._entries_of(one), self._entries_of(other)
        if first is not None and second is not None:
            self._entries[node] = _Entries(first.kind, first.key | second.key, first.value | second.value)

    def _copy(self, node: Node, source: Node) -> None:
        size, entries = self._size(source), self._entries_of(source)
        if size is not None:
            self._sizes[node] = size
        if entries is not None:
            self._entries[node] = entries

    def _path(self, node: Node) -> Path:
        local = self._locals.get(node.name) if isinstance(node, Ident) else None
        return self._paths.get(node, ()) if local is None else local.path

    def _type(self, node: Node) -> Type:
        return self._checked.types[node]


_VALUES: Final = {True: "@items", False: "@values"}
"""What leads to the values of a list, and of a map."""


def _is_bind(node: Fold) -> bool:
    is_never = isinstance(node.condition, Literal) and node.condition.value is False
    return is_never and isinstance(node.over, ListNode) and not node.over.items


def _joins(given: Type) -> bool:
    return given in (types.STRING, types.BYTES) or given.kind is Kind.LIST


def _size_of_literal(node: Node) -> Range | None:
    match node:
        case Literal(value=str() | bytes() as value):
            return exactly(len(value))
        case Literal():
            return ONE
        case ListNode():
            return exactly(len(node.items))
        case MapNode():
            return exactly(len(node.entries))
        case _:
            return None


def _total(costs: list[Range]) -> Range:
    total = _FREE
    for cost in costs:
        total += cost
    return total


def _any(sizes: list[Range]) -> Range:
    """Return the size of any of some items; of none, it is nothing."""
    found = NEVER if sizes else _FREE
    for size in sizes:
        found |= size
    return found
