"""Turn a CustomResourceDefinition into the kinds that it makes the server serve."""

from collections.abc import Sequence

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import GroupVersionKind
from kubecapy.apimachinery.schema import Schema, compile_schema
from kubecapy.apiserver.crd.columns import printer_columns
from kubecapy.apiserver.registry.access import read, read_list, read_object, read_objects, read_text
from kubecapy.apiserver.registry.kinds import ScalePaths, ServedKind, Strategy, Subresource, scale_subresource


def served_kinds(definition: JsonObject) -> Sequence[ServedKind]:
    """Return one kind for each served version of an accepted `definition`.

    Raises:
        SchemaError: a schema is not structural.
        JsonPathError: the path of a printer column cannot be read.
    """
    versions = read_objects(definition, "spec", "versions")
    storage = next((read_text(version, "name") for version in versions if version.get("storage") is True), "")
    return [_kind(definition, version, storage) for version in versions if version.get("served") is True]


def compile_version(version: JsonObject, path: str) -> Schema:
    """Return the compiled schema of one version; `path` is put before the paths of errors.

    Raises:
        SchemaError: the schema is not structural.
    """
    return compile_schema(read_object(version, "schema", "openAPIV3Schema"), path)


def scale_paths(version: JsonObject) -> ScalePaths | None:
    """Return where the objects of a version keep what `scale` shows; None where they cannot be scaled."""
    scale = read(version, "subresources", "scale")
    if not isinstance(scale, dict):
        return None
    return ScalePaths(
        spec_replicas=_path(read_text(scale, "specReplicasPath")),
        status_replicas=_path(read_text(scale, "statusReplicasPath")),
        selector=_path(read_text(scale, "labelSelectorPath")),
    )


def _kind(definition: JsonObject, version: JsonObject, storage: str) -> ServedKind:
    spec = definition["spec"]
    names = read_object(spec, "names")
    kind = read_text(names, "kind")
    has_status = read(version, "subresources", "status") is not None
    return ServedKind(
        group=read_text(spec, "group"),
        version=read_text(version, "name"),
        kind=kind,
        plural=read_text(names, "plural"),
        singular=read_text(names, "singular") or kind.lower(),
        list_kind=read_text(names, "listKind"),
        namespaced=spec.get("scope") == "Namespaced",
        short_names=tuple(read_list(names, "shortNames")),
        categories=tuple(read_list(names, "categories")),
        subresources=_subresources(definition, version),
        columns=printer_columns(version),
        strategy=Strategy(has_status=has_status, has_generation=True, needs_resource_version=True),
        scale=scale_paths(version),
        description=read_text(version, "schema", "openAPIV3Schema", "description"),
        openapi=read_object(version, "schema", "openAPIV3Schema"),
        schema=compile_version(version, "spec.validation"),
        storage_version=storage,
        is_custom=True,
        is_terminating=read(definition, "metadata", "deletionTimestamp") is not None,
    )


def _subresources(definition: JsonObject, version: JsonObject) -> tuple[Subresource, ...]:
    spec = definition["spec"]
    gvk = GroupVersionKind(read_text(spec, "group"), read_text(version, "name"), read_text(spec, "names", "kind"))
    found = []
    if read(version, "subresources", "status") is not None:
        found.append(Subresource("status", gvk))
    if read(version, "subresources", "scale") is not None:
        found.append(scale_subresource())
    return tuple(found)


def _path(text: str) -> tuple[str, ...]:
    return tuple(step for step in text.split(".") if step)
