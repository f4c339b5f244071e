"""Quantities of resources as values of rules: `quantity('1Gi').isLessThan(quantity('2Gi'))`.

A quantity is a map of one entry, its number, because the CEL library carries no values of other kinds.

Limit: a whole number written with a fraction's suffix, such as 2000m, is an integer; kube-apiserver says it is none.

Source: pkg/cel/library/quantity.go of k8s.io/apiserver.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from kubecapy.apimachinery.go_types.quantities import QuantityError, quantity_value

Quantity = dict[str, str]
_KIND: Final = "kubernetes.Quantity"


def _quantity(text: str) -> Quantity:
    return _of(quantity_value(text))


def _of(number: Decimal) -> Quantity:
    """Return one map for each number, so that what is equal is equal in rules too."""
    return {_KIND: f"{number.normalize():f}"}


def _is_quantity(text: str) -> bool:
    try:
        quantity_value(text)
    except QuantityError:
        return False
    return True


def _number(value: Quantity | int) -> Decimal:
    return Decimal(value) if isinstance(value, int) else Decimal(value[_KIND])


def _compare(one: Quantity, other: Quantity) -> int:
    return (_number(one) > _number(other)) - (_number(one) < _number(other))


def _sign(value: Quantity) -> int:
    return (_number(value) > 0) - (_number(value) < 0)


def _is_integer(value: Quantity) -> bool:
    number = _number(value)
    return number == number.to_integral_value() and -(2**63) <= number < 2**63


def _as_integer(value: Quantity) -> int:
    if not _is_integer(value):
        raise ValueError("cannot convert value to integer")
    return int(_number(value))


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "quantity": _quantity,
        "isQuantity": _is_quantity,
        "sign": _sign,
        "compareTo": _compare,
        "isGreaterThan": lambda one, other: _compare(one, other) > 0,
        "isLessThan": lambda one, other: _compare(one, other) < 0,
        "isInteger": _is_integer,
        "asInteger": _as_integer,
        "asApproximateFloat": lambda value: float(_number(value)),
        "add": lambda one, other: _of(_number(one) + _number(other)),
        "sub": lambda one, other: _of(_number(one) - _number(other)),
    }
)
