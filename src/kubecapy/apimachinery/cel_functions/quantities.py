"""Quantities of resources as values of rules: `quantity('1Gi').isLessThan(quantity('2Gi'))`.

Limit: a whole number written with a fraction's suffix, such as 2000m, is an integer; kube-apiserver says it is none.

Source: pkg/cel/library/quantity.go of k8s.io/apiserver.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import msgspec

from kubecapy.apimachinery.go_types.quantities import QuantityError, quantity_value


class Quantity(msgspec.Struct, frozen=True):
    """An amount; equal ones are equal however they were written."""

    number: Decimal


def _quantity(text: str) -> Quantity:
    return Quantity(quantity_value(text))


def _is_quantity(text: str) -> bool:
    try:
        quantity_value(text)
    except QuantityError:
        return False
    return True


def _number(value: Quantity | int) -> Decimal:
    return Decimal(value) if isinstance(value, int) else value.number


def compare_quantities(one: Quantity, other: Quantity) -> int:
    """Return -1, 0 or 1 as one quantity is less than another, as much or more."""
    return (one.number > other.number) - (one.number < other.number)


def _sign(value: Quantity) -> int:
    return (value.number > 0) - (value.number < 0)


def _is_integer(value: Quantity) -> bool:
    number = value.number
    return number == number.to_integral_value() and -(2**63) <= number < 2**63


def _as_integer(value: Quantity) -> int:
    if not _is_integer(value):
        raise ValueError("cannot convert value to integer")
    return int(value.number)


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "quantity": _quantity,
        "isQuantity": _is_quantity,
        "sign": _sign,
        "isInteger": _is_integer,
        "asInteger": _as_integer,
        "asApproximateFloat": lambda value: float(value.number),
        "add": lambda one, other: Quantity(one.number + _number(other)),
        "sub": lambda one, other: Quantity(one.number - _number(other)),
    }
)
