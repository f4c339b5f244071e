"""The operators of two values or one, but for those that need not evaluate both.

Source: common/types/{int,uint,double,string,bytes,list,map,duration,timestamp,overflow}.go of cel-go.
"""

import math
import operator
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from kubecapy.apimachinery.cel.issues import CelError
from kubecapy.apimachinery.cel.tree import Uint
from kubecapy.apimachinery.cel.values import (
    LEAST_INT,
    MOST_INT,
    MOST_UINT,
    NO_OVERLOAD,
    NOTHING,
    KeyedList,
    OptionalValue,
    compare,
    is_equal,
    some,
    type_of,
)


def add(one: Any, other: Any) -> Any:
    """Return a sum, or two texts, bytes or lists in one."""
    if isinstance(one, KeyedList) and isinstance(other, list):
        return one.merge(other)
    if isinstance(one, list) and isinstance(other, list):
        return [*one, *other]
    if type(one) is type(other) and isinstance(one, str | bytes):
        return one + other
    if isinstance(one, datetime | timedelta) or isinstance(other, datetime):
        return _shift(one, other, operator.add)
    return _compute(one, other, operator.add)


def _subtract(one: Any, other: Any) -> Any:
    if isinstance(one, datetime | timedelta):
        return _shift(one, other, operator.sub)
    return _compute(one, other, operator.sub)


def _shift(one: Any, other: Any, compute: Callable[[Any, Any], Any]) -> Any:
    try:
        return compute(one, other)
    except TypeError:
        raise CelError(NO_OVERLOAD) from None
    except OverflowError:
        what = "timestamp" if isinstance(one, datetime) or isinstance(other, datetime) else "duration"
        raise CelError(f"{what} overflow") from None


def _compute(one: Any, other: Any, compute: Callable[[Any, Any], Any]) -> Any:
    kind = type(one)
    if kind is not type(other) or kind not in (int, float, Uint):
        raise CelError(NO_OVERLOAD)
    return _fitting(compute(one, other), kind)


def _fitting(value: Any, kind: type) -> Any:
    """Return a number of a kind.

    Raises:
        CelError: it has more than 64 bits.
    """
    if kind is float:
        return value
    if kind is Uint:
        if not 0 <= value <= MOST_UINT:
            raise CelError("unsigned integer overflow")
        return Uint(value)
    if not LEAST_INT <= value <= MOST_INT:
        raise CelError("integer overflow")
    return value


def _multiply(one: Any, other: Any) -> Any:
    return _compute(one, other, operator.mul)


def _divide(one: Any, other: Any) -> Any:
    return _compute(one, other, _divide_floats if isinstance(one, float) else _divide_integers)


def _divide_floats(one: float, other: float) -> float:
    if other:
        return one / other
    if not one or math.isnan(one):
        return math.nan
    return math.copysign(math.inf, one) * math.copysign(1, other)


def _divide_integers(one: int, other: int) -> int:
    if not other:
        raise CelError("division by zero")
    quotient = abs(one) // abs(other)
    return quotient if (one < 0) == (other < 0) else -quotient


def _modulo(one: Any, other: Any) -> Any:
    if isinstance(one, float):
        raise CelError(NO_OVERLOAD)
    return _compute(one, other, _remainder)


def _remainder(one: int, other: int) -> int:
    if not other:
        raise CelError("modulus by zero")
    rest = abs(one) % abs(other)
    return -rest if one < 0 else rest


def _negate(value: Any) -> Any:
    if type(value) not in (int, float):
        raise CelError(NO_OVERLOAD)
    return _fitting(-value, type(value))


def _invert(value: Any) -> bool:
    if not isinstance(value, bool):
        raise CelError(NO_OVERLOAD)
    return not value


def contains(part: Any, whole: Any) -> bool:
    """Return whether a list has an item, or a map a key."""
    if isinstance(whole, list):
        return any(is_equal(part, item) for item in whole)
    if isinstance(whole, dict):
        return find_key(whole, part) is not None
    raise CelError(NO_OVERLOAD)


def find_key(whole: Mapping[Any, Any], key: Any) -> tuple[Any, ...] | None:
    """Return the value of a map at a key, alone in a tuple; None where there is no such key."""
    if isinstance(key, list | dict) or key not in whole:
        return None
    # To Python, True is 1: a map of whole numbers has no key that is a truth.
    found = next((found for found in whole if found == key and isinstance(found, bool) == isinstance(key, bool)), None)
    return None if found is None else (whole[found],)


def select(holder: Any, name: str) -> Any:
    """Return a field of an object, or the value of a map at a key."""
    if isinstance(holder, OptionalValue):
        return find(holder.held[0], name) if holder.held else NOTHING
    if not isinstance(holder, dict) or name not in holder:
        raise CelError(f"no such key: {name}")
    return holder[name]


def find(holder: Any, key: Any) -> OptionalValue:
    """Return what is at a key or a place, if anything is."""
    if isinstance(holder, OptionalValue):
        return find(holder.held[0], key) if holder.held else NOTHING
    if isinstance(holder, list):
        place = _place(key)
        return some(holder[place]) if 0 <= place < len(holder) else NOTHING
    if isinstance(holder, dict):
        found = find_key(holder, key)
        return NOTHING if found is None else some(found[0])
    return NOTHING


def has(holder: Any, name: str) -> bool:
    """Return whether an object has a field, or a map a key."""
    if isinstance(holder, OptionalValue):
        return bool(holder.held) and has(holder.held[0], name)
    return isinstance(holder, dict) and name in holder


def index(holder: Any, key: Any) -> Any:
    """Return what is at a key or a place."""
    if isinstance(holder, OptionalValue):
        return find(holder, key)
    found = find(holder, key)
    if not found.held:
        shown = str(key).lower() if isinstance(key, bool) else key
        what = "index out of bounds" if isinstance(holder, list) else "no such key"
        raise CelError(f"{what}: {shown}")
    return found.held[0]


def _place(key: Any) -> int:
    if isinstance(key, bool) or not isinstance(key, int | float):
        raise CelError(f"unsupported index type '{type_of(key).name}' in list")
    if key != int(key):
        raise CelError(f"unsupported index value {key} in list")
    return int(key)


OPERATORS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "_+_": add,
        "_-_": _subtract,
        "_*_": _multiply,
        "_/_": _divide,
        "_%_": _modulo,
        "-_": _negate,
        "!_": _invert,
        "_==_": is_equal,
        "_!=_": lambda one, other: not is_equal(one, other),
        "_<_": compare(operator.lt),
        "_<=_": compare(operator.le),
        "_>_": compare(operator.gt),
        "_>=_": compare(operator.ge),
        "@in": contains,
        "_[_]": index,
        "_[?_]": find,
        "_?._": find,
    }
)
"""Operators by cel-go's names of them."""
