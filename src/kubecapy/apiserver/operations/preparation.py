"""Turn what a client sent into what is stored: prune, keep, default, validate; pure but for the object given.

The object that a function receives belongs to it and is changed in place; the stored state `old` never is.
"""

from collections.abc import Sequence

from kubecapy.apimachinery.errors import invalid
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.go_types import read_as
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.operations.metadata import (
    clear_system_fields,
    keep_system_fields,
    validate_metadata,
    validate_metadata_change,
)
from kubecapy.apiserver.registry.kinds import ServedKind

_NO_WISH = ("apiVersion", "kind", "metadata")


def prepare_new(kind: ServedKind, obj: JsonObject) -> JsonObject:
    """Return the new object `obj` completed; it has its final name already.

    Raises:
        Invalid: a field breaks a rule.
    """
    clear_system_fields(obj)
    if kind.strategy.has_status and not kind.strategy.is_made_with_status:
        _take(obj, _empty(kind), "status")
    if kind.strategy.has_generation:
        obj["metadata"]["generation"] = 1
    kind.strategy.prepare_create(obj)
    obj = _default(kind, obj)
    _refuse(kind, obj, [*validate_metadata(kind, obj), *kind.strategy.validate(obj, None)])
    return obj


def prepare_change(kind: ServedKind, obj: JsonObject, old: JsonObject) -> JsonObject:
    """Return `obj` completed to replace `old`: the status stays, the generation counts changes of the wish.

    Raises:
        Invalid: a field breaks a rule.
    """
    keep_system_fields(obj, old)
    if kind.strategy.has_status:
        _take(obj, old, "status")
    obj = _default(kind, obj)
    if kind.strategy.has_generation and _wish(kind, obj) != _wish(kind, old):
        obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
    _refuse(kind, obj, [*_validate_change(kind, obj, old), *kind.strategy.validate(obj, old)])
    return obj


def prepare_status_change(kind: ServedKind, obj: JsonObject, old: JsonObject) -> JsonObject:
    """Return `old` with the status of `obj`.

    All but the status and the metadata is that of `old` itself: no copy of it need be made.

    Raises:
        Invalid: a field breaks a rule.
    """
    base = {**old, "metadata": {**old["metadata"]}}
    _take(base, _default(kind, obj), "status")
    if kind.strategy.status_takes_metadata:
        keep_system_fields(obj, old)
        base["metadata"] = obj["metadata"]
    validate = kind.strategy.validate_status or kind.strategy.validate
    _refuse(kind, base, [*_validate_change(kind, base, old), *validate(base, old)])
    return base


def _empty(kind: ServedKind) -> JsonObject:
    """Return what is written of an object of `kind` that holds nothing."""
    empty: JsonObject = read_as({}, kind.go_type).value if kind.go_type else {}
    return empty


def _default(kind: ServedKind, obj: JsonObject) -> JsonObject:
    if kind.schema is not None:
        obj = kind.schema.default(obj)
    kind.strategy.default(obj)
    return obj


def _validate_change(kind: ServedKind, obj: JsonObject, old: JsonObject) -> list[FieldError]:
    return [*validate_metadata(kind, obj), *validate_metadata_change(obj, old)]


def _refuse(kind: ServedKind, obj: JsonObject, errors: Sequence[FieldError]) -> None:
    if errors:
        raise invalid(kind.kind, kind.group, obj["metadata"].get("name", ""), errors)


def _take(obj: JsonObject, source: JsonObject, name: str) -> None:
    if name in source:
        obj[name] = source[name]
    else:
        obj.pop(name, None)


def _wish(kind: ServedKind, obj: JsonObject) -> JsonObject:
    """Return what a person wishes: all but the status, where the kind writes that apart."""
    other = (*_NO_WISH, "status") if kind.strategy.has_status else _NO_WISH
    return {name: value for name, value in obj.items() if name not in other}
