"""Check the keywords of a schema, each by itself and those that belong together.

Source: ValidateCustomResourceDefinitionOpenAPISchema in pkg/apis/apiextensions/validation/validation.go of
k8s.io/apiextensions-apiserver.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from kubecapy.apimachinery.field_errors import forbidden, invalid, not_supported, required
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.schema.field_paths import FieldPathError, find_field
from kubecapy.apimachinery.schema.props import JSONSchemaProps, ValidationRule
from kubecapy.apimachinery.schema.pruning import META_FIELDS

TYPES: Final = ("array", "boolean", "integer", "number", "object", "string")
REASONS: Final = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
_NO_OBJECT: Final = "must be object if x-kubernetes-map-type is specified"
_NO_ARRAY: Final = "must be array if x-kubernetes-list-type is specified"


class _Surroundings(msgspec.Struct, frozen=True):
    """What the places above one say about it."""

    no_default: str = ""
    """Why no default may stand; empty where one may."""
    in_metadata: bool = False

    def in_map(self) -> "_Surroundings":
        if not self.in_metadata:
            return self
        reason = "inside additionalProperties applying to object metadata"
        return msgspec.structs.replace(self, no_default=reason)

    def in_property(self, props: JSONSchemaProps, name: str, *, is_root: bool) -> "_Surroundings":
        if name not in META_FIELDS or not (is_root or props.embedded_resource):
            return self
        reason = f"in top-level {name}" if is_root else self.no_default
        return _Surroundings(no_default=reason, in_metadata=True)


def check_keywords(props: JSONSchemaProps, path: str) -> list[FieldError]:
    """Return what is wrong with the keywords of a whole schema."""
    return list(_check(props, path, _Surroundings(), is_root=True))


def _check(props: JSONSchemaProps, path: str, around: _Surroundings, *, is_root: bool = False) -> Iterator[FieldError]:
    yield from _check_supported(props, path, around)
    for place, child, child_around in _children(props, path, around, is_root=is_root):
        yield from _check(child, place, child_around)
    if props.preserve_unknown_fields is False:
        yield invalid(
            f"{path}.x-kubernetes-preserve-unknown-fields", props.preserve_unknown_fields, "must be true or undefined"
        )
    yield from _check_map_type(props, path)
    yield from _check_list_type(props, path)
    yield from _check_list_keys(props, path)
    yield from _check_keyed_items(props, path)
    for index, rule in enumerate(props.validations):
        yield from _check_rule(rule, props, f"{path}.x-kubernetes-validations[{index}]")


def _children(
    props: JSONSchemaProps, path: str, around: _Surroundings, *, is_root: bool
) -> Iterator[tuple[str, JSONSchemaProps, _Surroundings]]:
    if props.additional is not None:
        yield f"{path}.additionalProperties", props.additional, around.in_map()
    for name, child in props.properties.items():
        yield f"{path}.properties[{name}]", child, around.in_property(props, name, is_root=is_root)
    if props.negated is not None:
        yield f"{path}.not", props.negated, around
    for keyword, operands in (("allOf", props.all_of), ("oneOf", props.one_of), ("anyOf", props.any_of)):
        for index, operand in enumerate(operands):
            yield f"{path}.{keyword}[{index}]", operand, around
    for name, child in props.definitions.items():
        yield f"{path}.definitions[{name}]", child, around
    if props.item is not None:
        yield f"{path}.items", props.item, around
    for index, child in enumerate(props.items if isinstance(props.items, tuple) else ()):
        yield f"{path}.items[{index}]", child, around


def _check_supported(props: JSONSchemaProps, path: str, around: _Surroundings) -> Iterator[FieldError]:
    if props.type and props.type not in TYPES:
        yield not_supported(f"{path}.type", props.type, TYPES)
    if props.default is not None and around.no_default:
        yield forbidden(f"{path}.default", f"must not be set {around.no_default}")
    held = {
        "id": props.id,
        "additionalItems": props.additional_items is not None,
        "patternProperties": props.pattern_properties,
        "definitions": props.definitions,
        "dependencies": props.dependencies,
        "$ref": props.ref is not None,
    }
    for keyword, value in held.items():
        if value:
            yield forbidden(f"{path}.{keyword}", f"{keyword} is not supported")
    if props.type == "null":
        yield forbidden(f"{path}.type", "type cannot be set to null, use nullable as an alternative")
    if isinstance(props.items, tuple) and props.items:
        yield forbidden(f"{path}.items", "items must be a schema object and not an array")
    if around.in_metadata and props.embedded_resource:
        yield forbidden(f"{path}.x-kubernetes-embedded-resource", "must not be used inside of resource meta")
    if props.unique_items:
        detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield forbidden(f"{path}.uniqueItems", detail)
    if props.properties and props.additional_properties not in (None, True):
        yield forbidden(f"{path}.additionalProperties", "additionalProperties and properties are mutual exclusive")


def _check_map_type(props: JSONSchemaProps, path: str) -> Iterator[FieldError]:
    if props.map_type is None:
        return
    if props.type != "object":
        yield invalid(f"{path}.type", props.type, _NO_OBJECT) if props.type else required(f"{path}.type", _NO_OBJECT)
    if props.map_type not in ("atomic", "granular"):
        yield not_supported(f"{path}.x-kubernetes-map-type", props.map_type, ("atomic", "granular"))


def _check_list_type(props: JSONSchemaProps, path: str) -> Iterator[FieldError]:
    if props.list_type is None:
        return
    if props.type != "array":
        yield invalid(f"{path}.type", props.type, _NO_ARRAY) if props.type else required(f"{path}.type", _NO_ARRAY)
    elif props.list_type == "set" and props.item is not None:
        yield from _check_set_item(props.item, f"{path}.items")
    if props.list_type not in ("atomic", "set", "map"):
        yield not_supported(f"{path}.x-kubernetes-list-type", props.list_type, ("atomic", "set", "map"))


def _check_set_item(item: JSONSchemaProps, path: str) -> Iterator[FieldError]:
    detail = "must be atomic as item of a list with x-kubernetes-list-type=set"
    if item.type == "array" and item.list_type not in (None, "atomic"):
        yield invalid(f"{path}.x-kubernetes-list-type", item.list_type, detail)
    if item.type == "object" and item.map_type != "atomic":
        # The API server shows the list type here, whatever the map type is.
        yield invalid(f"{path}.x-kubernetes-map-type", item.list_type, detail)


def _check_list_keys(props: JSONSchemaProps, path: str) -> Iterator[FieldError]:
    if props.list_map_keys and props.list_type != "map":
        detail = "must be map if x-kubernetes-list-map-keys is non-empty"
        place = f"{path}.x-kubernetes-list-type"
        yield required(place, detail) if props.list_type is None else invalid(place, props.list_type, detail)
    if props.list_type != "map":
        return
    if not props.list_map_keys:
        detail = "must not be empty if x-kubernetes-list-type is map"
        yield required(f"{path}.x-kubernetes-list-map-keys", detail)
    if props.items is None:
        yield required(f"{path}.items", "must have a schema if x-kubernetes-list-type is map")
    item = props.item
    if item is not None and item.type != "object":
        detail = "must be object if parent array's x-kubernetes-list-type is map"
        yield invalid(f"{path}.items.type", item.type, detail)
    if item is not None and item.type == "object":
        yield from _check_keys_of(item, props.list_map_keys, path)


def _check_keys_of(item: JSONSchemaProps, keys: tuple[str, ...], path: str) -> Iterator[FieldError]:
    for index, key in enumerate(keys):
        child = item.properties.get(key)
        if child is None:
            detail = "entries must all be names of item properties"
            yield invalid(f"{path}.x-kubernetes-list-map-keys", list(keys), detail)
        elif child.type in ("array", "object"):
            detail = "must be a scalar type if parent array's x-kubernetes-list-type is map"
            yield invalid(f"{path}.items.properties[{key}].type", item.type, detail)
        if key in keys[:index]:
            yield invalid(f"{path}.x-kubernetes-list-map-keys", list(keys), "must not contain duplicate entries")


def _check_keyed_items(props: JSONSchemaProps, path: str) -> Iterator[FieldError]:
    item = props.item
    if item is None or props.list_type not in ("set", "map"):
        return
    if item.nullable:
        detail = f"cannot be nullable when x-kubernetes-list-type is {props.list_type}"
        yield forbidden(f"{path}.items.nullable", detail)
    for key in props.list_map_keys if props.list_type == "map" else ():
        child = item.properties.get(key)
        if child is None:
            continue
        place, why = f"{path}.items.properties[{key}]", "this property is in x-kubernetes-list-map-keys, so it"
        if key not in item.required and child.default is None:
            yield required(f"{place}.default", f"{why} must have a default or be a required property")
        if child.nullable:
            yield forbidden(f"{place}.nullable", f"{why} cannot be nullable")


def _check_rule(rule: ValidationRule, props: JSONSchemaProps, path: str) -> Iterator[FieldError]:
    yield from _check_rule_text(rule, path)
    if rule.message_expression and not rule.message_expression.strip():
        yield required(f"{path}.messageExpression", "messageExpression must be non-empty if specified")
    if rule.reason is not None and rule.reason not in REASONS:
        yield not_supported(f"{path}.reason", rule.reason, REASONS)
    if not rule.field_path:
        return
    if not rule.field_path.strip():
        yield invalid(f"{path}.fieldPath", rule.field_path, "must be non-empty if specified")
    if has_line_break(rule.field_path):
        yield invalid(f"{path}.fieldPath", rule.field_path, "must not contain line breaks")
    try:
        find_field(rule.field_path, props)
    except FieldPathError:
        yield invalid(f"{path}.fieldPath", rule.field_path, "must be a valid path")


def _check_rule_text(rule: ValidationRule, path: str) -> Iterator[FieldError]:
    """Yield the first thing that is wrong with the texts of a rule."""
    message = rule.message.strip()
    if not rule.rule.strip():
        yield required(f"{path}.rule", "rule is not specified")
    elif rule.message and not message:
        yield invalid(f"{path}.message", rule.message, "must be non-empty if specified")
    elif has_line_break(message):
        yield invalid(f"{path}.message", rule.message, "must not contain line breaks")
    elif has_line_break(rule.rule.strip()) and not message:
        yield required(f"{path}.message", "message must be specified if rule contains line breaks")


def has_line_break(text: str) -> bool:
    """Return whether `text` has more than one line."""
    return "\n" in text or "\r" in text
