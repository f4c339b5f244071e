"""Carry a secret value without ever showing it."""

from typing import Generic, TypeVar

T = TypeVar("T", str, bytes)


class Secret(Generic[T]):
    """Wraps a text or bytes value whose `repr`, `str` and format are stars; `reveal` is the only way in."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        """Wrap `value`."""
        self._value: T = value

    def reveal(self) -> T:
        """Return the value itself; the caller keeps it out of logs, errors, events and process arguments."""
        return self._value

    def __repr__(self) -> str:
        """Return stars."""
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        """Compare by content."""
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        """Hash by content."""
        return hash(self._value)
