"""Drop the fields that a schema does not know.

Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning.
"""

from collections.abc import Callable
from typing import Any, Final

from kubecapy.apimachinery.schema.nodes import Node

Prune = Callable[[Any, str, list[str]], Any]
"""Returns a value without unknown fields and appends their paths to the list."""

_RESOURCE_FIELDS: Final = ("apiVersion", "kind")
_OWNER_FIELDS: Final = frozenset({"apiVersion", "blockOwnerDeletion", "controller", "kind", "name", "uid"})
METADATA_FIELDS: Final = frozenset(
    {
        "annotations",
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "finalizers",
        "generateName",
        "generation",
        "labels",
        "managedFields",
        "name",
        "namespace",
        "ownerReferences",
        "resourceVersion",
        "selfLink",
        "uid",
    }
)
"""The fields of metav1.ObjectMeta; metadata of objects is pruned to them whatever a schema says."""


def compile_prune(node: Node, *, is_resource: bool = False) -> Prune:
    """Return the function that prunes values at `node`; inputs stay untouched.

    Args:
        node: The place in the schema.
        is_resource: The value is a whole Kubernetes object: apiVersion, kind and metadata belong to it.
    """
    is_resource = is_resource or node.embedded_resource
    members = _compile_members(node, is_resource=is_resource)
    items = compile_prune(node.items) if node.items is not None else None

    def prune(value: Any, path: str, unknown: list[str]) -> Any:
        if isinstance(value, dict):
            return members(value, path, unknown)
        if isinstance(value, list) and items is not None:
            return [items(item, f"{path}[{index}]", unknown) for index, item in enumerate(value)]
        return value

    return prune


def _compile_members(node: Node, *, is_resource: bool) -> Prune:
    known = {name: compile_prune(child) for name, child in node.properties.items()}
    if is_resource:
        known.update(dict.fromkeys(_RESOURCE_FIELDS, _keep))
        known["metadata"] = _prune_metadata
    # An object with no schema of its members at all keeps nothing, unless it says so.
    other = compile_prune(node.additional) if node.additional is not None else None
    if other is None and node.preserve_unknown:
        other = _keep

    def prune(value: dict[str, Any], path: str, unknown: list[str]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for name, member in value.items():
            place = f"{path}.{name}" if path else name
            member_prune = known.get(name, other)
            if member_prune is None:
                unknown.append(place)
            else:
                kept[name] = member_prune(member, place, unknown)
        return kept

    return prune


def _keep(value: Any, _path: str, _unknown: list[str]) -> Any:
    return value


def _prune_metadata(value: Any, path: str, unknown: list[str]) -> Any:
    if not isinstance(value, dict):
        return value
    kept = _only(value, METADATA_FIELDS, path, unknown)
    owners = kept.get("ownerReferences")
    if isinstance(owners, list):
        kept["ownerReferences"] = [
            _only(owner, _OWNER_FIELDS, f"{path}.ownerReferences[{index}]", unknown)
            if isinstance(owner, dict)
            else owner
            for index, owner in enumerate(owners)
        ]
    return kept


def _only(value: dict[str, Any], known: frozenset[str], path: str, unknown: list[str]) -> dict[str, Any]:
    unknown.extend(f"{path}.{name}" for name in value if name not in known)
    return {name: member for name, member in value.items() if name in known}
