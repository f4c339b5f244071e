"""Refuse schemas that are not structural.

A structural schema says of each value what it is, and only beside that, in logical operators, what it must satisfy.

Source: pkg/apiserver/schema/validation.go and complete.go of k8s.io/apiextensions-apiserver;
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/, section "Specifying a
structural schema".
"""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

import msgspec

from kubecapy.apimachinery.field_errors import forbidden, invalid, required
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.patterns import PatternError, compile_pattern
from kubecapy.apimachinery.schema.props import JSONSchemaProps, walk_everything

_Level = Literal["root", "item", "field"]

_INTEGER_OR_STRING: Final = (JSONSchemaProps(type="integer"), JSONSchemaProps(type="string"))
_NEEDS_TYPE: Final = {
    "root": "must not be empty at the root",
    "item": "must not be empty for specified array items",
    "field": "must not be empty for specified object fields",
}


def check_structure(props: JSONSchemaProps, path: str) -> list[FieldError]:
    """Return what keeps a whole schema from being structural, in a fixed order."""
    errors = [*_check_place(props, "root", path), *_check_completeness(props, props, path, path)]
    return sorted(errors, key=str)


def find_unsupported(props: JSONSchemaProps) -> str | None:
    """Return the sentence about a keyword that no structural schema can hold; None where there is none."""
    for place in walk_everything(props):
        held = {
            "id": place.id,
            "schema": place.schema_url,
            "$ref": place.ref,
            "patternProperties": place.pattern_properties,
            "dependencies": place.dependencies,
            "additionalItems": place.additional_items is not None,
            "definitions": place.definitions,
        }
        for keyword, value in held.items():
            if value:
                return f"OpenAPIV3Schema '{keyword}' is not supported"
        if isinstance(place.items, tuple) and place.items:
            return "OpenAPIV3Schema 'items' must be a schema, but is an array"
        if place.preserve_unknown_fields is False:
            return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined"
    return None


def _check_place(props: JSONSchemaProps, level: _Level, path: str) -> Iterator[FieldError]:
    yield from _check_shape(props, level, path)
    yield from _check_extensions(props, path)
    yield from _check_values(props, path, may_say_types=True)
    yield from _check_type(props, level, path)
    yield from _check_resource(props, level, path)


def _check_shape(props: JSONSchemaProps, level: _Level, path: str) -> Iterator[FieldError]:
    if props.type == "array" and props.item is None:
        yield required(f"{path}.items", "must be specified")
    if props.item is not None:
        yield from _check_place(props.item, "item", f"{path}.items")
    for name, child in props.properties.items():
        yield from _check_place(child, "field", f"{path}.properties[{name}]")
    if props.is_map and level == "root":
        yield forbidden(f"{path}.additionalProperties", "must not be used at the root")
    if props.additional is not None:
        yield from _check_place(props.additional, "field", f"{path}.additionalProperties")


def _check_extensions(props: JSONSchemaProps, path: str) -> Iterator[FieldError]:
    detail = "must be false if x-kubernetes-int-or-string is true"
    if props.int_or_string and props.preserve_unknown_fields:
        yield invalid(f"{path}.x-kubernetes-preserve-unknown-fields", props.preserve_unknown_fields, detail)
    if props.int_or_string and props.embedded_resource:
        yield invalid(f"{path}.x-kubernetes-embedded-resource", props.embedded_resource, detail)


def _check_values(props: JSONSchemaProps, path: str, *, may_say_types: bool) -> Iterator[FieldError]:
    """Check the logical operators and the pattern of a place.

    An int-or-string may say in `anyOf`, or in the first of `allOf`, which two types it means.
    """
    if not may_say_types or props.any_of != _INTEGER_OR_STRING:
        yield from _check_operands(props.any_of, f"{path}.anyOf")
    for index, operand in enumerate(props.all_of):
        says_types = may_say_types and index == 0 and operand.any_of == _INTEGER_OR_STRING
        plain = msgspec.structs.replace(operand, any_of=()) if says_types else operand
        yield from _check_operand(plain, f"{path}.allOf[{index}]")
    yield from _check_operands(props.one_of, f"{path}.oneOf")
    if props.negated is not None:
        yield from _check_operand(props.negated, f"{path}.not")
    if props.pattern:
        yield from _check_pattern(props.pattern, path)


def _check_pattern(pattern: str, path: str) -> Iterator[FieldError]:
    try:
        compile_pattern(pattern)
    except PatternError as error:
        detail = f"must be a valid regular expression, but isn't: error parsing regexp: {error}"
        yield invalid(f"{path}.pattern", pattern, detail)


def _check_operands(operands: Sequence[JSONSchemaProps], path: str) -> Iterator[FieldError]:
    for index, operand in enumerate(operands):
        yield from _check_operand(operand, f"{path}[{index}]")


def _check_operand(props: JSONSchemaProps, path: str) -> Iterator[FieldError]:
    """Check a schema below a logical operator: it may not say what a value is."""
    yield from _check_values(props, path, may_say_types=False)
    if props.item is not None:
        yield from _check_operand(props.item, f"{path}.items")
    for name, child in props.properties.items():
        yield from _check_operand(child, f"{path}.properties[{name}]")
    held = {
        "type": (props.type, "must be empty"),
        "additionalProperties": (props.additional_properties not in (None, False), "must be undefined"),
        "default": (props.default is not None, "must be undefined"),
        "title": (props.title, "must be empty"),
        "description": (props.description, "must be empty"),
        "nullable": (props.nullable, "must be false"),
        "x-kubernetes-preserve-unknown-fields": (props.preserve_unknown_fields, "must be false"),
        "x-kubernetes-embedded-resource": (props.embedded_resource, "must be false"),
        "x-kubernetes-int-or-string": (props.int_or_string, "must be false"),
        "x-kubernetes-list-map-keys": (props.list_map_keys, "must be empty"),
        "x-kubernetes-list-type": (props.list_type is not None, "must be undefined"),
        "x-kubernetes-map-type": (props.map_type is not None, "must be undefined"),
        "x-kubernetes-validations": (props.validations, "must be empty"),
    }
    for keyword, (value, detail) in held.items():
        if value:
            yield forbidden(f"{path}.{keyword}", f"{detail} to be structural")
    if "metadata" in props.properties:
        yield forbidden(f"{path}.properties[metadata]", "must not be specified in a nested context")


def _check_type(props: JSONSchemaProps, level: _Level, path: str) -> Iterator[FieldError]:
    if props.embedded_resource and props.type != "object":
        detail = "must be object if x-kubernetes-embedded-resource is true"
        yield invalid(f"{path}.type", props.type, detail) if props.type else required(f"{path}.type", detail)
    elif not props.type and not props.int_or_string and not props.preserve_unknown_fields:
        yield required(f"{path}.type", _NEEDS_TYPE[level])
    if level == "root" and props.type and props.type != "object":
        yield invalid(f"{path}.type", props.type, "must be object at the root")


def _check_resource(props: JSONSchemaProps, level: _Level, path: str) -> Iterator[FieldError]:
    if props.embedded_resource and props.is_map:
        yield forbidden(f"{path}.additionalProperties", "must not be used if x-kubernetes-embedded-resource is set")
    is_resource = level == "root" or props.embedded_resource
    for name in ("kind", "apiVersion"):
        child = props.properties.get(name)
        if is_resource and child is not None and child.type != "string":
            yield invalid(f"{path}.properties[{name}].type", child.type, "must be string")
    metadata = props.properties.get("metadata")
    if metadata is not None:
        yield from _check_metadata(metadata, level, f"{path}.properties[metadata]", is_resource=is_resource)
    if props.embedded_resource and not props.preserve_unknown_fields and not props.properties:
        detail = (
            "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"
        )
        yield required(f"{path}.properties", detail)


def _check_metadata(props: JSONSchemaProps, level: _Level, path: str, *, is_resource: bool) -> Iterator[FieldError]:
    if is_resource and props.type != "object":
        yield invalid(f"{path}.type", props.type, "must be object")
    says_more = not set(props.properties) <= {"name", "generateName"}
    rest = msgspec.structs.replace(props, type="", default=None, properties={})
    if level == "root" and (says_more or rest != JSONSchemaProps()):
        detail = "must not specify anything other than name and generateName, but metadata is implicitly specified"
        yield forbidden(path, detail)


def _check_completeness(
    values: JSONSchemaProps, shape: JSONSchemaProps, shape_path: str, path: str
) -> Iterator[FieldError]:
    """Check that what the logical operators of a place speak of is there; only those of the root are asked for it."""
    operands = [(values.negated, f"{path}.not")] if values.negated is not None else []
    for keyword, listed in (("allOf", values.all_of), ("anyOf", values.any_of), ("oneOf", values.one_of)):
        operands += [(operand, f"{path}.{keyword}[{index}]") for index, operand in enumerate(listed)]
    for operand, place in operands:
        yield from _check_operand_completeness(operand, shape, shape_path, place)


def _check_operand_completeness(
    operand: JSONSchemaProps, shape: JSONSchemaProps | None, shape_path: str, path: str
) -> Iterator[FieldError]:
    if shape is None:
        yield required(shape_path, f"because it is defined in {path}")
        return
    yield from _check_completeness(operand, shape, shape_path, path)
    if operand.item is not None:
        yield from _check_operand_completeness(operand.item, shape.item, f"{shape_path}.items", f"{path}.items")
    for name, child in operand.properties.items():
        step = f".properties[{name}]"
        yield from _check_operand_completeness(child, shape.properties.get(name), shape_path + step, path + step)
