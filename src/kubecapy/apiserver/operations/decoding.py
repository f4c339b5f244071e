"""Read a JSON object as the kind that its address names: what does not fit is refused, what is unknown is dropped."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from kubecapy.apimachinery.errors import BadRequest
from kubecapy.apimachinery.go_types import WrongType, read_as
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import GroupVersionKind
from kubecapy.apimachinery.schema.embedded import MalformedMetadata
from kubecapy.apiserver.registry.kinds import ServedKind

FieldValidation = Literal["Strict", "Warn", "Ignore"]

YAML_ERRORS = "yaml: unmarshal errors:"
"""First line of what Go's YAML parser finds wrong with a text that it takes all the same."""
_METADATA = "meta/v1.ObjectMeta"
_NOT_KEPT = ("managedFields", "selfLink")
"""Metadata that clients may send and this server does not keep."""


class Sent(msgspec.Struct, frozen=True):
    """An object as its kind has it, and what its sender should be told."""

    obj: JsonObject
    warnings: tuple[str, ...] = ()


class Misfit(ValueError):
    """An object does not fit its kind; `str()` says how, in Go's words."""


def read_sent(kind: ServedKind, obj: JsonObject, validation: FieldValidation, found: Sequence[str] = ()) -> Sent:
    """Return the new or changed object that `obj` means; `obj` stays untouched.

    Args:
        kind: What it should be.
        obj: What was sent.
        validation: What to do about what is `found` and about unknown fields: refuse, tell, or nothing.
        found: What was wrong with the text of it.

    Raises:
        BadRequest: a field has the wrong form, or is unknown and `validation` is Strict.
    """
    try:
        return fit(kind, obj, validation, found)
    except Misfit as error:
        raise cannot_be_handled(kind.gvk, kind.kind, str(error)) from error


def fit(kind: ServedKind, obj: JsonObject, validation: FieldValidation, found: Sequence[str] = ()) -> Sent:
    """Do what `read_sent` does; how a misfit is worded depends on how the object came about.

    Raises:
        Misfit: a field has the wrong form, or is unknown and `validation` is Strict.
    """
    try:
        read, unknown = _read_custom(kind, obj) if kind.is_custom else _read_builtin(kind, obj)
    except WrongType as error:
        raise Misfit(str(error)) from error
    for name in _NOT_KEPT:
        read["metadata"].pop(name, None)
    read["apiVersion"], read["kind"] = kind.api_version, kind.kind
    return Sent(read, _report([*found, *(f'unknown field "{path}"' for path in unknown)], validation))


def cannot_be_handled(sent: GroupVersionKind, expected: str, why: str) -> BadRequest:
    """Return the error for a body that says that it is `sent`, and is no `expected`."""
    return BadRequest(f'{sent.kind} in version "{sent.version}" cannot be handled as a {expected}: {why}')


def _read_builtin(kind: ServedKind, obj: JsonObject) -> tuple[JsonObject, Sequence[str]]:
    reading = read_as(obj, kind.go_type)
    return reading.value, reading.unknown


def _read_custom(kind: ServedKind, obj: JsonObject) -> tuple[JsonObject, Sequence[str]]:
    metadata = read_as(obj.get("metadata"), _METADATA)
    read: JsonObject = {**obj, "metadata": metadata.value}
    unknown: list[str] = []
    if kind.schema is not None:
        try:
            read, unknown = kind.schema.prune(read)
        except MalformedMetadata as error:
            raise BadRequest(str(error)) from error
    return read, [*(f"metadata.{path}" for path in metadata.unknown), *sorted(unknown)]


def _report(found: Sequence[str], validation: FieldValidation) -> tuple[str, ...]:
    if not found or validation == "Ignore":
        return ()
    if validation == "Warn":
        return tuple(line for text in found for line in _lines(text))
    raise Misfit(f"strict decoding error: {', '.join(found)}")


def _lines(text: str) -> Sequence[str]:
    """Return what a finding tells; YAML's parser puts all of its own into one text of several lines."""
    return [line.strip() for line in text.splitlines()[1:]] if text.startswith(YAML_ERRORS) else [text]
