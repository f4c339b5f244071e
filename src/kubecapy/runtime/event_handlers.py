"""Turn a change of one object into the keys of those who should look.

Each maps the object before and after the change: when a reference moves, both ends look.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.apimachinery.objects import metadata_of, object_key
from kubecapy.apimachinery.resources import Resource, split_api_version
from kubecapy.runtime.store import Change

T = TypeVar("T")

EventHandler = Callable[[Change[T]], Iterable[ObjectKey]]
"""Names the keys to reconcile after a change; pure."""


def object_itself(change: Change[Any]) -> Iterable[ObjectKey]:
    """Return the key of the changed object."""
    return (object_key(change.object),)


def owners_of(owner: Resource[Any], *, controller_only: bool = True) -> EventHandler[Any]:
    """Return the handler that names the owners of kind `owner`; any version of the group counts."""

    def owners(obj: Any) -> Iterable[ObjectKey]:  # Any: a Struct with metadata, or a JSON object
        meta = metadata_of(obj)
        namespace = meta.namespace if owner.namespaced else ""
        for reference in meta.owner_references:
            group, _ = split_api_version(reference.api_version)
            if group == owner.group and reference.kind == owner.kind and (reference.controller or not controller_only):
                yield ObjectKey(namespace, reference.name)

    return mapped_by(owners)


def mapped_by(function: Callable[[T], Iterable[ObjectKey]]) -> EventHandler[T]:
    """Return the handler that names what `function` names, for the object before and after the change."""

    def keys(change: Change[T]) -> Iterable[ObjectKey]:
        states = (change.object,) if change.old is None else (change.old, change.object)
        # A dict keeps the order and drops doubles.
        return tuple(dict.fromkeys(key for state in states for key in function(state)))

    return keys
