"""Tell what rules see at a place of a schema: the type, the fields, and how large it can be.

What no schema describes (unknown fields that are preserved, lists without items) is not shown to rules.

Sources: pkg/cel/common/schemas.go, pkg/cel/types.go and pkg/cel/limits.go of k8s.io/apiserver.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec

from kubecapy.apimachinery.cel import types
from kubecapy.apimachinery.cel.estimates import Range
from kubecapy.apimachinery.cel.types import Type
from kubecapy.apimachinery.schema.props import JSONSchemaProps
from kubecapy.apimachinery.schema.rule_values import find_escaped

REQUEST_BYTES: Final = 3 * 1024 * 1024
"""The largest request, by which what has no limit of its own is limited."""
_NO_FIELDS: Final[Mapping[str, "Shape"]] = MappingProxyType({})
_BYTES_A_CHARACTER: Final = 4
_TIMES: Final = {
    "date": (types.TIMESTAMP, 12, 12),
    "date-time": (types.TIMESTAMP, 21, 32),
    "duration": (types.DURATION, 3, 32),
}
"""Formats of texts that rules see as times: the type, and the least and the most bytes that are written."""


class Shape(msgspec.Struct, frozen=True):
    """What is known of the values at a place."""

    type: Type
    least_bytes: int
    """The size of the smallest JSON that stands for such a value."""
    most_elements: int = 0
    """How many items, entries or bytes it has at most."""
    fields: Mapping[str, "Shape"] = _NO_FIELDS
    """What an object's fields are, by the names under which rules select them."""
    item: "Shape | None" = None
    """What items of a list and values of a map are."""


_KEY: Final = Shape(types.STRING, 2)
"""Of keys, no limit is known, and so they are taken to have no length."""


def shape_of(props: JSONSchemaProps, name: str, *, is_root: bool) -> Shape | None:
    """Return what rules see of a schema; None where they see nothing of it.

    Args:
        props: The schema.
        name: What an object's type is called; those below are called after it.
        is_root: Whether it is a whole object, which has metadata whether the schema names it or not.
    """
    if props.int_or_string:
        return Shape(types.DYN, 1, _most_characters(props))
    match props.type:
        case "array":
            return _list(props, name)
        case "object" if props.additional is not None and not is_root:
            return _map(props, name)
        case "object":
            return _object(props, name, is_root=is_root)
        case "string":
            return _text(props)
        case "boolean":
            return Shape(types.BOOL, 4)
        case "number":
            return Shape(types.DOUBLE, 1)
        case "integer":
            return Shape(types.INT, 1)
        case _:
            return None


def objects_of(shape: Shape) -> dict[str, dict[str, Type]]:
    """Return the fields of every type of object in a shape, by its name."""
    return {
        found.type.name: {name: field.type for name, field in found.fields.items()}
        for found in _walk(shape)
        if found.type.kind is types.Kind.OBJECT
    }


def size_at(shape: Shape, path: Sequence[str]) -> Range | None:
    """Return how large what lies at a path can be; None where the shape says nothing of it.

    Args:
        shape: What the path's first step, a variable, stands for.
        path: Fields, `@items` and `@values` for what is in lists and maps, and `@keys`.
    """
    for step in path[1:]:
        found = shape.item if step in ("@items", "@values") else shape.fields.get(step)
        if step == "@keys" and shape.type.kind is types.Kind.MAP:
            found = _KEY
        if found is None:
            return None
        shape = found
    return Range(0, shape.most_elements)


def _walk(shape: Shape) -> Iterator[Shape]:
    yield shape
    for child in (*shape.fields.values(), shape.item):
        if child is not None:
            yield from _walk(child)


def _list(props: JSONSchemaProps, name: str) -> Shape | None:
    one = props.item
    item = shape_of(one, f"{name}.@idx", is_root=one.embedded_resource) if one is not None else None
    if item is None:
        return None
    fitting = (REQUEST_BYTES - 2) // (item.least_bytes + 1)
    return Shape(types.list_of(item.type), 2, _limit(props.max_items, fitting), item=item)


def _map(props: JSONSchemaProps, name: str) -> Shape | None:
    other = props.additional
    value = shape_of(other, f"{name}.@elem", is_root=other.embedded_resource) if other is not None else None
    if value is None:
        return None
    # An entry has at least two characters of a key, quotes, a colon and a comma around its value.
    fitting = (REQUEST_BYTES - 2) // (value.least_bytes + 6)
    return Shape(types.map_of(types.STRING, value.type), 2, _limit(props.max_properties, fitting), item=value)


def _object(props: JSONSchemaProps, name: str, *, is_root: bool) -> Shape:
    properties = _with_metadata(props.properties) if is_root else props.properties
    fields: dict[str, Shape] = {}
    least = len("{}")
    for key, child in properties.items():
        escaped = find_escaped(key)
        shape = shape_of(child, f"{name}.{escaped}", is_root=child.embedded_resource)
        if shape is None:
            continue
        if escaped is not None:
            fields[escaped] = shape
        if key in props.required and child.default is None:
            least += len(key) + shape.least_bytes + 4
    return Shape(types.object_of(name), least, fields=fields)


def _with_metadata(properties: Mapping[str, JSONSchemaProps]) -> Mapping[str, JSONSchemaProps]:
    """Return properties with what every object has, unless they name all of it themselves."""
    text = JSONSchemaProps(type="string")
    metadata = properties.get("metadata", JSONSchemaProps())
    known = (properties.get("kind"), properties.get("apiVersion"))
    named = (metadata.properties.get("name"), metadata.properties.get("generateName"))
    if metadata.type == "object" and all(one is not None and one.type == "string" for one in (*known, *named)):
        return properties
    own = JSONSchemaProps(type="object", properties={"name": text, "generateName": text})
    return {**properties, "kind": text, "apiVersion": text, "metadata": own}


def _text(props: JSONSchemaProps) -> Shape:
    if props.format in _TIMES:
        return Shape(*_TIMES[props.format])
    if props.format == "byte":
        return Shape(types.BYTES, 2, _limit(props.max_length, REQUEST_BYTES - 2))
    if props.enum and props.max_length is None:
        longest = max((len(value.encode()) for value in props.enum if isinstance(value, str)), default=0)
        return Shape(types.STRING, 2, longest)
    return Shape(types.STRING, 2, _most_characters(props))


def _most_characters(props: JSONSchemaProps) -> int:
    if props.max_length is None:
        return REQUEST_BYTES - 2
    return max(props.max_length, 0) * _BYTES_A_CHARACTER


def _limit(said: int | None, fitting: int) -> int:
    return fitting if said is None else max(said, 0)
