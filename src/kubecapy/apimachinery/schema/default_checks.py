"""Check the defaults of a schema against the schema itself.

Source: pkg/apiserver/schema/defaulting/validation.go of k8s.io/apiextensions-apiserver. Defaults below
additionalProperties are not looked at, there as here: they never apply.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from kubecapy.apimachinery.field_errors import below, invalid
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.schema.correlation import ABSENT
from kubecapy.apimachinery.schema.embedded import (
    MalformedMetadata,
    MetadataCheck,
    check_resource,
    coerce_resource,
    compile_coerce,
    compile_embedded,
)
from kubecapy.apimachinery.schema.identity import same
from kubecapy.apimachinery.schema.props import JSONSchemaProps
from kubecapy.apimachinery.schema.pruning import META_FIELDS, compile_prune
from kubecapy.apimachinery.schema.rules_on_demand import compile_rules
from kubecapy.apimachinery.schema.validation import compile_check


def check_defaults(props: JSONSchemaProps, path: str, check_metadata: MetadataCheck) -> list[FieldError]:
    """Return what is wrong with the defaults of a whole, structural schema."""
    root = msgspec.structs.replace(props, embedded_resource=True)
    return list(_check(root, path, check_metadata, None))


def _check(
    props: JSONSchemaProps, path: str, check_metadata: MetadataCheck, steps: tuple[str, ...] | None
) -> Iterator[FieldError]:
    """Check a place and those below; `steps` lead to it from the object whose metadata it is part of, else None."""
    if props.embedded_resource:
        steps = None
    if props.default is not None:
        place = f"{path}.default"
        if steps is None:
            yield from _check_default(props, place, check_metadata)
        else:
            yield from _check_in_metadata(props, place, check_metadata, steps)
    if props.item is not None:
        yield from _check(props.item, f"{path}.items", check_metadata, None if steps is None else (*steps, ""))
    for name, child in props.properties.items():
        starts = props.embedded_resource and name in META_FIELDS
        inner = (name,) if starts else None if steps is None else (*steps, name)
        yield from _check(child, f"{path}.properties[{name}]", check_metadata, inner)


def _check_default(props: JSONSchemaProps, place: str, check_metadata: MetadataCheck) -> Iterator[FieldError]:
    pruned = compile_prune(props, is_resource=props.embedded_resource)(props.default, "", [])
    if not same(pruned, props.default):
        yield invalid(place, props.default, "must not have unknown fields")
    coerce, check_embedded = compile_coerce(props), compile_embedded(props, check_metadata)
    found: list[FieldError] = []
    try:
        value = coerce(props.default, place, []) if coerce is not None else props.default
    except MalformedMetadata as error:
        yield error.error
        return
    if check_embedded is not None:
        check_embedded(value, place, found)
    yield from found or _check_value(props, place)


def _check_in_metadata(
    props: JSONSchemaProps, place: str, check_metadata: MetadataCheck, steps: tuple[str, ...]
) -> Iterator[FieldError]:
    surrounding: Any = props.default
    for step in reversed(steps):
        surrounding = {step: surrounding} if step else [surrounding]
    obj = {"kind": "Validation", "apiVersion": "validation/v1", **surrounding}
    try:
        wrong = [str(error) for error in check_resource(coerce_resource(obj, ""), "", check_metadata)]
    except MalformedMetadata as error:
        wrong = [str(error)]
    if wrong:
        listed = wrong[0] if len(wrong) == 1 else f"[{', '.join(wrong)}]"
        yield invalid(place, props.default, f"must result in valid metadata: {listed}")
        return
    yield from _check_value(props, place)


def _check_value(props: JSONSchemaProps, place: str) -> Iterator[FieldError]:
    """Check a default as a value, and where that finds nothing, against the rules."""
    errors: list[FieldError] = []
    compile_check(props)(props.default, ABSENT, "", errors)
    if errors:
        yield from (below(place, error) for error in errors)
        return
    # Rules that do not compile are told of where they stand.
    rules = compile_rules(props, is_root=props.embedded_resource)
    if rules is None:
        return
    for old in (props.default, ABSENT):
        rules(props.default, old, place, errors)
        if errors:
            break
    yield from errors
