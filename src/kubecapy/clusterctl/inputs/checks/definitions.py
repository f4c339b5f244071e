"""Read CustomResourceDefinitions: which kinds they define, and what keeps a server from serving them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.go_types import WrongType, read_as, type_of_kind
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import GroupVersionKind
from kubecapy.apimachinery.schema import Schema, SchemaError, compile_schema

DEFINITION: Final = GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")


class DefinedKind(msgspec.Struct, frozen=True):
    """One version of a definition."""

    gvk: GroupVersionKind
    schema: Schema | None
    """None where it does not compile."""
    errors: tuple[FieldError, ...] = ()
    """Why it does not."""


def read_definition(definition: JsonObject) -> Iterator[DefinedKind]:
    """Yield every version of `definition` that has a schema; none where a field of it has the wrong type."""
    try:
        read_as(definition, type_of_kind(DEFINITION))
    except WrongType:
        return
    spec = _object(definition.get("spec"))
    group, kind = _text(spec.get("group")), _text(_object(spec.get("names")).get("kind"))
    for index, version in enumerate(spec.get("versions") or ()):
        openapi = _object(_object(version).get("schema")).get("openAPIV3Schema")
        if openapi is None:
            continue
        gvk = GroupVersionKind(group, _text(version.get("name")), kind)
        try:
            yield DefinedKind(gvk, compile_schema(openapi, f"spec.versions[{index}].schema.openAPIV3Schema"))
        except SchemaError as error:
            yield DefinedKind(gvk, None, error.errors)


def schemas_of(definitions: Iterable[JsonObject]) -> Mapping[GroupVersionKind, Schema]:
    """Return the schema of each kind that `definitions` define; of two for one kind, the later counts."""
    kinds = (kind for definition in definitions for kind in read_definition(definition))
    return {kind.gvk: kind.schema for kind in kinds if kind.schema is not None}


def _object(value: Any) -> JsonObject:  # Any: an object or null
    return value or {}


def _text(value: Any) -> str:  # Any: a string or null
    return value or ""
