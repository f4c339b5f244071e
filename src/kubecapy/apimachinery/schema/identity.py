"""Compare JSON values as Go does, where Python's own comparison mixes true, 1 and 1.0."""

from typing import Any

import msgspec


def same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal, and numbers of one kind: true is not 1, and 1 is not 1.0."""
    if one.__class__ is not other.__class__:
        return False
    match one:
        case dict():
            return len(one) == len(other) and all(name in other and same(one[name], other[name]) for name in one)
        case list():
            return len(one) == len(other) and all(map(same, one, other))
        case _:
            return bool(one == other)


def identity(value: Any) -> bytes:
    """Return bytes that are equal for equal JSON values, whatever the order of their keys."""
    return msgspec.json.encode(value, order="sorted")
