"""Turn a checked expression into a function of its variables.

Each node becomes a closure on a frame, a list with a place for each variable, so that nothing is looked up by name
while an expression is evaluated.

Source: interpreter/{planner,interpretable,attributes}.go of cel-go.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final

from kubecapy.apimachinery.cel import types
from kubecapy.apimachinery.cel.checker import Checked
from kubecapy.apimachinery.cel.declarations import type_names
from kubecapy.apimachinery.cel.dispatch import guarded, is_open
from kubecapy.apimachinery.cel.forms import FORMS, Frame, Step, or_error
from kubecapy.apimachinery.cel.functions import functions
from kubecapy.apimachinery.cel.issues import CelError
from kubecapy.apimachinery.cel.operators import OPERATORS, has, select
from kubecapy.apimachinery.cel.parser import RESERVED
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
    Uint,
)
from kubecapy.apimachinery.cel.types import Kind, Type
from kubecapy.apimachinery.cel.values import NO_OVERLOAD, OptionalValue, type_of

_UNGUARDED: Final = frozenset({*OPERATORS, "flatten"})
"""What looks at the types of its values itself."""


class Program:
    """An expression that can be evaluated; immutable, shared freely."""

    def __init__(self, checked: Checked) -> None:
        """Prepare `checked`."""
        planner = _Planner(checked)
        self._step = planner.plan(checked.tree)
        self._slots = planner.slots
        self._size = planner.size

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Return what the expression is for the values of its variables.

        Raises:
            CelError: it cannot be evaluated, such as for an absent key or a division by zero.
        """
        frame: Frame = [None] * self._size
        for name, slot in self._slots.items():
            if name in values:
                frame[slot] = values[name]
        return self._step(frame)


class _Planner:
    """Makes the closures of one expression."""

    def __init__(self, checked: Checked) -> None:
        self._checked = checked
        self.slots = {name: slot for slot, name in enumerate(sorted(checked.variables))}
        """The places of the variables that are given."""
        self.size = len(self.slots)
        self._scope = dict(self.slots)

    def plan(self, node: Node) -> Step:
        """Return what evaluates a node."""
        match node:
            case Literal():
                value = node.value
                return lambda _: value
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
            case Fold():
                return self._fold(node)
            case Message():
                return _never_made

    def _ident(self, node: Ident) -> Step:
        name = node.name.removeprefix(".")
        slot = self.slots.get(name) if name != node.name else self._scope.get(name)
        if slot is None:
            named = type_names()[name].parameters or (type_names()[name],)
            return lambda _: named[0]
        if name == ACCUMULATOR:
            return lambda frame: _known(frame[slot])
        return lambda frame: frame[slot]

    def _select(self, node: Select) -> Step:
        name = self._checked.named.get(node)
        if name is not None:
            named = type_names()[name].parameters[0]
            return lambda _: named
        operand, field = self.plan(node.operand), self._field_name(node.operand, node.field)
        if node.is_test:
            return lambda frame: has(operand(frame), field)
        return lambda frame: select(operand(frame), field)

    def _field_name(self, operand: Node, name: str) -> str:
        """Return the name under which an object shows a field: words that no variable may have are escaped."""
        holder = self._checked.types[operand]
        inner = holder.parameters[0] if holder.kind is Kind.OPAQUE and holder.parameters else holder
        return f"__{name}__" if name in RESERVED and inner.kind is Kind.OBJECT else name

    def _call(self, node: Call) -> Step:
        name = self._checked.functions.get(node)
        is_method = node.target is not None and name is None
        given = (node.target, *node.arguments) if node.target is not None and is_method else node.arguments
        name = name or node.function.removeprefix(".")
        steps = [self.plan(argument) for argument in given]
        if name in FORMS:
            return FORMS[name](steps)
        if name == "_?._":
            field = self._field_name(given[0], str(getattr(given[1], "value", "")))
            steps[1] = lambda _: field
        if name == "_+_" and _gathers(given):
            return _apply(_grow, steps)
        function = functions().get(name, _never_called)
        if name == "sum":
            function = partial(function, nothing=_nothing_of(self._checked.types[given[0]]))
        is_late = name not in _UNGUARDED and any(is_open(self._checked.types[argument]) for argument in given)
        return _apply(guarded(name, function, is_method=is_method) if is_late else function, steps)

    def _list(self, node: ListNode) -> Step:
        items = [self.plan(item) for item in node.items]
        if not node.optional:
            return lambda frame: [item(frame) for item in items]
        optional = node.optional

        def make(frame: Frame) -> list[Any]:
            made: list[Any] = []
            for place, item in enumerate(items):
                made += _held(item(frame)) if place in optional else [item(frame)]
            return made

        return make

    def _map(self, node: MapNode) -> Step:
        entries = [(self.plan(entry.key), self.plan(entry.value), entry.is_optional) for entry in node.entries]

        def make(frame: Frame) -> dict[Any, Any]:
            made: dict[Any, Any] = {}
            for key_step, value_step, is_optional in entries:
                key = key_step(frame)
                if isinstance(key, list | dict):
                    raise CelError(f"unsupported key type: {type_of(key).name}")
                for value in _held(value_step(frame)) if is_optional else (value_step(frame),):
                    made[key] = value
            return made

        return make

    def _fold(self, node: Fold) -> Step:
        over, initial = self.plan(node.over), self.plan(node.initial)
        outer = self._scope
        accumulator = self._new_slot(node.accumulator)
        loop = self._scope
        first = self._new_slot(node.variable)
        second = self._new_slot(node.second_variable) if node.second_variable else first
        condition = None if _is_true(node.condition) else self.plan(node.condition)
        step = self.plan(node.step)
        self._scope = loop
        result = self.plan(node.result)
        self._scope = outer
        has_two = bool(node.second_variable)

        def fold(frame: Frame) -> Any:
            holder = over(frame)
            frame[accumulator] = initial(frame)
            for one, other in _turns(holder, has_two=has_two):
                if condition is not None and not condition(frame):
                    break
                frame[first], frame[second] = one, other
                if condition is None:
                    frame[accumulator] = step(frame)
                else:
                    frame[accumulator] = or_error(step, frame)
            return result(frame)

        return fold

    def _new_slot(self, name: str) -> int:
        slot = self.size
        self.size += 1
        self._scope = {**self._scope, name: slot}
        return slot


def _apply(function: Callable[..., Any], steps: Sequence[Step]) -> Step:
    """Return what calls a function with what the steps evaluate to."""
    match steps:
        case [one]:
            call: Step = lambda frame: function(one(frame))  # noqa: E731 - a closure for each number of arguments
        case [one, other]:
            call = lambda frame: function(one(frame), other(frame))  # noqa: E731
        case _:
            call = lambda frame: function(*[step(frame) for step in steps])  # noqa: E731

    def apply(frame: Frame) -> Any:
        try:
            return call(frame)
        except CelError:
            raise
        except (ValueError, OverflowError) as error:
            raise CelError(str(error)) from error
        except (AttributeError, TypeError) as error:
            # What was stored with a wrong type may stay so, and then is not of the type that was checked.
            raise CelError(NO_OVERLOAD) from error

    return apply


def _nothing_of(items: Type) -> Any:
    """Return the sum of no items of a type."""
    item = items.parameters[0] if items.parameters else items
    return {types.DOUBLE: 0.0, types.UINT: Uint(0), types.DURATION: timedelta()}.get(item, 0)


def _gathers(given: Sequence[Node]) -> bool:
    """Return whether a sum adds items to what a loop has gathered, which nobody else has: no need to copy it."""
    match given:
        case [Ident() as first, ListNode()]:
            return first.name == ACCUMULATOR
        case _:
            return False


def _grow(gathered: list[Any], more: list[Any]) -> list[Any]:
    gathered += more
    return gathered


def _turns(holder: Any, *, has_two: bool) -> Iterable[tuple[Any, Any]]:
    """Return what the variables of a loop are at each turn; where there is one, both are the same."""
    match holder:
        case list():
            return enumerate(holder) if has_two else zip(holder, holder, strict=True)
        case dict():
            return holder.items() if has_two else zip(holder, holder, strict=True)
        case _:
            kind = f"types.{type_of(holder).name.capitalize()}"
            if has_two:
                raise CelError(f"unsupported comprehension range type: {kind}")
            raise CelError(f"got '{kind}', expected iterable type")


def _held(optional: Any) -> tuple[Any, ...]:
    if not isinstance(optional, OptionalValue):
        raise CelError(f"cannot initialize optional list element from non-optional value {optional}")
    return optional.held


def _known(value: Any) -> Any:
    """Return what a loop has gathered.

    Raises:
        CelError: a turn of it failed, and no other has decided the result since.
    """
    if isinstance(value, CelError):
        raise value
    return value


def _never_called(*_given: Any) -> Any:
    """Stand for the functions of an authorizer, which no rule is given."""
    raise CelError(NO_OVERLOAD)


def _never_made(_frame: Frame) -> Any:
    raise CelError("messages cannot be made here")


def _is_true(node: Node) -> bool:
    return isinstance(node, Literal) and node.value is True
