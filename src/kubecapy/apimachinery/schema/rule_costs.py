"""Refuse rules that could cost too much to evaluate, one by one and together.

Sources: getExpressionCost and getCostErrorMessage in pkg/apis/apiextensions/validation/validation.go, and
cel_validation.go beside it, of k8s.io/apiextensions-apiserver.
"""

from collections.abc import Iterator
from typing import Final

from kubecapy.apimachinery.cel.checker import Checked
from kubecapy.apimachinery.cel.costs import most_cost
from kubecapy.apimachinery.cel.estimates import MOST
from kubecapy.apimachinery.field_errors import forbidden
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.schema.props import JSONSchemaProps
from kubecapy.apimachinery.schema.shapes import REQUEST_BYTES, Shape, size_at

_MOST_A_RULE: Final = 10_000_000
_MOST_TOGETHER: Final = 100_000_000
_TOLD: Final = 4
"""How many of the most expensive rules are named where all together cost too much."""
_ADVICE: Final = (
    "try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are "
    "declared"
)


def repeats_below(props: JSONSchemaProps, repeats: int | None) -> int | None:
    """Return how often what is right below a place can be there; None where nothing limits it.

    Args:
        props: The schema of the place.
        repeats: How often the place itself can be there.
    """
    match props.type:
        case "object" if props.is_map:
            most = props.max_properties
        case "array":
            most = props.max_items
        case _:
            most = 1
    return None if repeats is None or most is None else min(repeats * max(most, 0), MOST)


class Budget:
    """What the rules of one definition cost so far."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._total = 0
        self._expensive: list[tuple[int, str]] = []

    def spend(self, path: str, checked: Checked, shape: Shape, *, repeats: int | None = 1) -> Iterator[FieldError]:
        """Count an expression, and yield an error if it alone costs too much.

        Args:
            path: Where the expression stands, at a `rule` or a `messageExpression`.
            checked: The expression.
            shape: What it sees.
            repeats: How often it may be evaluated for one object; None where nothing but the request limits it.
        """
        fitting = REQUEST_BYTES // (shape.least_bytes + 1)
        once = most_cost(checked, lambda steps: size_at(shape, steps))
        cost = min(once * (fitting if repeats is None else repeats), MOST)
        self._total = min(self._total + cost, MOST)
        if cost >= _MOST_TOGETHER // 100:
            self._expensive.append((cost, path))
        if cost > _MOST_A_RULE:
            yield forbidden(path, _too_much(f"estimated {path.rpartition('.')[2]} cost", cost, _MOST_A_RULE))

    def exceeded(self, path: str) -> Iterator[FieldError]:
        """Yield the errors of all rules of the schema at `path` together."""
        if self._total <= _MOST_TOGETHER:
            return
        for _, place in sorted(self._expensive, key=lambda one: one[0], reverse=True)[:_TOLD]:
            detail = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"
            yield forbidden(place, detail)
        what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema"
        yield forbidden(path, _too_much(what, self._total, _MOST_TOGETHER))


def _too_much(what: str, cost: int, limit: int) -> str:
    factor = cost / limit
    told = "more than 100x" if factor > 100 else f"{factor:.6f}x" if factor < 1.5 else f"{factor:.1f}x"
    return f"{what} exceeds budget by factor of {told} ({_ADVICE})"
