"""Turn what a client sent into what is stored: prune, keep, default, validate; pure but for the object given.

The object that a function receives belongs to it and is changed in place; the stored state `old` never is.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from kubecapy.apimachinery.errors import BadRequest, invalid
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.go_types import WrongType, read_as, type_of_kind
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.schema.embedded import MalformedMetadata
from kubecapy.apiserver.operations.metadata import (
    cannot_be_handled,
    clear_system_fields,
    keep_system_fields,
    read_metadata,
    validate_metadata,
    validate_metadata_change,
)
from kubecapy.apiserver.registry.kinds import ServedKind

FieldValidation = Literal["Strict", "Warn", "Ignore"]

_OBJECT_SECTIONS = ("spec", "status", "data", "binaryData", "stringData")
_NO_WISH = ("apiVersion", "kind", "metadata")


class Prepared(msgspec.Struct, frozen=True):
    """An object that is ready to be stored, and what its sender should be told."""

    obj: JsonObject
    warnings: tuple[str, ...] = ()


def prepare_new(kind: ServedKind, obj: JsonObject, validation: FieldValidation) -> Prepared:
    """Return the new object `obj` completed; it has its final name already.

    Raises:
        BadRequest: a field has the wrong form, or is unknown and `validation` is Strict.
        Invalid: a field breaks a rule.
    """
    obj, warnings = _read(kind, obj, validation)
    clear_system_fields(obj)
    if kind.strategy.has_status:
        obj.pop("status", None)
    if kind.strategy.has_generation:
        obj["metadata"]["generation"] = 1
    kind.strategy.prepare_create(obj)
    obj = _default(kind, obj)
    _refuse(kind, obj, [*validate_metadata(kind, obj), *kind.strategy.validate(obj, None)])
    return Prepared(obj, (*warnings, *kind.strategy.warn(obj, None)))


def prepare_change(kind: ServedKind, obj: JsonObject, old: JsonObject, validation: FieldValidation) -> Prepared:
    """Return `obj` completed to replace `old`: the status stays, the generation counts changes of the wish.

    Raises:
        BadRequest, Invalid: as for `prepare_new`.
    """
    obj, warnings = _read(kind, obj, validation)
    keep_system_fields(obj, old)
    if kind.strategy.has_status:
        _take(obj, old, "status")
    obj = _default(kind, obj)
    if kind.strategy.has_generation and _wish(kind, obj) != _wish(kind, old):
        obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
    _refuse(kind, obj, [*_validate_change(kind, obj, old), *kind.strategy.validate(obj, old)])
    return Prepared(obj, (*warnings, *kind.strategy.warn(obj, old)))


def prepare_status_change(kind: ServedKind, obj: JsonObject, old: JsonObject, validation: FieldValidation) -> Prepared:
    """Return `old` with the status of `obj`.

    All but the status and the metadata is that of `old` itself: no copy of it need be made.

    Raises:
        BadRequest, Invalid: as for `prepare_new`.
    """
    obj, warnings = _read(kind, obj, validation)
    base = {**old, "metadata": {**old["metadata"]}}
    _take(base, _default(kind, obj) if kind.schema else obj, "status")
    if kind.strategy.status_takes_metadata:
        keep_system_fields(obj, old)
        base["metadata"] = obj["metadata"]
    validate = kind.strategy.validate_status or kind.strategy.validate
    _refuse(kind, base, [*_validate_change(kind, base, old), *validate(base, old)])
    return Prepared(base, warnings)


def _read(kind: ServedKind, obj: JsonObject, validation: FieldValidation) -> tuple[JsonObject, tuple[str, ...]]:
    unknown: list[str] = []
    if kind.schema is not None:
        unknown = read_metadata(kind, obj)
        try:
            obj, others = kind.schema.prune(obj)
        except MalformedMetadata as error:
            raise BadRequest(str(error)) from error
        unknown += others
    else:
        if kind.kind == "CustomResourceDefinition":
            try:
                obj = read_as(obj, type_of_kind(kind.gvk)).value
            except WrongType as error:
                raise cannot_be_handled(kind, str(error)) from error
        unknown = read_metadata(kind, obj)
        _check_sections(kind, obj)
    obj["apiVersion"], obj["kind"] = kind.api_version, kind.kind
    return obj, _report(kind, unknown, validation)


def _check_sections(kind: ServedKind, obj: JsonObject) -> None:
    for name in [name for name, value in obj.items() if value is None]:
        del obj[name]
    for name in _OBJECT_SECTIONS:
        if name in obj and not isinstance(obj[name], dict):
            raise cannot_be_handled(kind, f"json: {name}: expected an object")


def _report(kind: ServedKind, unknown: Sequence[str], validation: FieldValidation) -> tuple[str, ...]:
    words = tuple(f'unknown field "{path}"' for path in unknown)
    if not words or validation == "Ignore":
        return ()
    if validation == "Warn":
        return words
    raise cannot_be_handled(kind, f"strict decoding error: {', '.join(words)}")


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
