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

import msgspec

from kubecapy.apimachinery.go_types import element_of, flat_fields, form_of, type_of_kind, underlying
from kubecapy.apimachinery.json_patch import PatchError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import GroupVersionKind

_PATCH = "$patch"
_RETAIN_KEYS = "$retainKeys"
_ORDER = "$setElementOrder/"
_DELETE = "$deleteFromPrimitiveList/"


class _Rule(msgspec.Struct, frozen=True):
    """How one field merges."""

    type: str = ""
    """Go type of the field, or of the entries of the list; empty where nothing below is known."""
    merge_key: str = ""
    """Key that tells entries of a list of objects apart; empty for other fields."""
    is_set: bool = False
    """True for a list of scalars that merges as a set."""


def apply_strategic_merge_patch(target: JsonObject, patch: JsonObject, gvk: GroupVersionKind) -> JsonObject:
    """Return `target`, an object of the built-in kind `gvk`, with `patch` merged in; both stay untouched.

    Raises:
        PatchError: a directive is unknown or malformed, or an entry of a merged list lacks the key that names it.
    """
    return _merge_map(target, patch, type_of_kind(gvk))


def _rule_of(type_: str, key: str) -> _Rule:
    """Return how the field `key` of a struct, or the entry of a map, merges."""
    while type_ and form_of(type_) == "pointer":
        type_ = element_of(type_)
    if not type_ or form_of(type_) not in ("struct", "map"):
        return _Rule()
    if form_of(type_) == "map":
        return _Rule(element_of(type_))
    field = flat_fields(underlying(type_)).get(key)
    if field is None:
        return _Rule()
    if form_of(field.type) != "list":
        return _Rule(field.type)
    is_merged = "merge" in field.strategies
    return _Rule(element_of(field.type), field.merge_key if is_merged else "", is_merged and not field.merge_key)


def _merge_map(target: JsonObject, patch: JsonObject, type_: str) -> JsonObject:
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
            merged[key] = _merge_field(merged.get(key), value, _rule_of(type_, key))
    return _apply_list_directives(target, merged, patch, type_)


def _retained(target: JsonObject, patch: JsonObject) -> JsonObject:
    if _RETAIN_KEYS not in patch:
        return dict(target)
    kept = _list_of(patch, _RETAIN_KEYS)
    strangers = [key for key in patch if not key.startswith("$") and key not in kept and patch[key] is not None]
    if strangers:
        raise PatchError(f"$retainKeys must list every key that the patch sets; {strangers[0]} is missing")
    return {key: value for key, value in target.items() if key in kept}


def _merge_field(old: Any, new: Any, rule: _Rule) -> Any:  # Any: JSON values
    if isinstance(new, dict):
        return _merge_map(old if isinstance(old, dict) else {}, new, rule.type)
    if not isinstance(new, list):
        return new
    current = old if isinstance(old, list) else []
    if rule.is_set:
        return _ordered([*current, *(item for item in new if item not in current)], new, current, "")
    if rule.merge_key:
        return _merge_entries(current, new, rule)
    return new


def _merge_entries(current: list[Any], entries: list[Any], rule: _Rule) -> list[Any]:
    """Return `current` with `entries` merged in by key, in the order of `entries`."""
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
            merged.append(_merge_map({}, entry, rule.type))
        else:
            merged[place] = _merge_map(merged[place], entry, rule.type)
    return _ordered(merged, entries, current, rule.merge_key)


def _name_of(entry: Any, rule: _Rule) -> Any:  # Any: a JSON scalar
    if not isinstance(entry, dict) or rule.merge_key not in entry:
        raise PatchError(f"every entry of a merged list needs its {rule.merge_key}")
    return entry[rule.merge_key]


def _is_named(entry: Any, rule: _Rule, name: Any) -> bool:
    return isinstance(entry, dict) and entry.get(rule.merge_key) == name


def _apply_list_directives(target: JsonObject, merged: JsonObject, patch: JsonObject, type_: str) -> JsonObject:
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
                merge_key = _rule_of(type_, field).merge_key
                merged[field] = _ordered(merged[field], _list_of(patch, key), target.get(field) or [], merge_key)
    return merged


def _ordered(entries: list[Any], order: list[Any], before: list[Any], merge_key: str) -> list[Any]:
    """Return `entries` with those that `order` names in its order.

    Entries that only the server knows stay in front of those that they stood in front of `before`, and follow the
    others: what a patch adds without naming its neighbours comes first. Source: mergeSortedSlice in apimachinery's
    strategicpatch/patch.go.
    """
    wanted = [_identity(item, merge_key) for item in order]
    position = {_hashable(_identity(entry, merge_key)): i for i, entry in enumerate(before)}
    known = [entry for entry in entries if _identity(entry, merge_key) in wanted]
    known.sort(key=lambda entry: wanted.index(_identity(entry, merge_key)))
    others = [entry for entry in entries if _identity(entry, merge_key) not in wanted]

    def place(entry: Any) -> int:
        return position.get(_hashable(_identity(entry, merge_key)), -1)

    result: list[Any] = []
    while known or others:
        # Nothing is in front of a place that is not known (-1).
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
