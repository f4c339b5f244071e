"""Apply strategic merge patches: merge patches that know which lists merge entry by entry.

Source: https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
and k8s.io/apimachinery pkg/util/strategicpatch. Directives inside a patch:

    $patch: replace | delete | merge     of a map, or of one entry of a list
    $retainKeys: [...]                   the map keeps only these keys
    $setElementOrder/<field>: [...]      order of the entries that the sender knows
    $deleteFromPrimitiveList/<field>     scalars that leave a list merged as a set
"""

from collections.abc import Iterable
from typing import Any

from kubecapy.apimachinery.json_patch import PatchError
from kubecapy.apimachinery.list_merge_keys import SHAPES, FieldRule, Shape, shape_of_kind
from kubecapy.apimachinery.meta import JsonObject

_PATCH = "$patch"
_RETAIN_KEYS = "$retainKeys"
_ORDER = "$setElementOrder/"
_DELETE = "$deleteFromPrimitiveList/"
_PLAIN_FIELD = FieldRule()


def apply_strategic_merge_patch(target: JsonObject, patch: JsonObject, kind: str) -> JsonObject:
    """Return the built-in object `target` of `kind` with `patch` merged in; both stay untouched.

    Raises:
        PatchError: a directive is unknown or malformed, or an entry of a merged list lacks the key that names it.
    """
    return _merge_map(target, patch, shape_of_kind(kind))


def _merge_map(target: JsonObject, patch: JsonObject, shape: Shape) -> JsonObject:
    directive = patch.get(_PATCH, "merge")
    if directive == "replace":
        return {key: _without_directives(value) for key, value in patch.items() if not key.startswith("$")}
    if directive == "delete":
        return {}
    if directive != "merge":
        raise PatchError(f"unknown directive $patch: {directive!r}; expected replace, delete or merge")
    merged = _retained(target, patch)
    for key, value in patch.items():
        if key.startswith("$"):
            continue
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge_field(merged.get(key), value, shape.get(key, _PLAIN_FIELD))
    return _apply_list_directives(merged, patch, shape)


def _retained(target: JsonObject, patch: JsonObject) -> JsonObject:
    if _RETAIN_KEYS not in patch:
        return dict(target)
    kept = _list_of(patch, _RETAIN_KEYS)
    strangers = [key for key in patch if not key.startswith("$") and key not in kept and patch[key] is not None]
    if strangers:
        raise PatchError(f"$retainKeys must list every key that the patch sets; {strangers[0]} is missing")
    return {key: value for key, value in target.items() if key in kept}


def _merge_field(old: Any, new: Any, rule: FieldRule) -> Any:  # Any: JSON values
    if isinstance(new, dict):
        return _merge_map(old if isinstance(old, dict) else {}, new, SHAPES[rule.type])
    if not isinstance(new, list):
        return new
    current = old if isinstance(old, list) else []
    if rule.is_set:
        return [*current, *(item for item in new if item not in current)]
    if rule.merge_key:
        return _merge_entries(current, new, rule)
    return new


def _merge_entries(current: list[Any], entries: list[Any], rule: FieldRule) -> list[Any]:
    """Return `current` with `entries` merged in by key: known ones in place, new ones at the end."""
    if any(isinstance(entry, dict) and entry.keys() == {_PATCH} for entry in entries):
        # `- $patch: replace` alone among the entries: the rest of them are the new list.
        return [_without_directives(entry) for entry in entries if entry.keys() != {_PATCH}]
    merged = list(current)
    for entry in entries:
        name = _name_of(entry, rule)
        place = next((i for i, old in enumerate(merged) if _is_named(old, rule, name)), None)
        if entry.get(_PATCH) == "delete":
            merged = [old for old in merged if not _is_named(old, rule, name)]
        elif place is None:
            merged.append(_merge_map({}, entry, SHAPES[rule.type]))
        else:
            merged[place] = _merge_map(merged[place], entry, SHAPES[rule.type])
    return merged


def _name_of(entry: Any, rule: FieldRule) -> Any:  # Any: a JSON scalar
    if not isinstance(entry, dict) or rule.merge_key not in entry:
        raise PatchError(f"every entry of a merged list needs its {rule.merge_key}")
    return entry[rule.merge_key]


def _is_named(entry: Any, rule: FieldRule, name: Any) -> bool:
    return isinstance(entry, dict) and entry.get(rule.merge_key) == name


def _apply_list_directives(merged: JsonObject, patch: JsonObject, shape: Shape) -> JsonObject:
    for key in patch:
        if key.startswith(_DELETE):
            field = key.removeprefix(_DELETE)
            gone = _list_of(patch, key)
            merged[field] = [item for item in merged.get(field) or [] if item not in gone]
    # Order: after deletion, since a list may be shortened and sorted by one patch.
    for key in patch:
        if key.startswith(_ORDER):
            field = key.removeprefix(_ORDER)
            if isinstance(merged.get(field), list):
                merge_key = shape.get(field, _PLAIN_FIELD).merge_key
                merged[field] = _ordered(merged[field], _list_of(patch, key), merge_key)
    return merged


def _ordered(entries: list[Any], order: list[Any], merge_key: str) -> list[Any]:
    """Return `entries` with those that `order` names in its order.

    Entries that only the server knows stay before the named ones that they stood before.
    """
    wanted = [_identity(item, merge_key) for item in order]
    position = {_hashable(_identity(entry, merge_key)): i for i, entry in enumerate(entries)}
    known = [entry for entry in entries if _identity(entry, merge_key) in wanted]
    known.sort(key=lambda entry: wanted.index(_identity(entry, merge_key)))
    others = [entry for entry in entries if _identity(entry, merge_key) not in wanted]

    def place(entry: Any) -> int:
        return position[_hashable(_identity(entry, merge_key))]

    result: list[Any] = []
    while known or others:
        take_other = not known or (bool(others) and place(others[0]) < place(known[0]))
        result.append((others if take_other else known).pop(0))
    return result


def _identity(entry: Any, merge_key: str) -> Any:
    return entry.get(merge_key) if merge_key and isinstance(entry, dict) else entry


def _hashable(identity: Any) -> str:
    return repr(identity)


def _list_of(patch: JsonObject, directive: str) -> list[Any]:
    value = patch[directive]
    if not isinstance(value, list):
        raise PatchError(f"expected a list after {directive}")
    return value


def _without_directives(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_directives(item) for key, item in value.items() if not key.startswith("$")}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_without_directives(item) for item in value]
    return value
