"""Give each node of an expression its type, or say why it has none.

Source: checker/checker.go of cel-go.
"""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from kubecapy.apimachinery.cel import types
from kubecapy.apimachinery.cel.declarations import Overload, overloads, type_names
from kubecapy.apimachinery.cel.issues import CelError, Issue, describe
from kubecapy.apimachinery.cel.literal_checks import check_literals
from kubecapy.apimachinery.cel.parser import RESERVED, parse
from kubecapy.apimachinery.cel.tree import (
    Call,
    Fold,
    Ident,
    ListNode,
    Literal,
    MapNode,
    Message,
    Node,
    Select,
    Uint,
)
from kubecapy.apimachinery.cel.types import Kind, Type, list_of, map_of, optional_of
from kubecapy.apimachinery.cel.unification import Substitutions, most_general

Field = TypeVar("Field")
Objects = Mapping[str, Mapping[str, Type]]
"""The fields of each object type, by its name."""


class Declared(msgspec.Struct, frozen=True):
    """What an expression may use."""

    variables: Mapping[str, Type]
    objects: Objects


class Checked(msgspec.Struct, frozen=True):
    """An expression whose types are right."""

    text: str
    tree: Node
    types: Mapping[Node, Type]
    variables: frozenset[str]
    """Those of the declared variables that it uses."""
    functions: Mapping[Call, str]
    """What each call means, where a dotted name such as `optional.of` was read as a method."""
    named: Mapping[Select, str]
    """The types that dotted names such as `google.protobuf.Duration` mean."""
    ways: Mapping[Call, tuple[Overload, ...]]
    """The overloads that each call may turn out to be; but for `&&`, `||` and optional fields."""

    @property
    def type(self) -> Type:
        """What the expression evaluates to."""
        return self.types[self.tree]


def check(expression: str, declared: Declared) -> Checked:
    """Return `expression` with its types.

    Raises:
        CelError: it is no expression, or its types are wrong; the message tells every place.
    """
    tree = parse(expression)
    checker = _Checker(declared)
    checker.check(tree)
    found = checker.result(expression, tree)
    issues = checker.issues or check_literals(tree, found.types)
    if issues:
        raise CelError(describe(expression, issues))
    return found


class _Checker:
    """Walks a tree once."""

    def __init__(self, declared: Declared) -> None:
        self.issues: list[Issue] = []
        self._objects = declared.objects
        self._declared = declared.variables
        self._scope: ChainMap[str, Type] = ChainMap({}, dict(declared.variables), dict(type_names()))
        self._types: dict[Node, Type] = {}
        self._used: set[str] = set()
        self._functions: dict[Call, str] = {}
        self._named: dict[Select, str] = {}
        self._ways: dict[Call, tuple[Overload, ...]] = {}
        self._known = Substitutions()

    def result(self, expression: str, tree: Node) -> Checked:
        """Return what was found, every type variable resolved."""
        resolved = {node: self._known.resolve(found, finally_=True) for node, found in self._types.items()}
        return Checked(expression, tree, resolved, frozenset(self._used), self._functions, self._named, self._ways)

    def check(self, node: Node) -> Type:
        """Return the type of a node, having checked what is below it."""
        found = self._find(node)
        self._types[node] = found
        return found

    def _find(self, node: Node) -> Type:
        match node:
            case Literal():
                return _type_of_literal(node)
            case Ident():
                return self._ident(node)
            case Select():
                return self._known.resolve(self._select(node))
            case Call():
                return self._call(node)
            case ListNode():
                return self._list(node)
            case MapNode():
                return self._map(node)
            case Fold():
                return self._fold(node)
            case Message():
                return self._message(node)

    def _message(self, node: Message) -> Type:
        for value in node.values:
            self.check(value)
        # Nothing says what fields these have; so an expression with one is taken, and fails when it is evaluated.
        return types.DYN if node.name.startswith("google.protobuf.") else self._undeclared(node, node.name)

    def _ident(self, node: Ident) -> Type:
        found = self._lookup(node.name)
        return found if found is not None else self._undeclared(node, node.name)

    def _lookup(self, name: str) -> Type | None:
        # A leading dot means the outermost scope.
        bare = name.removeprefix(".")
        scope = self._scope if bare == name else self._declared
        if scope.get(bare) is self._declared.get(bare) and bare in self._declared:
            self._used.add(bare)
        return scope.get(bare)

    def _select(self, node: Select) -> Type:
        name = _dotted(node)
        if name is not None and (named := type_names().get(name)) is not None:
            self._named[node] = name
            return named
        found = self._field(node, node.operand, node.field)
        return types.BOOL if node.is_test else found

    def _field(self, node: Node, operand: Node, field: str, *, optional: bool = False) -> Type:
        holder = self._known.resolve(self.check(operand))
        found = self._field_of(node, types.unwrap(holder), field)
        return optional_of(found) if optional or types.is_optional(holder) else found

    def _field_of(self, node: Node, holder: Type, field: str) -> Type:
        match holder.kind:
            case Kind.MAP:
                return holder.parameters[1]
            case Kind.OBJECT:
                found = find_field(self._objects.get(holder.name, {}), field)
                return found if found is not None else self._wrong(node, f"undefined field '{field}'")
            case Kind.PARAMETER:
                # What is selected from is known when the expression is evaluated.
                self._known.assign([types.DYN], [holder])
                return types.DYN
            case Kind.DYN | Kind.ERROR:
                return types.DYN
            case _:
                self._wrong(node, f"type '{holder}' does not support field selection")
                return types.DYN

    def _call(self, node: Call) -> Type:
        if node.function == "_?._":
            return self._optional_field(node)
        arguments = [self.check(argument) for argument in node.arguments]
        if node.target is None:
            return self._apply(node, node.function.removeprefix("."), arguments, is_method=False)
        prefix = _dotted(node.target)
        full_name = f"{prefix}.{node.function}"
        if prefix is not None and full_name in overloads():
            self._functions[node] = full_name
            return self._apply(node, full_name, arguments, is_method=False)
        target = self.check(node.target)
        return self._apply(node, node.function, [target, *arguments], is_method=True)

    def _optional_field(self, node: Call) -> Type:
        operand, field = node.arguments
        name = field.value if isinstance(field, Literal) and isinstance(field.value, str) else ""
        self._types[field] = types.STRING
        return self._known.resolve(self._field(node, operand, name, optional=True))

    def _apply(self, node: Call, name: str, given: Sequence[Type], *, is_method: bool) -> Type:
        ways = overloads().get(name)
        if ways is None:
            return self._undeclared(node, name)
        if name in ("_&&_", "_||_"):
            return self._logical(node, given)
        tried = [(way, self._try(way, given)) for way in ways if way.is_method == is_method]
        found = [(way, result) for way, result in tried if result is not None]
        if found:
            self._ways[node] = tuple(way for way, _ in found)
            results = {result for _, result in found}
            # Several ways that differ in their result leave it to the evaluation.
            return results.pop() if len(results) == 1 else types.DYN
        shown = [str(self._known.resolve(one, finally_=True)) for one in given]
        target = f"{shown.pop(0)}." if is_method else ""
        signature = f"{target}({', '.join(shown)})"
        return self._wrong(node, f"found no matching overload for '{name}' applied to '{signature}'")

    def _try(self, way: Overload, given: Sequence[Type]) -> Type | None:
        """Return what one way to call a function gives; None where it does not take the types given."""
        if len(way.taken) != len(given):
            return None
        fresh = {variable: self._known.variable() for variable in sorted(way.variables, key=str)}
        if not self._known.assign(given, [_replace(one, fresh) for one in way.taken]):
            return None
        return self._known.resolve(_replace(way.given, fresh))

    def _logical(self, node: Call, given: Sequence[Type]) -> Type:
        wrong = [
            self._mismatch(argument, types.BOOL, found)
            for argument, found in zip(node.arguments, given, strict=True)
            if not self._known.assign([found], [types.BOOL])
        ]
        return wrong[0] if wrong else types.BOOL

    def _list(self, node: ListNode) -> Type:
        joined: Type | None = None
        for place, item in enumerate(node.items):
            found = self.check(item)
            if place in node.optional:
                found = self._unwrapped(item, found)
            joined = self._join(joined, found)
        return list_of(joined if joined is not None else self._known.variable())

    def _map(self, node: MapNode) -> Type:
        keys: Type | None = None
        values: Type | None = None
        for entry in node.entries:
            keys = self._join(keys, self.check(entry.key))
            found = self.check(entry.value)
            if entry.is_optional:
                found = self._unwrapped(entry.value, found)
            values = self._join(values, found)
        if keys is None or values is None:
            return map_of(self._known.variable(), self._known.variable())
        return map_of(keys, values)

    def _unwrapped(self, node: Node, found: Type) -> Type:
        if not types.is_optional(found) and found.kind is not Kind.DYN:
            self._mismatch(node, optional_of(found), found)
        return types.unwrap(found)

    def _join(self, before: Type | None, found: Type) -> Type:
        if before is None:
            return found
        # What does not fit is told of once everything else is right, see literal_checks.
        return most_general(before, found) if self._known.assign([before], [found]) else types.DYN

    def _fold(self, node: Fold) -> Type:
        over = self.check(node.over)
        initial = self.check(node.initial)
        first, second = self._loop_types(node, self._known.resolve(over))
        outer = self._scope
        self._scope = outer.new_child({node.accumulator: initial})
        loop = {node.variable: first} | ({node.second_variable: second} if node.second_variable else {})
        self._scope = self._scope.new_child(loop)
        self._assert(node.condition, self.check(node.condition), types.BOOL)
        self._assert(node.step, self.check(node.step), initial)
        self._scope = self._scope.parents
        result = self.check(node.result)
        self._scope = outer
        return self._known.resolve(result)

    def _loop_types(self, node: Fold, over: Type) -> tuple[Type, Type]:
        """Return the types of the two variables of a loop; one alone is the first, but in lists the items'."""
        match over.kind:
            case Kind.LIST:
                item = over.parameters[0]
                return (types.INT, item) if node.second_variable else (item, item)
            case Kind.MAP:
                return over.parameters[0], over.parameters[1]
            case Kind.DYN | Kind.ERROR | Kind.PARAMETER:
                self._known.assign([types.DYN], [over])
                return types.DYN, types.DYN
            case _:
                wanted = "cannot be range of a comprehension (must be list, map, or dynamic)"
                wrong = self._wrong(node.over, f"expression of type '{over}' {wanted}")
                return wrong, wrong

    def _assert(self, node: Node, found: Type, wanted: Type) -> None:
        if not self._known.assign([wanted], [found]):
            self._mismatch(node, wanted, found)

    def _undeclared(self, node: Node, name: str) -> Type:
        return self._wrong(node, f"undeclared reference to '{name}' (in container '')")

    def _mismatch(self, node: Node, wanted: Type, found: Type) -> Type:
        return self._wrong(node, f"expected type '{wanted}' but found '{found}'")

    def _wrong(self, node: Node, message: str) -> Type:
        self.issues.append(Issue(node.offset, message))
        return types.ERROR


def _type_of_literal(node: Literal) -> Type:
    match node.value:
        case None:
            return types.NULL
        case bool():
            return types.BOOL
        case Uint():
            return types.UINT
        case int():
            return types.INT
        case float():
            return types.DOUBLE
        case str():
            return types.STRING
        case bytes():
            return types.BYTES


def find_field(fields: Mapping[str, Field], name: str) -> Field | None:
    """Return a field of an object by its name; a word that no variable may be named by needs no escape there."""
    return fields.get(name, fields.get(f"__{name}__") if name in RESERVED else None)


def _dotted(node: Node) -> str | None:
    """Return the name that names with dots between them spell; None where there is more to a node."""
    parts: list[str] = []
    while isinstance(node, Select) and not node.is_test:
        parts.append(node.field)
        node = node.operand
    return ".".join([node.name, *reversed(parts)]) if isinstance(node, Ident) else None


def _replace(found: Type, variables: Mapping[Type, Type]) -> Type:
    if found in variables:
        return variables[found]
    if not found.parameters:
        return found
    return Type(found.kind, found.name, tuple(_replace(part, variables) for part in found.parameters))
