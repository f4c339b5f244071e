"""Check CustomResourceDefinitions as a whole.

Source: pkg/apis/apiextensions/validation/validation.go of k8s.io/apiextensions-apiserver. What it tolerates of objects
that older servers stored is left out: this server has stored none.
"""

from collections.abc import Iterator, Sequence

import msgspec

from kubecapy.apimachinery.field_errors import invalid, not_supported, required
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.names import validate_dns1035_label, validate_name
from kubecapy.apimachinery.schema.internal_form import show_schema
from kubecapy.apimachinery.schema.props import JSONSchemaProps
from kubecapy.apimachinery.schema.schema import check_schema
from kubecapy.apiserver.crd.approval import check_approval
from kubecapy.apiserver.crd.conversion import check_conversion
from kubecapy.apiserver.crd.metadata import check_metadata
from kubecapy.apiserver.crd.parts import check_columns, check_selectable_fields, check_subresources
from kubecapy.apiserver.crd.shared import SharedSpec, share
from kubecapy.apiserver.crd.types import ESTABLISHED, Definition, Names, Status, Version, read_definition

_SCOPES = ("Cluster", "Namespaced")
_MAX_WARNING_LENGTH = 256
_ALLOWED_BESIDE_STATUS = (
    "description", "type", "format", "title", "maximum", "exclusive_maximum", "minimum", "exclusive_minimum",
    "max_length", "min_length", "pattern", "max_items", "min_items", "unique_items", "multiple_of", "required", "items",
    "properties", "external_docs", "example", "preserve_unknown_fields", "validations",
)  # fmt: skip
"""Keywords that may stand at the root of a schema whose status is checked alone."""
_SHOWN_ALLOWED = (
    "[Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern"
    " MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields"
    " XValidations]"
)


def validate_definition(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    """Return what is wrong with a definition, and what an update of `old` may not change."""
    definition = read_definition(obj)
    before = read_definition(old) if old is not None else None
    return [
        *(_check_name(definition) if before is None else ()),
        *_check_spec(definition),
        *(_check_unchanged(definition, before) if before is not None else ()),
        *_check_status(definition.status),
        *_check_stored_versions(definition),
        *check_approval(definition, before),
        *_check_preserving(definition),
    ]


def validate_definition_status(obj: JsonObject, _old: JsonObject | None) -> list[FieldError]:
    """Return what is wrong with the status of a definition, where it alone is written."""
    return list(_check_status(read_definition(obj).status))


def _check_name(definition: Definition) -> Iterator[FieldError]:
    if definition.name != f"{definition.spec.names.plural}.{definition.spec.group}":
        yield invalid("metadata.name", definition.name, 'must be spec.names.plural+"."+spec.group')


def _check_spec(definition: Definition) -> Iterator[FieldError]:
    spec = definition.spec
    shared = share(spec)
    yield from _check_group(spec.group)
    if not spec.scope:
        yield required("spec.scope")
    elif spec.scope not in _SCOPES:
        yield not_supported("spec.scope", spec.scope, _SCOPES)
    yield from _check_schemas_are_there(shared)
    for index, version in enumerate(shared.versions):
        yield from _check_version(version, shared, f"spec.versions[{index}]")
    yield from _check_versions(shared, None if spec.versions is None else shared.shown_versions())
    yield from _check_required_names(spec.names)
    yield from _check_names(spec.names, "spec.names")
    if shared.schema is not None and shared.schema.openapi is not None:
        has_status = any(version.has_status for version in spec.all_versions)
        yield from _check_schema(shared.schema.openapi, "spec.validation", has_status=has_status)
    yield from check_subresources(shared.subresources, "spec.subresources")
    yield from check_columns(shared.additional_printer_columns, "spec.additionalPrinterColumns")
    if shared.selectable_fields:
        yield from _check_shared_selectable_fields(shared)
    yield from check_conversion(spec.conversion, is_established=definition.has_condition(ESTABLISHED))


def _check_group(group: str) -> Iterator[FieldError]:
    if not group:
        yield required("spec.group")
    elif wrong := validate_name(group, "subdomain"):
        yield invalid("spec.group", group, wrong)
    elif "." not in group:
        yield invalid("spec.group", group, "should be a domain with at least one dot")


def _check_schemas_are_there(shared: SharedSpec) -> Iterator[FieldError]:
    if shared.schema is not None and shared.schema.openapi is not None:
        return
    for index, version in enumerate(shared.versions):
        if version.openapi is None:
            yield required(f"spec.versions[{index}].schema.openAPIV3Schema")


def _check_version(version: Version, shared: SharedSpec, path: str) -> Iterator[FieldError]:
    if wrong := validate_dns1035_label(version.name):
        yield invalid(f"{path}.name", version.name, wrong)
    for wrong in _warning_errors(version):
        yield invalid(f"{path}.deprecationWarning", version.deprecation_warning, wrong)
    if version.openapi is not None:
        has_status = version.has_status or (shared.subresources is not None and shared.subresources.status is not None)
        yield from _check_schema(version.openapi, f"{path}.schema", has_status=has_status)
    yield from check_subresources(version.subresources, f"{path}.subresources")
    yield from check_columns(version.additional_printer_columns, f"{path}.additionalPrinterColumns")
    if not version.selectable_fields:
        return
    if version.openapi is None:
        # The words are the API server's: they mean the opposite.
        detail = "may only be set when `version.schema.openAPIV3Schema` is not included"
        yield invalid(f"{path}.selectableFields", "", detail)
    else:
        yield from check_selectable_fields(version.selectable_fields, version.openapi, f"{path}.selectableFields")


def _warning_errors(version: Version) -> Iterator[str]:
    warning = version.deprecation_warning
    if warning is None:
        return
    if not version.deprecated:
        yield "can only be set for deprecated versions"
        return
    if len(warning.encode()) > _MAX_WARNING_LENGTH:
        yield f"must be <= {_MAX_WARNING_LENGTH} characters long"
    if not warning:
        yield "must not be an empty string"
    for index, character in enumerate(warning):
        if not (character.isprintable() or character == " "):
            place = len(warning[:index].encode())
            yield f"must only contain printable UTF-8 characters; non-printable character found at index {place}"
            return


def _check_versions(shared: SharedSpec, shown: msgspec.Raw | None) -> Iterator[FieldError]:
    names = [version.name for version in shared.versions]
    if len(set(names)) != len(names):
        yield invalid("spec.versions", shown, "must contain unique version names")
    if sum(version.storage for version in shared.versions) != 1:
        yield invalid("spec.versions", shown, "must have exactly one version marked as storage version")
    # The first version is also held as the one that there is, where that is not empty.
    if names and names[0] and (wrong := validate_dns1035_label(names[0])):
        yield invalid("spec.version", names[0], wrong)


def _check_required_names(names: Names) -> Iterator[FieldError]:
    wanted = {"plural": names.plural, "singular": names.singular, "kind": names.kind, "listKind": names.list_kind}
    for field, value in wanted.items():
        if not value:
            yield required(f"spec.names.{field}")


def _check_names(names: Names, path: str) -> Iterator[FieldError]:
    for field, value in (("plural", names.plural), ("singular", names.singular)):
        if value and (wrong := validate_dns1035_label(value)):
            yield invalid(f"{path}.{field}", value, wrong)
    for field, value in (("kind", names.kind), ("listKind", names.list_kind)):
        if value and (wrong := validate_dns1035_label(value.lower())):
            detail = f"may have mixed case, but should otherwise match: {wrong}"
            yield invalid(f"{path}.{field}", value, detail)
    yield from _check_labels(names.short_names, f"{path}.shortNames")
    if names.kind and names.kind == names.list_kind:
        yield invalid(f"{path}.listKind", names.list_kind, "kind and listKind may not be the same")
    yield from _check_labels(names.categories, f"{path}.categories")


def _check_labels(labels: Sequence[str], path: str) -> Iterator[FieldError]:
    for index, label in enumerate(labels):
        if wrong := validate_dns1035_label(label):
            yield invalid(f"{path}[{index}]", label, wrong)


def _check_schema(props: JSONSchemaProps, path: str, *, has_status: bool) -> Iterator[FieldError]:
    place = f"{path}.openAPIV3Schema"
    if has_status and props.type != "object":
        detail = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
        yield invalid(f"{place}.type", props.type, detail)
    elif has_status and any(getattr(props, name) != default for name, default in _FORBIDDEN_BESIDE_STATUS.items()):
        detail = (
            f"only {_SHOWN_ALLOWED} fields are allowed at the root of the schema if the status subresource is enabled"
        )
        yield invalid(place, show_schema(props), detail)
    yield from check_schema(props, place, check_metadata)


_FORBIDDEN_BESIDE_STATUS = {
    name: getattr(JSONSchemaProps(), name)
    for name in JSONSchemaProps.__struct_fields__
    if name not in _ALLOWED_BESIDE_STATUS
}
"""Every other keyword, with what it is where it is not used."""


def _check_shared_selectable_fields(shared: SharedSpec) -> Iterator[FieldError]:
    if shared.schema is None or shared.schema.openapi is None:
        yield invalid("spec.selectableFields", "", "may only be set when validations.schema is included")
        return
    yield from check_selectable_fields(shared.selectable_fields, shared.schema.openapi, "spec.selectableFields")


def _check_unchanged(definition: Definition, old: Definition) -> Iterator[FieldError]:
    spec, before = definition.spec, old.spec
    pairs: list[tuple[str, str, str]] = []
    if old.has_condition(ESTABLISHED):
        # These two say how objects are stored.
        pairs += [("scope", spec.scope, before.scope), ("names.kind", spec.names.kind, before.names.kind)]
    pairs += [("group", spec.group, before.group), ("names.plural", spec.names.plural, before.names.plural)]
    for field, value, was in pairs:
        if value != was:
            yield invalid(f"spec.{field}", value, "field is immutable")


def _check_status(status: Status) -> Iterator[FieldError]:
    yield from _check_names(status.accepted_names, "status.acceptedNames")


def _check_stored_versions(definition: Definition) -> Iterator[FieldError]:
    stored, path = definition.status.stored_versions, "status.storedVersions"
    if not stored:
        yield invalid(path, None if stored is None else [], "must have at least one stored version")
        return
    for version in definition.spec.all_versions:
        if version.storage and version.name not in stored:
            yield invalid(path, list(stored), f"must have the storage version {version.name}")
    names = {version.name for version in definition.spec.all_versions}
    for index, name in enumerate(stored):
        if name not in names:
            detail = (
                f"missing from spec.versions; {name} was previously a storage version, and must remain in"
                f" spec.versions until a storage migration ensures no data remains persisted in {name} and removes"
                f" {name} from status.storedVersions"
            )
            yield invalid(f"{path}[{index}]", name, detail)


def _check_preserving(definition: Definition) -> Iterator[FieldError]:
    if definition.spec.preserve_unknown_fields:
        detail = (
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        )
        yield invalid("spec.preserveUnknownFields", definition.spec.preserve_unknown_fields, detail)
