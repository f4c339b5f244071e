"""Check the metadata of objects: names, labels, and fields that no object has."""

from collections.abc import Iterator
from typing import Final

from kubecapy.apimachinery.fields import FieldError, unknown_field
from kubecapy.apimachinery.go_types import WrongType, flat_fields, read_as
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.names import qualified_name_errors, validate_labels, validate_name

_TYPE: Final = "meta/v1.ObjectMeta"


def check_metadata(obj: JsonObject, *, is_custom: bool) -> list[FieldError]:
    """Return what is wrong with the metadata of `obj`.

    Args:
        obj: Any object.
        is_custom: Whether its kind has a definition; names of Kubernetes' own kinds each follow rules of their own.
    """
    metadata = obj.get("metadata")
    if metadata is None:
        metadata = {}
    try:
        unknown = read_as(metadata, _TYPE).unknown
    except WrongType as error:
        return [FieldError(".".join(("metadata", *error.fields)), "FieldValueTypeInvalid", str(error))]
    return [
        *(unknown_field(*_split(f"metadata.{path}"), flat_fields(_TYPE)) for path in unknown),
        *_check_name(metadata, obj["kind"], is_custom=is_custom),
        *check_marks(metadata, "metadata"),
    ]


def check_marks(metadata: JsonObject, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the labels and annotations of `metadata` at `path`, whose types are right."""
    for key, value in (metadata.get("labels") or {}).items():
        # A null is the empty text, as Go reads it.
        yield from validate_labels({key: value or ""}, f"{path}.labels.{key}")
    for key in metadata.get("annotations") or {}:
        for wrong in qualified_name_errors(key.lower()):
            yield FieldError(f"{path}.annotations.{key}", "FieldValueInvalid", f'Invalid value: "{key}": {wrong}')


def _check_name(metadata: JsonObject, kind: str, *, is_custom: bool) -> Iterator[FieldError]:
    name, prefix = metadata.get("name") or "", metadata.get("generateName") or ""
    if not name and not prefix:
        detail = f"the {kind} has no name; set metadata.name or metadata.generateName"
        yield FieldError("metadata", "FieldValueRequired", detail)
    elif is_custom and (wrong := validate_name(name or f"{prefix}x", "subdomain")):
        field = "metadata.name" if name else "metadata.generateName"
        yield FieldError(field, "FieldValueInvalid", f'Invalid value: "{name or prefix}": {wrong}')
    namespace = metadata.get("namespace") or ""
    if namespace and (wrong := validate_name(namespace, "label")):
        yield FieldError("metadata.namespace", "FieldValueInvalid", f'Invalid value: "{namespace}": {wrong}')


def _split(path: str) -> tuple[str, str]:
    parent, _, name = path.rpartition(".")
    return parent, name
