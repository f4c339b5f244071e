"""Compare JSON values as JSON, where Python's own comparison mixes true with 1."""

from typing import Any

import msgspec


def same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal; true is not 1, and 1.0 is 1."""
    return bool(one == other) and _without_booleans_mixed(one, other)


def identity(value: Any) -> bytes:
    """Return bytes that are equal for equal JSON values, whatever the order of their keys."""
    return msgspec.json.encode(value, order="sorted")


def _without_booleans_mixed(one: Any, other: Any) -> bool:
    """Tell equal values apart where a boolean stands on one side only."""
    match one:
        case bool():
            return isinstance(other, bool)
        case dict():
            return all(_without_booleans_mixed(value, other[name]) for name, value in one.items())
        case list():
            return all(_without_booleans_mixed(left, right) for left, right in zip(one, other, strict=True))
        case _:
            return not isinstance(other, bool)
