"""Take what all versions of a definition have in common out of them, as the API server does before it checks.

Where all versions have the same schema, it is checked once, at `spec.validation`; else each at its own place. So it is
with subresources, columns and selectable fields.

Source: Convert_v1_CustomResourceDefinitionSpec_To_apiextensions_CustomResourceDefinitionSpec in
pkg/apis/apiextensions/v1/conversion.go of k8s.io/apiextensions-apiserver.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from kubecapy.apimachinery.schema.internal_form import schema_form
from kubecapy.apiserver.crd.types import Column, ScalePaths, SelectableField, Spec, Subresources, Validation, Version

_FIELDS: Final = ("schema", "subresources", "additional_printer_columns", "selectable_fields")
_ABSENT: Final = Version()


class SharedSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The parts that all versions share, and the versions without them."""

    versions: Sequence[Version]
    schema: Validation | None = None
    subresources: Subresources | None = None
    additional_printer_columns: tuple[Column, ...] = ()
    selectable_fields: tuple[SelectableField, ...] = ()

    def shown_versions(self) -> msgspec.Raw:
        """Return the versions as messages show them."""
        return msgspec.Raw(msgspec.json.encode([_version_form(version) for version in self.versions]))


def share(spec: Spec) -> SharedSpec:
    """Return `spec` with what its versions share taken out of them."""
    versions = spec.all_versions
    shared = {
        field: getattr(versions[0], field)
        for field in _FIELDS
        if versions and all(getattr(version, field) == getattr(versions[0], field) for version in versions)
    }
    emptied = {field: getattr(_ABSENT, field) for field in shared}
    return SharedSpec(versions=[msgspec.structs.replace(version, **emptied) for version in versions], **shared)


def _version_form(version: Version) -> dict[str, Any]:
    """Return a version in the form of Go's internal type, whose fields have no other names."""
    subresources, scale = version.subresources, version.scale
    return {
        "Name": version.name,
        "Served": version.served,
        "Storage": version.storage,
        "Deprecated": version.deprecated,
        "DeprecationWarning": version.deprecation_warning,
        "Schema": version.schema and {"OpenAPIV3Schema": version.openapi and schema_form(version.openapi)},
        "Subresources": subresources and {"Status": subresources.status, "Scale": scale and _scale_form(scale)},
        "AdditionalPrinterColumns": [_column_form(column) for column in version.additional_printer_columns] or None,
        "SelectableFields": [{"JSONPath": field.json_path} for field in version.selectable_fields] or None,
    }


def _scale_form(scale: ScalePaths) -> dict[str, Any]:
    return {
        "SpecReplicasPath": scale.spec_replicas_path,
        "StatusReplicasPath": scale.status_replicas_path,
        "LabelSelectorPath": scale.label_selector_path,
    }


def _column_form(column: Column) -> dict[str, Any]:
    return {
        "Name": column.name,
        "Type": column.type,
        "Format": column.format,
        "Description": column.description,
        "Priority": column.priority,
        "JSONPath": column.json_path,
    }
