"""What expressions evaluate to: JSON values, bytes, times, and these.

Values of one kind are of one Python type: bool, int, `Uint`, float, str, bytes, None, list, dict, datetime, timedelta,
`OptionalValue`, `types.Type`, and those that functions make.

Source: common/types of cel-go.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
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
_YEAR_ONE: Final = datetime(1, 1, 1, tzinfo=UTC)
"""What Go takes for no time."""
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


class KeyedList(list[Any]):
    """A list whose order says nothing: a set, or objects that are known by some of their fields."""

    def __init__(self, items: Iterable[Any], keys: tuple[str, ...]) -> None:
        """Hold `items`, of which those are the same whose `keys` are equal; without keys, those that are equal."""
        super().__init__(items)
        self._keys = keys

    def find(self, wanted: Any) -> Any:
        """Return the place of the item that is the same as another; None where there is none."""
        mark = self._mark(wanted)
        return next((place for place, item in enumerate(self) if is_equal(self._mark(item), mark)), None)

    def merge(self, others: list[Any]) -> "KeyedList":
        """Return the list with others over those that are the same, and after the rest."""
        merged = KeyedList(self, self._keys)
        for other in others:
            place = merged.find(other)
            if place is None:
                merged.append(other)
            else:
                merged[place] = other
        return merged

    def _mark(self, item: Any) -> Any:
        return [item.get(key) for key in self._keys] if self._keys and isinstance(item, dict) else item


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
    match value:
        case OptionalValue():
            return Type(Kind.OPAQUE, "optional_type")
        case KeyedList():
            return _TYPES[list]
        case _:
            return _TYPES[type(value)]


def is_equal(one: Any, other: Any) -> bool:
    """Return whether two values are equal: numbers by value, everything else where the types are equal too."""
    if type(one) is type(other) or (isinstance(one, list) and isinstance(other, list)):
        return _is_same(one, other)
    if isinstance(one, bool) or isinstance(other, bool):
        return False
    return isinstance(one, _NUMBERS) and isinstance(other, _NUMBERS) and one == other


def _is_same(one: Any, other: Any) -> bool:
    match one:
        case KeyedList():
            places = [one.find(item) for item in other] if len(one) == len(other) else [None]
            return all(
                place is not None and is_equal(one[place], item) for place, item in zip(places, other, strict=False)
            )
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
    match value:
        case OptionalValue():
            return not value.held
        case datetime():
            return value == _YEAR_ONE
        case _:
            return not value
