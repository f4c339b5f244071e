"""Decide whether one type may stand where another is wanted, and what type variables then stand for.

Source: checker/types.go and checker/mapping.go of cel-go.
"""

from collections.abc import Sequence
from typing import Final

from kubecapy.apimachinery.cel.types import DYN, Kind, Type

_MAY_BE_NULL: Final = frozenset({Kind.OPAQUE, Kind.OBJECT, Kind.MOMENT, Kind.NULL})
_UNKNOWN: Final = frozenset({Kind.DYN, Kind.ERROR})
_COMPOSED: Final = frozenset({Kind.LIST, Kind.MAP, Kind.OPAQUE})


class Substitutions:
    """What the type variables of one expression stand for, as far as it is known."""

    def __init__(self) -> None:
        """Know nothing."""
        self._known: dict[Type, Type] = {}
        self._made = 0

    def variable(self) -> Type:
        """Return a type variable that nothing else has."""
        self._made += 1
        return Type(Kind.PARAMETER, f"_var{self._made - 1}")

    def assign(self, given: Sequence[Type], wanted: Sequence[Type]) -> bool:
        """Return whether each given type may stand where the wanted one is.

        Where all may, the variables among them are bound to what that takes; else nothing changes.
        """
        before = dict(self._known)
        if len(given) == len(wanted) and all(map(self._fits, given, wanted)):
            return True
        self._known = before
        return False

    def resolve(self, found: Type, *, finally_: bool = False) -> Type:
        """Return a type with variables replaced by what they stand for; with `finally_`, unknown ones by dyn."""
        if found in self._known:
            return self.resolve(self._known[found], finally_=finally_)
        if found.kind is Kind.PARAMETER and finally_:
            return DYN
        if not found.parameters:
            return found
        parts = tuple(self.resolve(part, finally_=finally_) for part in found.parameters)
        return Type(found.kind, found.name, parts)

    def _fits(self, given: Type, wanted: Type) -> bool:
        if wanted.kind is Kind.PARAMETER:
            fits, is_bound = self._bind(wanted, given)
            if fits or is_bound:
                return fits
        if given.kind is Kind.PARAMETER:
            return self._bind(given, wanted)[0]
        if given.kind in _UNKNOWN or wanted.kind in _UNKNOWN:
            return True
        if Kind.NULL in (given.kind, wanted.kind):
            return (wanted if given.kind is Kind.NULL else given).kind in _MAY_BE_NULL
        if given.kind is Kind.TYPE:
            return wanted.kind is Kind.TYPE
        if given.kind in _COMPOSED:
            same = (given.kind, given.name, len(given.parameters)) == (wanted.kind, wanted.name, len(wanted.parameters))
            return same and all(map(self._fits, given.parameters, wanted.parameters))
        return given == wanted

    def _bind(self, variable: Type, found: Type) -> tuple[bool, bool]:
        """Let a variable stand for a type.

        Returns:
            Whether it may, and whether it stood for one before.
        """
        if variable == found:
            return True, True
        known = self._known.get(variable)
        if known is None:
            if not self._is_free_of(variable, found):
                return False, False
            self._known[variable] = found
            return True, False
        if found == known:
            return True, True
        if not self._fits(found, known):
            return False, True
        general = most_general(found, known)
        if self._is_free_of(variable, general):
            self._known[variable] = general
        return True, True

    def _is_free_of(self, variable: Type, found: Type) -> bool:
        """Return whether a variable does not occur in a type, which would then contain itself."""
        if found == variable:
            return False
        if found.kind is Kind.PARAMETER:
            known = self._known.get(found)
            return known is None or self._is_free_of(variable, known)
        return all(self._is_free_of(variable, part) for part in found.parameters)


def most_general(one: Type, other: Type) -> Type:
    """Return which of two types that fit each other says less."""
    return one if _says_less(one, other) else other


def _says_less(one: Type, other: Type) -> bool:
    if one.kind in (Kind.DYN, Kind.PARAMETER):
        return True
    if other.kind in (Kind.DYN, Kind.PARAMETER) or one.kind is not other.kind:
        return False
    if one.kind is Kind.TYPE:
        return True
    same = one.name == other.name and len(one.parameters) == len(other.parameters)
    return same and all(map(_says_less, one.parameters, other.parameters))
