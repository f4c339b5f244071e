"""Check CustomResourceDefinitions; source: pkg/apis/apiextensions/validation of k8s.io/apiextensions-apiserver."""

import re
from collections.abc import Iterator

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.names import validate_name
from kubecapy.apimachinery.schema import SchemaError
from kubecapy.apiserver.crd.columns import printer_columns
from kubecapy.apiserver.crd.json_paths import JsonPathError
from kubecapy.apiserver.crd.kinds import compile_version
from kubecapy.apiserver.registry.access import read, read_object, read_objects, read_text
from kubecapy.apiserver.registry.strategies.errors import invalid, not_supported, required, unchanged

APPROVAL_ANNOTATION = "api-approved.kubernetes.io"
_APPROVAL_SOURCE = "https://github.com/kubernetes/enhancements/pull/1111"
_SCOPES = ("Cluster", "Namespaced")
_PROTECTED_GROUP = re.compile(r"(.*\.)?(k8s|kubernetes)\.io")


def validate_definition(definition: JsonObject, old: JsonObject | None) -> list[FieldError]:
    """Return what is wrong with `definition`: names, scope, versions, schemas, columns and what may not change."""
    spec = read_object(definition, "spec")
    return [
        *_validate_names(definition, spec),
        *_validate_approval(definition, spec),
        *_validate_versions(spec),
        *unchanged(definition, old, "spec", "group"),
        *unchanged(definition, old, "spec", "names", "plural"),
        *unchanged(definition, old, "spec", "names", "kind"),
        *unchanged(definition, old, "spec", "scope"),
    ]


def _validate_names(definition: JsonObject, spec: JsonObject) -> Iterator[FieldError]:
    group, plural = read_text(spec, "group"), read_text(spec, "names", "plural")
    name = read_text(definition, "metadata", "name")
    if not group:
        yield required("spec.group")
    for field in ("plural", "kind"):
        value = read_text(spec, "names", field)
        if not value:
            yield required(f"spec.names.{field}")
        elif wrong := validate_name(value.lower(), "label"):
            yield invalid(f"spec.names.{field}", value, wrong)
    if spec.get("scope") not in _SCOPES:
        yield not_supported("spec.scope", str(spec.get("scope", "")), _SCOPES)
    if name != f"{plural}.{group}":
        yield invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group')


def _validate_approval(definition: JsonObject, spec: JsonObject) -> Iterator[FieldError]:
    if not _PROTECTED_GROUP.fullmatch(read_text(spec, "group")):
        return
    if not read_text(definition, "metadata", "annotations", APPROVAL_ANNOTATION):
        yield required(
            f"metadata.annotations[{APPROVAL_ANNOTATION}]",
            f'protected groups must have approval annotation "{APPROVAL_ANNOTATION}", see {_APPROVAL_SOURCE}',
        )


def _validate_versions(spec: JsonObject) -> Iterator[FieldError]:
    versions = read_objects(spec, "versions")
    names = [read_text(version, "name") for version in versions]
    if sum(1 for version in versions if version.get("storage") is True) != 1:
        yield invalid("spec.versions", names, "must have exactly one version marked as storage version")
    if len(set(names)) != len(names):
        yield invalid("spec.versions", names, "must contain unique version names")
    for index, version in enumerate(versions):
        yield from _validate_version(version, f"spec.versions[{index}]")


def _validate_version(version: JsonObject, path: str) -> Iterator[FieldError]:
    name = read_text(version, "name")
    if wrong := validate_name(name, "label"):
        yield invalid(f"{path}.name", name, wrong)
    try:
        printer_columns(version)
    except JsonPathError as error:
        yield invalid(f"{path}.additionalPrinterColumns", name, f"jsonPath: {error}")
    if not isinstance(read(version, "schema", "openAPIV3Schema"), dict):
        yield required(f"{path}.schema.openAPIV3Schema", "schemas are required")
        return
    try:
        compile_version(version, f"{path}.schema.openAPIV3Schema")
    except SchemaError as error:
        yield from error.errors
