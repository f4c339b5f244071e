"""Write schemas and rules as the API server's messages show them: in the form of its internal Go types.

Those have no names for JSON, so each field is there under its Go name, in Go's order, whether it is set or not.

Source: pkg/apis/apiextensions/types_jsonschema.go of k8s.io/apiextensions-apiserver.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from kubecapy.apimachinery.schema.props import ExternalDocumentation, JSONSchemaProps, ValidationRule

_SCHEMA_FIELDS: Final[Mapping[str, str]] = {
    "ID": "id",
    "Schema": "schema_url",
    "Ref": "ref",
    "Description": "description",
    "Type": "type",
    "Nullable": "nullable",
    "Format": "format",
    "Title": "title",
    "Default": "default",
    "Maximum": "maximum",
    "ExclusiveMaximum": "exclusive_maximum",
    "Minimum": "minimum",
    "ExclusiveMinimum": "exclusive_minimum",
    "MaxLength": "max_length",
    "MinLength": "min_length",
    "Pattern": "pattern",
    "MaxItems": "max_items",
    "MinItems": "min_items",
    "UniqueItems": "unique_items",
    "MultipleOf": "multiple_of",
    "Enum": "enum",
    "MaxProperties": "max_properties",
    "MinProperties": "min_properties",
    "Required": "required",
    "Items": "items",
    "AllOf": "all_of",
    "OneOf": "one_of",
    "AnyOf": "any_of",
    "Not": "negated",
    "Properties": "properties",
    "AdditionalProperties": "additional_properties",
    "PatternProperties": "pattern_properties",
    "Dependencies": "dependencies",
    "AdditionalItems": "additional_items",
    "Definitions": "definitions",
    "ExternalDocs": "external_docs",
    "Example": "example",
    "XPreserveUnknownFields": "preserve_unknown_fields",
    "XEmbeddedResource": "embedded_resource",
    "XIntOrString": "int_or_string",
    "XListMapKeys": "list_map_keys",
    "XListType": "list_type",
    "XMapType": "map_type",
    "XValidations": "validations",
}
_RULE_FIELDS: Final[Mapping[str, str]] = {
    "Rule": "rule",
    "Message": "message",
    "MessageExpression": "message_expression",
    "Reason": "reason",
    "FieldPath": "field_path",
    "OptionalOldSelf": "optional_old_self",
}
_JSON_FIELDS: Final = frozenset({"Default", "Example", "Enum"})
"""Fields that hold any JSON value, and show it as it is."""
_DOCUMENTATION_FIELDS: Final[Mapping[str, str]] = {"Description": "description", "URL": "url"}


def show_schema(props: JSONSchemaProps) -> msgspec.Raw:
    """Return a schema as messages show it."""
    return msgspec.Raw(msgspec.json.encode(schema_form(props)))


def show_rule(rule: ValidationRule) -> msgspec.Raw:
    """Return a rule as messages show it."""
    return msgspec.Raw(msgspec.json.encode(_form(rule, _RULE_FIELDS)))


def schema_form(props: JSONSchemaProps) -> dict[str, Any]:
    """Return a schema under Go's names."""
    form = _form(props, _SCHEMA_FIELDS)
    form["Enum"] = list(props.enum) or None
    if props.items is not None:
        listed = [schema_form(item) for item in props.items] if isinstance(props.items, tuple) else None
        form["Items"] = {"Schema": None if props.item is None else schema_form(props.item), "JSONSchemas": listed}
    for name, value in (
        ("AdditionalProperties", props.additional_properties),
        ("AdditionalItems", props.additional_items),
    ):
        if value is not None:
            schema = schema_form(value) if isinstance(value, JSONSchemaProps) else None
            form[name] = {"Allows": value is not False, "Schema": schema}
    return form


def _form(value: Any, fields: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: getattr(value, attribute) if name in _JSON_FIELDS else _value(getattr(value, attribute))
        for name, attribute in fields.items()
    }


def _value(value: Any) -> Any:
    match value:
        case JSONSchemaProps():
            return schema_form(value)
        case ValidationRule():
            return _form(value, _RULE_FIELDS)
        case ExternalDocumentation():
            return _form(value, _DOCUMENTATION_FIELDS)
        case tuple():
            return [_value(item) for item in value] or None
        case dict():
            return {name: _value(value[name]) for name in sorted(value)} or None
        case _:
            return value
