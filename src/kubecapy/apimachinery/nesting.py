"""Measure how deep a JSON value is nested, without recursion."""

from typing import Any

MAX_DEPTH = 200
"""Limit: Python and libyaml recurse once or more a level; beyond a thousand levels one fails and the other crashes.
No kind comes near: definitions, the deepest, stay below 60."""


def can_be_too_deep(text: bytes) -> bool:
    """Return whether the value of a JSON text can have more than `MAX_DEPTH` levels; quick, and mostly False.

    A level begins with a bracket, so a text with few of them needs no walk through its value.
    """
    return text.count(b"{") + text.count(b"[") > MAX_DEPTH


def is_too_deep(value: Any) -> bool:  # Any: a JSON value
    """Return whether `value` has more than `MAX_DEPTH` levels of objects and lists."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [item for holder in level if isinstance(holder, dict | list) for item in _items(holder)]
        if not level:
            return False
    return True


def _items(holder: dict[str, Any] | list[Any]) -> list[Any]:
    found = holder.values() if isinstance(holder, dict) else holder
    return [item for item in found if isinstance(item, dict | list)]
