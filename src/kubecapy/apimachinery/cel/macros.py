"""Expand macros: calls that become loops, or questions whether a field is there.

Sources: parser/macro.go, ext/comprehensions.go, ext/lists.go and cel/library.go of cel-go.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from kubecapy.apimachinery.cel.issues import Issue
from kubecapy.apimachinery.cel.tree import ACCUMULATOR, Call, Fold, Ident, ListNode, Literal, MapNode, Node, Select

_FORMER_ACCUMULATOR: Final = "__result__"
_UNUSED: Final = "#unused"
_NO_NAME: Final = "argument must be a simple name"
TARGET: Final = "@target"
"""What a macro calls the optional that it is asked of."""
_SORTED: Final = "@__sortBy_input__"
Expander = Callable[[int, Node, Sequence[Node]], Node]
"""Returns what a macro becomes (offset of the call, target, arguments)."""


class MacroError(ValueError):
    """The arguments of a macro are not of its form; `issue` says where and why."""

    def __init__(self, node: Node, message: str) -> None:
        """Say it of `node`."""
        super().__init__(message)
        self.issue = Issue(node.offset, message)


def expand(offset: int, function: str, target: Node | None, arguments: Sequence[Node]) -> Node | None:
    """Return what the call of a macro becomes; None where the function is no macro.

    Raises:
        MacroError: the arguments are not of the macro's form.
    """
    if target is None:
        return _has(offset, arguments[0]) if function == "has" and len(arguments) == 1 else None
    expander = _MACROS.get((function, len(arguments)))
    return expander(offset, target, arguments) if expander is not None else None


def _has(offset: int, argument: Node) -> Node:
    if not isinstance(argument, Select):
        raise MacroError(argument, "invalid argument to has() macro")
    return Select(offset, argument.operand, argument.field, is_test=True)


class _Builder:
    """Makes the nodes of one macro, all of them at the place of its call."""

    def __init__(self, offset: int) -> None:
        self._offset = offset

    def number(self, value: int) -> Node:
        return Literal(self._offset, value)

    def true(self) -> Node:
        return Literal(self._offset, value=True)

    def false(self) -> Node:
        return Literal(self._offset, value=False)

    def so_far(self) -> Node:
        return Ident(self._offset, ACCUMULATOR)

    def name(self, name: str) -> Node:
        return Ident(self._offset, name)

    def list(self, *items: Node) -> Node:
        return ListNode(self._offset, items)

    def map(self) -> Node:
        return MapNode(self._offset, ())

    def call(self, function: str, *arguments: Node) -> Node:
        return Call(self._offset, function, None, arguments)

    def method(self, function: str, target: Node, *arguments: Node) -> Node:
        return Call(self._offset, function, target, arguments)

    def fold(self, over: Node, names: Sequence[str], initial: Node, step: Node, **others: Node) -> Node:
        second = names[1] if len(names) > 1 else ""
        condition = others.get("condition", self.true())
        result = others.get("result", self.so_far())
        return Fold(self._offset, over, names[0], second, ACCUMULATOR, initial, condition, step, result)

    def bind(self, name: str, value: Node, body: Node) -> Node:
        """Return `body` with `value` under a name: a loop that never turns."""
        condition, step = self.false(), self.name(name)
        return Fold(self._offset, self.list(), _UNUSED, "", name, value, condition, step, body)


def _all(offset: int, target: Node, arguments: Sequence[Node]) -> Node:
    *variables, predicate = arguments
    make = _Builder(offset)
    condition = make.call("@not_strictly_false", make.so_far())
    step = make.call("_&&_", make.so_far(), predicate)
    return make.fold(target, _names(variables), make.true(), step, condition=condition)


def _exists(offset: int, target: Node, arguments: Sequence[Node]) -> Node:
    *variables, predicate = arguments
    make = _Builder(offset)
    condition = make.call("@not_strictly_false", make.call("!_", make.so_far()))
    step = make.call("_||_", make.so_far(), predicate)
    return make.fold(target, _names(variables), make.false(), step, condition=condition)


def _exists_one(offset: int, target: Node, arguments: Sequence[Node]) -> Node:
    *variables, predicate = arguments
    make = _Builder(offset)
    more = make.call("_+_", make.so_far(), make.number(1))
    step = make.call("_?_:_", predicate, more, make.so_far())
    result = make.call("_==_", make.so_far(), make.number(1))
    return make.fold(target, _names(variables), make.number(0), step, result=result)


def _filter(offset: int, target: Node, arguments: Sequence[Node]) -> Node:
    variable, predicate = arguments
    return _collect(offset, target, [variable], [predicate], variable)


def _map(offset: int, target: Node, arguments: Sequence[Node]) -> Node:
    variable, *predicates, made = arguments
    return _collect(offset, target, [variable], predicates, made)


def _transform_list(offset: int, target: Node, arguments: Sequence[Node]) -> Node:
    *variables, made = arguments
    return _collect(offset, target, variables[:2], variables[2:], made)


def _collect(offset: int, target: Node, variables: Sequence[Node], predicates: Sequence[Node], made: Node) -> Node:
    make = _Builder(offset)
    names = _names(variables, "argument is not an identifier" if len(variables) == 1 else _NO_NAME)
    step = make.call("_+_", make.so_far(), make.list(made))
    return make.fold(target, names, make.list(), _where(make, predicates, step))


def _transform_map(offset: int, target: Node, arguments: Sequence[Node]) -> Node:
    first, second, *predicates, made = arguments
    make = _Builder(offset)
    names = _names([first, second])
    step = make.call("cel.@mapInsert", make.so_far(), make.name(names[0]), made)
    return make.fold(target, names, make.map(), _where(make, predicates, step))


def _transform_entry(offset: int, target: Node, arguments: Sequence[Node]) -> Node:
    first, second, *predicates, made = arguments
    make = _Builder(offset)
    step = make.call("cel.@mapInsert", make.so_far(), made)
    return make.fold(target, _names([first, second]), make.map(), _where(make, predicates, step))


def _where(make: _Builder, predicates: Sequence[Node], step: Node) -> Node:
    return make.call("_?_:_", predicates[0], step, make.so_far()) if predicates else step


def _opt_map(offset: int, target: Node, arguments: Sequence[Node]) -> Node:
    make = _Builder(offset)
    body = _bound(make, arguments, "optMap")
    return _if_present(make, target, make.call("optional.of", body))


def _opt_flat_map(offset: int, target: Node, arguments: Sequence[Node]) -> Node:
    make = _Builder(offset)
    return _if_present(make, target, _bound(make, arguments, "optFlatMap"))


def _bound(make: _Builder, arguments: Sequence[Node], macro: str) -> Node:
    variable, made = arguments
    if not isinstance(variable, Ident):
        raise MacroError(variable, f"{macro}() variable name must be a simple identifier")
    return make.bind(variable.name, make.method("value", make.name(TARGET)), made)


def _if_present(make: _Builder, target: Node, made: Node) -> Node:
    # cel-go writes the target twice, so that a chain of such macros doubles with each link; here it has a name.
    is_present = make.method("hasValue", make.name(TARGET))
    return make.bind(TARGET, target, make.call("_?_:_", is_present, made, make.call("optional.none")))


def _sort_by(offset: int, target: Node, arguments: Sequence[Node]) -> Node:
    if not isinstance(target, ListNode | Select | Ident | Fold | Call):
        kinds = "list, identifier, comprehension, call or select expression"
        raise MacroError(target, f"sortBy can only be applied to a {kinds}")
    make = _Builder(offset)
    keys = _map(offset, make.name(_SORTED), arguments)
    return make.bind(_SORTED, target, make.method("@sortByAssociatedKeys", make.name(_SORTED), keys))


def _names(variables: Sequence[Node], problem: str = _NO_NAME) -> list[str]:
    names: list[str] = []
    for variable in variables:
        if not isinstance(variable, Ident):
            raise MacroError(variable, problem)
        if variable.name in names:
            raise MacroError(variable, f"duplicate variable name: {variable.name}")
        names.append(variable.name)
    for variable, name in zip(variables, names, strict=True):
        if name == _FORMER_ACCUMULATOR:
            raise MacroError(variable, "iteration variable overwrites accumulator variable")
    return names


_MACROS: Final[Mapping[tuple[str, int], Expander]] = MappingProxyType(
    {
        ("all", 2): _all,
        ("all", 3): _all,
        ("exists", 2): _exists,
        ("exists", 3): _exists,
        ("exists_one", 2): _exists_one,
        ("exists_one", 3): _exists_one,
        ("existsOne", 3): _exists_one,
        ("filter", 2): _filter,
        ("map", 2): _map,
        ("map", 3): _map,
        ("optMap", 2): _opt_map,
        ("optFlatMap", 2): _opt_flat_map,
        ("sortBy", 2): _sort_by,
        ("transformList", 3): _transform_list,
        ("transformList", 4): _transform_list,
        ("transformMap", 3): _transform_map,
        ("transformMap", 4): _transform_map,
        ("transformMapEntry", 3): _transform_entry,
        ("transformMapEntry", 4): _transform_entry,
    }
)
"""Macros by name and number of arguments."""
