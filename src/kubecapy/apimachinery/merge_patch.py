"""Apply and make merge patches.

Source: RFC 7386. Maps merge, null deletes, everything else, lists included, replaces.
"""

from typing import Any

from kubecapy.apimachinery.meta import JsonObject


def apply_merge_patch(target: JsonObject, patch: JsonObject) -> JsonObject:
    """Return `target` with `patch` merged in; both stay untouched, values that did not change are shared."""
    merged = dict(target)
    for key, value in patch.items():
        old = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = apply_merge_patch(old if isinstance(old, dict) else {}, value)
        else:
            # In place of an object, and there alone, the library that kube-apiserver merges with keeps nulls.
            merged[key] = value if isinstance(old, dict) else _without_members_that_are_null(value)
    return merged


def _without_members_that_are_null(value: Any) -> Any:  # Any: a JSON value
    """Return a new list without the nulls of objects in it, as kube-apiserver stores it; null entries stay.

    Source: github.com/evanphx/json-patch v4, pruneNulls. RFC 7386 would keep them.
    """
    if isinstance(value, dict):
        return {key: _without_members_that_are_null(item) for key, item in value.items() if item is not None}
    return [_without_members_that_are_null(item) for item in value] if isinstance(value, list) else value


def diff_merge_patch(old: JsonObject, new: JsonObject) -> JsonObject:
    """Return the smallest merge patch that makes `new` out of `old`; `{}` when they are equal.

    Promise: `apply_merge_patch(old, diff_merge_patch(old, new)) == new`, as long as `new` holds no null inside maps:
    a merge patch cannot say "set to null", so such a key counts as absent.
    """
    patch: JsonObject = {}
    for key in old.keys() - _present(new):
        patch[key] = None
    for key in _present(new):
        change = _change(old.get(key, _ABSENT), new[key])
        if change is not _SAME:
            patch[key] = change
    return patch


_ABSENT = object()
_SAME = object()


def _present(obj: JsonObject) -> list[str]:
    return [key for key, value in obj.items() if value is not None]


def _change(old: Any, new: Any) -> Any:  # Any: JSON values and the two marks above
    """Return what a merge patch says to turn `old` into `new`; `_SAME` where it says nothing."""
    if isinstance(old, dict) and isinstance(new, dict):
        return diff_merge_patch(old, new) or _SAME
    if isinstance(new, dict):
        # A patch of an absent map is that map, without the nulls that would be instructions to delete.
        return diff_merge_patch({}, new)
    # A JSON true is no 1, though Python finds them equal.
    return _SAME if _equal(old, new) else new


def _equal(old: Any, new: Any) -> bool:
    """Return whether two JSON values are equal, telling booleans from numbers at any depth."""
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(_equal(a, b) for a, b in zip(old, new, strict=True))
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(_equal(old[key], new[key]) for key in old)
    return bool(old == new)
