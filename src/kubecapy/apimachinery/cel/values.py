"""What expressions evaluate to: JSON values, bytes, times, and these.

Values of one kind are of one Python type: bool, int, `Uint`, float, str, bytes, None, list, dict, datetime, timedelta,
`OptionalValue`, `types.Type`, and those that functions make.

Source: common/types of cel-go.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import Any, Final

import msgspec

from kubecapy.apimachinery.cel import types
from kubecapy.apimachinery.cel.issues import CelError
from kubecapy.apimachinery.cel.tree import Uint
from kubecapy.apimachinery.cel.types import Kind, Type
from kubecapy.apimachinery.cel_functions.formats import NamedFormat
from kubecapy.apimachinery.cel_functions.quantities import Quantity
from kubecapy.apimachinery.cel_functions.versions import Version
from kubecapy.apimachinery.cel_functions.web import WebAddress

NO_OVERLOAD: Final = "no such overload"
LEAST_INT: Final = -(2**63)
MOST_INT: Final = 2**63 - 1
MOST_UINT: Final = 2**64 - 1
_NUMBERS: Final = (int, float)
_TYPES: Final[Mapping[type, Type]] = {
    bool: types.BOOL,
    int: types.INT,
    Uint: types.UINT,
    float: types.DOUBLE,
    str: types.STRING,
    bytes: types.BYTES,
    type(None): types.NULL,
    list: Type(Kind.LIST, "list"),
    dict: Type(Kind.MAP, "map"),
    datetime: types.TIMESTAMP,
    timedelta: types.DURATION,
    Type: types.TYPE,
    Quantity: types.QUANTITY,
    Version: types.SEMVER,
    WebAddress: types.URL,
    NamedFormat: types.FORMAT,
    IPv4Address: types.IP,
    IPv6Address: types.IP,
    IPv4Interface: types.CIDR,
    IPv6Interface: types.CIDR,
}


class OptionalValue(msgspec.Struct, frozen=True):
    """What may hold a value."""

    held: tuple[Any, ...] = ()
    """The value alone, or nothing."""

    def value(self) -> Any:
        """Return the value.

        Raises:
            CelError: there is none.
        """
        if not self.held:
            raise CelError("optional.none() dereference")
        return self.held[0]


NOTHING: Final = OptionalValue()


def some(value: Any) -> OptionalValue:
    """Return the optional that holds a value."""
    return OptionalValue((value,))


def type_of(value: Any) -> Type:
    """Return the type of a value, without what is in it."""
    return Type(Kind.OPAQUE, "optional_type") if isinstance(value, OptionalValue) else _TYPES[type(value)]


def is_equal(one: Any, other: Any) -> bool:
    """Return whether two values are equal: numbers by value, everything else where the types are equal too."""
    if type(one) is type(other):
        return _is_same(one, other)
    if isinstance(one, bool) or isinstance(other, bool):
        return False
    return isinstance(one, _NUMBERS) and isinstance(other, _NUMBERS) and one == other


def _is_same(one: Any, other: Any) -> bool:
    match one:
        case list():
            return len(one) == len(other) and all(map(is_equal, one, other))
        case dict():
            return len(one) == len(other) and all(
                name in other and is_equal(value, other[name]) for name, value in one.items()
            )
        case OptionalValue():
            return is_equal(list(one.held), list(other.held))
        case Type():
            return bool(one.name == other.name)
        case _:
            return bool(one == other)


def compare(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Return the comparison of two values that have an order, such as `operator.lt` means it.

    Raises:
        CelError: they have none, in what is returned.
    """

    def holds(one: Any, other: Any) -> bool:
        if type(one) is not type(other) and (
            isinstance(one, bool) or isinstance(other, bool) or not isinstance(one, _NUMBERS)
        ):
            raise CelError(NO_OVERLOAD)
        if one != one or other != other:
            raise CelError("NaN values cannot be ordered")
        try:
            return test(one, other)
        except TypeError:
            raise CelError(NO_OVERLOAD) from None

    return holds


def is_zero(value: Any) -> bool:
    """Return whether a value is the empty one of its type."""
    return not value.held if isinstance(value, OptionalValue) else not value and value is not NOTHING
