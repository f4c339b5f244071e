"""Refuse the calls that no overload takes, where types are known only when an expression is evaluated.

Source: common/decls/decls.go of cel-go.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from kubecapy.apimachinery.cel.declarations import Overload, overloads
from kubecapy.apimachinery.cel.issues import CelError
from kubecapy.apimachinery.cel.types import Kind, Type
from kubecapy.apimachinery.cel.values import NO_OVERLOAD, type_of

_ANY: Final = frozenset({Kind.DYN, Kind.PARAMETER})
_OPEN: Final = frozenset({Kind.DYN, Kind.NULL, Kind.OPAQUE, Kind.OBJECT})
"""Of values of any type, and of such that null may stand for."""
_OF_A_TRAIT: Final = frozenset({"contains", "startsWith", "endsWith", "matches"})


def is_open(found: Type) -> bool:
    """Return whether a value may be of another type, which is known only when an expression is evaluated."""
    return found.kind in _OPEN or any(map(is_open, found.parameters))


def guarded(name: str, function: Callable[..., Any], *, is_method: bool) -> Callable[..., Any]:
    """Return a function that refuses what no way to call it takes."""
    ways = [way for way in overloads()[name] if way.is_method == is_method]

    def call(*given: Any) -> Any:
        if not any(_takes(way, given) for way in ways):
            raise CelError(f"{NO_OVERLOAD}{_told_of(name, [type_of(one) for one in given])}")
        return function(*given)

    return call


def _told_of(name: str, found: Sequence[Type]) -> str:
    """Return what is told of the call of a function: of some that cel-go asks for a trait alone, less."""
    if name in _OF_A_TRAIT:
        return ""
    return ": size" if name == "size" else f": {name}({', '.join(one.name for one in found)})"


def _takes(way: Overload, given: Sequence[Any]) -> bool:
    return len(way.taken) == len(given) and all(map(_is_of, given, way.taken))


def _is_of(value: Any, wanted: Type) -> bool:
    """Return whether a value is of a type; of a list the first item counts for all."""
    if wanted.kind in _ANY:
        return True
    if wanted.name != type_of(value).name:
        return False
    return not (isinstance(value, list) and value) or _is_of(value[0], wanted.parameters[0])
