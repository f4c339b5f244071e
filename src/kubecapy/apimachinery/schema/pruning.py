"""Drop the fields that a schema does not know, and nulls where none may stand.

Source: pkg/apiserver/schema/pruning and defaulting/prunenulls.go of k8s.io/apiextensions-apiserver;
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, Self

from kubecapy.apimachinery.go_types import flat_fields
from kubecapy.apimachinery.schema.props import JSONSchemaProps


class UnknownPath(str):
    """Path of a field that a schema does not know, which remembers what it knows in that place."""

    parent: str
    """Path of the object that holds the field; empty for the root."""
    name: str
    known: Sequence[str]
    """Names that the schema has there."""

    def __new__(cls, parent: str, name: str, known: Sequence[str]) -> Self:
        """Return the path of `name` below `parent`."""
        path = super().__new__(cls, f"{parent}.{name}" if parent else name)
        path.parent, path.name, path.known = parent, name, known
        return path


Prune = Callable[[Any, str, list[str]], Any]
"""Returns a value without unknown fields and appends their paths to the list."""

META_FIELDS: Final = ("apiVersion", "kind", "metadata")
"""Fields of every object, embedded ones too, whatever a schema says."""
METADATA_FIELDS: Final = frozenset(flat_fields("meta/v1.ObjectMeta"))
"""The fields of metav1.ObjectMeta."""


def compile_prune(props: JSONSchemaProps, *, is_resource: bool = False) -> Prune:
    """Return the function that prunes values at a place; inputs stay untouched.

    Args:
        props: The place in the schema.
        is_resource: The value is a whole Kubernetes object: apiVersion, kind and metadata belong to it.
    """
    return _compile(props, is_resource=is_resource, preserves=props.preserve_unknown_fields is True)


def _compile(props: JSONSchemaProps, *, is_resource: bool, preserves: bool) -> Prune:
    members = _compile_members(props, is_resource=is_resource or props.embedded_resource, preserves=preserves)
    items = _compile_items(props, preserves=preserves)

    def prune(value: Any, path: str, unknown: list[str]) -> Any:
        if value.__class__ is dict:
            return members(value, path, unknown)
        if value.__class__ is list:
            return [items(item, f"{path}[{index}]", unknown) for index, item in enumerate(value)]
        return value

    return prune


def _compile_items(props: JSONSchemaProps, *, preserves: bool) -> Prune:
    if props.item is None:
        return _keep if preserves else prune_all
    # Within a list that keeps what it does not know, so do the items.
    keeps = preserves or props.item.preserve_unknown_fields is True
    return _compile(props.item, is_resource=False, preserves=keeps)


def _compile_members(props: JSONSchemaProps, *, is_resource: bool, preserves: bool) -> Prune:
    known = {name: compile_prune(child) for name, child in props.properties.items()}
    if is_resource:
        known.update(dict.fromkeys(META_FIELDS, _keep))
    nulls = {name for name, child in props.properties.items() if not child.nullable and child.default is None}
    other = _compile_others(props, preserves=preserves)
    drops_null = props.additional is not None and not props.additional.nullable and props.additional.default is None

    def prune(value: dict[str, Any], path: str, unknown: list[str]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for name, member in value.items():
            member_prune = known.get(name, other)
            if member_prune is None:
                # At the root, apiVersion and kind are never told of.
                unknown.append(UnknownPath(path, name, tuple(known)))
            elif member is not None:
                kept[name] = member_prune(member, f"{path}.{name}" if path else name, unknown)
            elif name not in nulls and (name in known or not drops_null):
                kept[name] = None
        return kept

    return prune


def _compile_others(props: JSONSchemaProps, *, preserves: bool) -> Prune | None:
    """Return how members are pruned that are not named; None where they are dropped."""
    if props.additional is not None:
        return compile_prune(props.additional)
    if props.is_map:
        return prune_all
    return _keep if preserves else None


def prune_all(value: Any, path: str, unknown: list[str]) -> Any:
    """Return a value without any field: nothing is known of it."""
    if isinstance(value, dict):
        unknown.extend(f"{path}.{name}" if path else name for name in value)
        return {}
    if isinstance(value, list):
        return [prune_all(item, f"{path}[{index}]", unknown) for index, item in enumerate(value)]
    return value


def _keep(value: Any, _path: str, _unknown: list[str]) -> Any:
    return value
