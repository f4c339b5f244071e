"""Turn a CustomResourceDefinition into the kinds that it makes the server serve."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import GroupVersionKind
from kubecapy.apimachinery.schema.props import JSONSchemaProps
from kubecapy.apimachinery.schema.schema import Schema
from kubecapy.apiserver.crd import types
from kubecapy.apiserver.crd.columns import printer_columns
from kubecapy.apiserver.crd.metadata import check_metadata
from kubecapy.apiserver.crd.objects import ObjectChecks
from kubecapy.apiserver.crd.types import Definition, Version
from kubecapy.apiserver.discovery.versions import by_priority
from kubecapy.apiserver.registry.access import read, read_object, read_objects
from kubecapy.apiserver.registry.kinds import (
    Field,
    ScalePaths,
    ServedKind,
    Strategy,
    Subresource,
    scale_subresource,
)


def served_kinds(definition: Definition, obj: JsonObject) -> Sequence[ServedKind]:
    """Return one kind for each served version of a definition whose names are accepted, `obj` as it is written."""
    written = read_objects(obj, "spec", "versions")
    return [
        _kind(definition, version, read_object(source, "schema", "openAPIV3Schema"))
        for version, source in zip(definition.spec.all_versions, written, strict=True)
        if version.served
    ]


def _kind(definition: Definition, version: Version, openapi: JsonObject) -> ServedKind:
    spec, names = definition.spec, definition.status.accepted_names
    schema = _schema_of(version)
    checks = ObjectChecks(schema, version.scale)
    return ServedKind(
        group=spec.group,
        version=version.name,
        kind=names.kind,
        plural=names.plural,
        singular=names.singular,
        list_kind=names.list_kind,
        namespaced=spec.scope == "Namespaced",
        short_names=names.short_names,
        categories=names.categories,
        subresources=_subresources(definition, version),
        columns=printer_columns(version.additional_printer_columns),
        fields=_selectable(version),
        strategy=Strategy(
            has_status=version.has_status,
            has_generation=True,
            needs_resource_version=True,
            validate=checks.validate,
            validate_status=checks.validate_status,
        ),
        scale=_scale_paths(version.scale),
        description=version.openapi.description if version.openapi is not None else "",
        openapi=openapi,
        schema=schema,
        storage_version=spec.storage_version,
        stored_versions=definition.status.stored_versions or (),
        storage_schema=_storage_schema(definition, version),
        is_custom=True,
        is_terminating=definition.has_condition(types.TERMINATING),
        warning=_deprecation(definition, version) if version.deprecated else "",
    )


def _schema_of(version: Version) -> Schema:
    return _compiled(msgspec.json.encode(version.openapi or JSONSchemaProps()))


@lru_cache(maxsize=64)
def _compiled(props: bytes) -> Schema:
    """Return the schema that encoded `props` describe; a definition's many changes of status compile it once."""
    return Schema(msgspec.json.decode(props, type=JSONSchemaProps), check_metadata)


def _subresources(definition: Definition, version: Version) -> tuple[Subresource, ...]:
    found = []
    if version.has_status:
        gvk = GroupVersionKind(definition.spec.group, version.name, definition.status.accepted_names.kind)
        found.append(Subresource("status", gvk))
    if version.scale is not None:
        found.append(scale_subresource())
    return tuple(found)


def _storage_schema(definition: Definition, version: Version) -> Schema | None:
    """Return the schema of the version that objects are stored in; None where that is `version`."""
    name = definition.spec.storage_version
    if version.name == name:
        return None
    return _schema_of(next(other for other in definition.spec.all_versions if other.name == name))


def _scale_paths(scale: types.ScalePaths | None) -> ScalePaths | None:
    if scale is None:
        return None
    return ScalePaths(
        spec_replicas=_steps(scale.spec_replicas_path),
        status_replicas=_steps(scale.status_replicas_path),
        selector=_steps(scale.label_selector_path or ""),
    )


def _steps(path: str) -> tuple[str, ...]:
    return tuple(step for step in path.split(".") if step)


def _selectable(version: Version) -> Mapping[str, Field]:
    paths = [_steps(field.json_path) for field in version.selectable_fields]
    return {".".join(path): _field(path) for path in paths}


def _field(path: tuple[str, ...]) -> Field:
    def text(obj: JsonObject) -> str:
        value = read(obj, *path)
        if isinstance(value, bool):
            return "true" if value else "false"
        return "" if value is None else str(value)

    return text


def _deprecation(definition: Definition, version: Version) -> str:
    """Return what clients of a deprecated version are told; by default, which version to use instead."""
    if version.deprecation_warning is not None:
        return version.deprecation_warning
    group, kind = definition.spec.group, definition.spec.names.kind
    current = [other.name for other in definition.spec.all_versions if other.served and not other.deprecated]
    better = by_priority([version.name, *current])[0]
    words = f"{group}/{version.name} {kind} is deprecated"
    return words if better == version.name else f"{words}; use {group}/{better} {kind}"
