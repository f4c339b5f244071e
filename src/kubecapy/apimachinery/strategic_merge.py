"""Apply strategic merge patches: merge patches that know which lists merge entry by entry.

Source: https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
and k8s.io/apimachinery pkg/util/strategicpatch. Directives inside a patch:

    $patch: replace | delete             of a map, or of one entry of a list
    $retainKeys: [...]                   the map keeps only these keys
    $setElementOrder/<field>: [...]      order of the entries that the sender knows
    $deleteFromPrimitiveList/<field>     scalars that leave a list merged as a set

Entries of a merged list come in the order of the patch; those that only the server has stay before what they stood
before, behind what is new.
"""

from typing import Any, Final

import msgspec

from kubecapy.apimachinery.element_order import identity_of, ordered
from kubecapy.apimachinery.go_text import go_print
from kubecapy.apimachinery.go_types import element_of, flat_fields, form_of, type_of_kind, underlying
from kubecapy.apimachinery.json_patch import PatchError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import GroupVersionKind

_PATCH: Final = "$patch"
_RETAIN_KEYS: Final = "$retainKeys"
_ORDER: Final = "$setElementOrder/"
_GO_TYPES: Final = {bool: "bool", int: "int64", float: "float64", str: "string", dict: "map[string]interface {}"}
_DELETE: Final = "$deleteFromPrimitiveList/"
_NOTHING: Final = object()
"""Stands for what a directive removes."""


class UnmergeablePatch(PatchError):
    """An entry of a merged list lacks its key, or `$patch` names nothing; worded as in mergepatch/errors.go."""


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
    if _PATCH in patch:
        return _directed(patch)
    merged = _retained(target, patch)
    ordered = {key.removeprefix(_ORDER) for key in patch if key.startswith(_ORDER)}
    for field in ordered:
        _merge_ordered(merged, patch, field, _rule_of(type_, field))
    for key, value in patch.items():
        if key == _RETAIN_KEYS or key.startswith((_ORDER, _DELETE)) or key in ordered:
            continue
        if value is None:
            merged.pop(key, None)
            continue
        new = _merge_field(merged.get(key), value, _rule_of(type_, key))
        if new is _NOTHING:
            merged.pop(key, None)
        else:
            merged[key] = new
    # Order: after the rest, since a list may be lengthened and shortened by one patch.
    for key in patch:
        if key.startswith(_DELETE):
            _delete_scalars(merged, key.removeprefix(_DELETE), patch[key])
    return merged


def _directed(patch: JsonObject) -> JsonObject:
    if patch[_PATCH] == "replace":
        return {key: value for key, value in patch.items() if key != _PATCH}
    if patch[_PATCH] == "delete":
        return {}
    raise _unknown_directive(patch)


def _unknown_directive(patch: JsonObject) -> UnmergeablePatch:
    return UnmergeablePatch(f"unknown patch type: {go_print(patch[_PATCH])} in map: {go_print(patch)}")


def _retained(target: JsonObject, patch: JsonObject) -> JsonObject:
    if _RETAIN_KEYS not in patch:
        return dict(target)
    kept = patch[_RETAIN_KEYS]
    if not isinstance(kept, list):
        raise PatchError("invalid patch format of retainKeys")
    own = (key for key in patch if key != _RETAIN_KEYS and not key.startswith((_ORDER, _DELETE)))
    if any(key not in kept for key in own if patch[key] is not None):
        raise PatchError("invalid patch format of retainKeys")
    return {key: value for key, value in target.items() if key in kept}


def _merge_ordered(merged: JsonObject, patch: JsonObject, field: str, rule: _Rule) -> None:
    """Merge the list `field` of `patch` into `merged`, in place, in the order that the sender wants."""
    order, old, new = patch[_ORDER + field], merged.get(field), patch.get(field)
    for value in [order, *([old] if old is not None else ()), *([new] if field in patch else ())]:
        if not isinstance(value, list):
            raise UnmergeablePatch(f"expected a []interface {{}}, but received a {_go_type(value)}")
    if old is None and new is None:
        return
    _check_order(new or [], order, rule.merge_key)
    if old is None:
        entries = _without_directives(new)
    else:
        entries = old if new is None else _merge_list(old, new, rule)
    if not old and not new:
        raise UnmergeablePatch("no elements in any of the given slices")
    merged[field] = ordered(entries, order, _places(old or [], new or [], rule), rule.merge_key)


def _check_order(entries: list[Any], order: list[Any], merge_key: str) -> None:
    """Check that `order` names the entries of a patch in theirs (validatePatchWithSetOrderList of patch.go).

    Raises:
        UnmergeablePatch: it leaves one out, or names it elsewhere.
    """
    left = [entry for entry in entries if not merge_key or _directive(entry) != "delete"]
    place = 0
    while left and place < len(order):
        if _directive(left[0]) is not None:
            left = left[1:]
            continue
        if identity_of(left[0], merge_key) == identity_of(order[place], merge_key):
            left = left[1:]
        place += 1
    if left and order:
        raise UnmergeablePatch(
            f"The order in patch list:\n{go_print(entries)}\n doesn't match {_ORDER.removesuffix('/')} list:\n"
            f"{go_print(order)}\n"
        )


def _go_type(value: Any) -> str:  # Any: a JSON value
    """Return what Go calls the type of a value that is no list."""
    return "%!s(<nil>)" if value is None else _GO_TYPES[type(value)]


def _directive(entry: Any) -> Any:  # Any: JSON values
    return entry.get(_PATCH) if isinstance(entry, dict) else None


def _places(old: list[Any], new: list[Any], rule: _Rule) -> list[Any]:
    """Return the order in which the server is taken to hold entries when `new` is merged into `old`.

    Go removes entries in place (deleteMatchingEntries in patch.go): what is new takes the places that this frees in the
    list whose order is asked afterwards, and so stands behind what is kept.
    """
    if not rule.merge_key:
        return old
    gone = [identity_of(entry, rule.merge_key) for entry in new if _PATCH in entry]
    kept = [entry for entry in old if identity_of(entry, rule.merge_key) not in gone]
    known = [identity_of(entry, rule.merge_key) for entry in kept]
    added = [entry for entry in new if _PATCH not in entry and identity_of(entry, rule.merge_key) not in known]
    return [*kept, *added][: len(old)]


def _merge_field(old: Any, new: Any, rule: _Rule) -> Any:  # Any: JSON values
    if isinstance(new, dict) and isinstance(old, dict):
        return _merge_map(old, new, rule.type)
    if isinstance(new, list) and isinstance(old, list):
        return _merge_list(old, new, rule)
    return _without_directives(new)


def _merge_list(old: list[Any], new: list[Any], rule: _Rule) -> list[Any]:
    if rule.is_set:
        return ordered(list(dict.fromkeys([*old, *new])), new, old, "")
    return _merge_entries(old, new, rule) if rule.merge_key else new


def _merge_entries(old: list[Any], entries: list[Any], rule: _Rule) -> list[Any]:
    """Return `old` with `entries` merged in by their key."""
    for entry in entries:
        if not isinstance(entry, dict):
            raise PatchError(f"every entry of a list merged by {rule.merge_key} must be an object")
    plain = [entry for entry in entries if _PATCH not in entry]
    directives = [entry for entry in entries if _PATCH in entry]
    for entry in directives:
        if entry[_PATCH] == "merge":
            raise UnmergeablePatch("merging lists cannot yet be specified in the patch")
        if entry[_PATCH] not in ("replace", "delete"):
            raise _unknown_directive(entry)
    if any(entry[_PATCH] == "replace" for entry in directives):
        return plain
    gone = [_name_of(entry, rule) for entry in directives]
    kept = [entry for entry in old if not any(_is_named(entry, rule, name) for name in gone)]
    merged = list(kept)
    for entry in plain:
        name = _name_of(entry, rule)
        place = next((index for index, known in enumerate(merged) if _is_named(known, rule, name)), None)
        if place is None:
            merged.append(entry)
        else:
            merged[place] = _merge_map(merged[place], entry, rule.type)
    return ordered(merged, plain, kept, rule.merge_key)


def _name_of(entry: JsonObject, rule: _Rule) -> Any:  # Any: a JSON scalar
    if rule.merge_key not in entry:
        raise UnmergeablePatch(f"map: {go_print(entry)} does not contain declared merge key: {rule.merge_key}")
    return entry[rule.merge_key]


def _is_named(entry: Any, rule: _Rule, name: Any) -> bool:
    return isinstance(entry, dict) and entry.get(rule.merge_key) == name


def _delete_scalars(merged: JsonObject, field: str, gone: Any) -> None:  # Any: a JSON value
    """Drop the entries `gone` from a list, in place, or all of it for null; where either is no list, drop nothing."""
    if gone is None:
        merged.pop(field, None)
    elif isinstance(merged.get(field), list) and isinstance(gone, list):
        merged[field] = [item for item in merged[field] if item not in gone]


def _without_directives(value: Any) -> Any:
    """Return a new value without nulls and without what a directive stands in; `_NOTHING` for such a thing itself."""
    if isinstance(value, dict):
        if _PATCH in value:
            return _NOTHING
        members = {key: _without_directives(item) for key, item in value.items() if item is not None}
        return {key: item for key, item in members.items() if item is not _NOTHING}
    if isinstance(value, list):
        items = [_without_directives(item) for item in value]
        return [item for item in items if item is not _NOTHING]
    return value
