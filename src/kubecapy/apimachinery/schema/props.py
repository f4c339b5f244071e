"""Hold an OpenAPI v3 schema of a custom resource as typed values.

Source: apiextensions.k8s.io/v1 JSONSchemaProps,
https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/custom-resource-definition-v1/.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from kubecapy.apimachinery.go_types import read_as


class ValidationRule(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One entry of `x-kubernetes-validations`, as written."""

    rule: str = msgspec.field(default_factory=str)
    message: str = ""
    message_expression: str = ""
    reason: str | None = None
    field_path: str = ""
    optional_old_self: bool | None = None


class ExternalDocumentation(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Where more is written about a field."""

    description: str = ""
    url: str = ""


_EXTENSIONS: Mapping[str, str] = {
    "schema_url": "$schema",
    "ref": "$ref",
    "negated": "not",
    "preserve_unknown_fields": "x-kubernetes-preserve-unknown-fields",
    "embedded_resource": "x-kubernetes-embedded-resource",
    "int_or_string": "x-kubernetes-int-or-string",
    "list_map_keys": "x-kubernetes-list-map-keys",
    "list_type": "x-kubernetes-list-type",
    "map_type": "x-kubernetes-map-type",
    "validations": "x-kubernetes-validations",
}


def _keyword(name: str) -> str | None:
    if name in _EXTENSIONS:
        return _EXTENSIONS[name]
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class JSONSchemaProps(msgspec.Struct, frozen=True, kw_only=True, rename=_keyword, omit_defaults=True):
    """One place of a schema: the shape of a value and what it must satisfy.

    What has no meaning for custom resources is held too, so that it can be refused by name.
    """

    id: str = ""
    schema_url: str = ""
    ref: str | None = None
    description: str = ""
    type: str = ""
    """Such as `object`; empty where any type may stand, and inside logical operators."""
    format: str = ""
    title: str = ""
    default: Any = None
    """Any JSON value; null means none."""
    maximum: int | float | None = None
    exclusive_maximum: bool = False
    minimum: int | float | None = None
    exclusive_minimum: bool = False
    max_length: int | None = None
    min_length: int | None = None
    pattern: str = ""
    max_items: int | None = None
    min_items: int | None = None
    unique_items: bool = False
    multiple_of: int | float | None = None
    enum: tuple[Any, ...] = ()
    max_properties: int | None = None
    min_properties: int | None = None
    required: tuple[str, ...] = ()
    items: "JSONSchemaProps | tuple[JSONSchemaProps, ...] | None" = None
    all_of: "tuple[JSONSchemaProps, ...]" = ()
    one_of: "tuple[JSONSchemaProps, ...]" = ()
    any_of: "tuple[JSONSchemaProps, ...]" = ()
    negated: "JSONSchemaProps | None" = None
    """The operand of `not`."""
    properties: "Mapping[str, JSONSchemaProps]" = msgspec.field(default_factory=dict)
    additional_properties: "bool | JSONSchemaProps | None" = None
    """What every value of a map must satisfy; true where any may stand; None where the object is no map."""
    pattern_properties: "Mapping[str, JSONSchemaProps]" = msgspec.field(default_factory=dict)
    dependencies: Mapping[str, Any] = msgspec.field(default_factory=dict)
    additional_items: "bool | JSONSchemaProps | None" = None
    definitions: "Mapping[str, JSONSchemaProps]" = msgspec.field(default_factory=dict)
    external_docs: ExternalDocumentation | None = None
    example: Any = None
    nullable: bool = False
    preserve_unknown_fields: bool | None = None
    embedded_resource: bool = False
    int_or_string: bool = False
    list_map_keys: tuple[str, ...] = ()
    list_type: str | None = None
    map_type: str | None = None
    validations: tuple[ValidationRule, ...] = ()

    @property
    def item(self) -> "JSONSchemaProps | None":
        """What every item of a list must satisfy; None where nothing is said of items, or where they are a list."""
        return self.items if isinstance(self.items, JSONSchemaProps) else None

    @property
    def additional(self) -> "JSONSchemaProps | None":
        """The schema of every value of a map; None where there is none."""
        return self.additional_properties if isinstance(self.additional_properties, JSONSchemaProps) else None

    @property
    def is_map(self) -> bool:
        """Whether any key may stand: additionalProperties is there, be it false."""
        return self.additional_properties is not None


def read_props(openapi: Any) -> JSONSchemaProps:  # Any: a JSON value, a schema where all is well
    """Return the schema that the JSON `openapi` says, without what no schema has.

    Raises:
        WrongType: a field has another type; the message is Go's.
    """
    return msgspec.convert(read_as(openapi, "apiextensions/v1.JSONSchemaProps").value, JSONSchemaProps)


def walk(props: JSONSchemaProps) -> Iterator[JSONSchemaProps]:
    """Yield `props` and every place of its shape below it; logical operators are left out."""
    yield props
    for child in (*props.properties.values(), props.additional, props.item):
        if child is not None:
            yield from walk(child)


def walk_everything(props: JSONSchemaProps) -> Iterator[JSONSchemaProps]:
    """Yield `props` and everything below it, logical operators included, in the order that the API server does."""
    yield props
    listed = props.items if isinstance(props.items, tuple) else ()
    operands = (*props.all_of, *props.any_of, *props.one_of, props.negated)
    for child in (props.item, *listed, *operands, *props.properties.values(), props.additional):
        if child is not None:
            yield from walk_everything(child)
