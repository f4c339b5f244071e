"""Fill in defaults; a subtree that holds none is never walked.

Source: pkg/apiserver/schema/defaulting of k8s.io/apiextensions-apiserver;
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting.
"""

import copy
from collections.abc import Callable
from typing import Any

from kubecapy.apimachinery.schema.props import JSONSchemaProps, walk

Fill = Callable[[Any], Any]
"""Returns a value with defaults; the value itself where nothing is missing."""


def compile_defaults(props: JSONSchemaProps) -> Fill | None:
    """Return the function that completes values at a place, None where no default is below; inputs stay untouched.

    A default applies where a field is absent, and where it is null but may not be. Objects that are absent and have
    no default are not made up.
    """
    if not any(child.default is not None for place in walk(props) for child in _members(place)):
        return None
    fill_object, fill_list = _compile_object(props), _compile_list(props)

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return fill_object(value)
        return fill_list(value) if isinstance(value, list) else value

    return fill


def _members(props: JSONSchemaProps) -> list[JSONSchemaProps]:
    children = (*props.properties.values(), props.additional, props.item)
    return [child for child in children if child is not None]


def _compile_object(props: JSONSchemaProps) -> Fill:
    defaults = [(name, child) for name, child in props.properties.items() if child.default is not None]
    fills = {name: compile_defaults(child) for name, child in props.properties.items()}
    other = props.additional
    fill_other = compile_defaults(other) if other is not None else None

    def fill(value: dict[str, Any]) -> Any:
        filled = dict(value)
        for name, child in defaults:
            if name not in filled or (filled[name] is None and not child.nullable):
                filled[name] = copy.deepcopy(child.default)
        for name, member in filled.items():
            if name not in fills:
                filled[name] = _fill_null(member, other, fill_other)
            elif (fill_member := fills[name]) is not None:
                filled[name] = fill_member(member)
        return filled

    return fill


def _compile_list(props: JSONSchemaProps) -> Fill:
    item = props.item
    fill_item = compile_defaults(item) if item is not None else None
    return lambda value: [_fill_null(member, item, fill_item) for member in value]


def _fill_null(value: Any, props: JSONSchemaProps | None, fill: Fill | None) -> Any:
    """Return a member that the schema does not name: absent it has no default, but as a null it has."""
    if value is None and props is not None and not props.nullable:
        value = copy.deepcopy(props.default)
    return value if fill is None else fill(value)
