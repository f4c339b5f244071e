"""Evaluate what need not evaluate all that it is given: decisions, and optional values with what stands in for them.

Sources: interpreter/interpretable.go and cel/library.go of cel-go.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from kubecapy.apimachinery.cel.issues import CelError
from kubecapy.apimachinery.cel.values import NO_OVERLOAD, NOTHING, OptionalValue

Frame = list[Any]
"""The values of the variables, each at a place of its own."""
Step = Callable[[Frame], Any]
"""Evaluates a node."""


def or_error(step: Step, frame: Frame) -> Any:
    """Return what a step evaluates to, or the error of that as a value."""
    try:
        return step(frame)
    except CelError as error:
        return error


def _logical(*, decides: bool) -> Callable[[Sequence[Step]], Step]:
    """Return what plans `&&` and `||`: one operand that decides is enough, whatever is wrong with the others."""

    def plan(steps: Sequence[Step]) -> Step:
        def evaluate(frame: Frame) -> bool:
            failure: CelError | None = None
            for step in steps:
                try:
                    value = step(frame)
                except CelError as error:
                    failure = failure or error
                    continue
                if not isinstance(value, bool):
                    failure = failure or CelError(NO_OVERLOAD)
                elif value is decides:
                    return value
            if failure is not None:
                raise failure
            return not decides

        return evaluate

    return plan


def _conditional(steps: Sequence[Step]) -> Step:
    condition, chosen, otherwise = steps

    def evaluate(frame: Frame) -> Any:
        holds = condition(frame)
        if not isinstance(holds, bool):
            raise CelError(NO_OVERLOAD)
        return chosen(frame) if holds else otherwise(frame)

    return evaluate


def _not_false(steps: Sequence[Step]) -> Step:
    (operand,) = steps
    return lambda frame: or_error(operand, frame) is not False


def _or_value(steps: Sequence[Step]) -> Step:
    optional, otherwise = steps

    def evaluate(frame: Frame) -> Any:
        found = optional(frame)
        if not isinstance(found, OptionalValue):
            return found
        return found.held[0] if found.held else otherwise(frame)

    return evaluate


def _or(steps: Sequence[Step]) -> Step:
    optional, otherwise = steps

    def evaluate(frame: Frame) -> Any:
        found = optional(frame)
        return otherwise(frame) if found == NOTHING else found

    return evaluate


FORMS: Final[Mapping[str, Callable[[Sequence[Step]], Step]]] = {
    "_&&_": _logical(decides=False),
    "_||_": _logical(decides=True),
    "_?_:_": _conditional,
    "@not_strictly_false": _not_false,
    "or": _or,
    "orValue": _or_value,
}
"""What need not evaluate all that it is given."""
