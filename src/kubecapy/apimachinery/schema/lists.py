"""Know the items of lists by what identifies them: sets and maps hold no entry twice, and items meet their old selves.

Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy, keywords
`x-kubernetes-list-type` and `x-kubernetes-list-map-keys`.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.schema import wording
from kubecapy.apimachinery.schema.identity import identity
from kubecapy.apimachinery.schema.nodes import Node

ABSENT: Final = object()
"""Stands for an old value that is not there; None is a JSON value."""

Pairing = Callable[[list[Any], Any], Iterator[tuple[Any, Any]]]
"""Yields each item of a new list with its old self, or ABSENT, given the old list."""


def compile_pairing(node: Node) -> Pairing:
    """Return how items of a list at `node` find their old selves: by key in list maps, never elsewhere."""
    key_of = _map_key(node)

    def pair(items: list[Any], old: Any) -> Iterator[tuple[Any, Any]]:
        if node.list_type != "map" or not isinstance(old, list):
            return ((item, ABSENT) for item in items)
        before = {identity(key_of(item)): item for item in old}
        return ((item, before.get(identity(key_of(item)), ABSENT)) for item in items)

    return pair


def compile_list_type(node: Node) -> Callable[[Any, str, list[FieldError]], None] | None:
    """Return the check that the list type of `node` asks for; None where the list is atomic."""
    if node.list_type == "atomic":
        return None
    key_of = _map_key(node) if node.list_type == "map" else _whole

    def check(value: Any, path: str, errors: list[FieldError]) -> None:
        if not isinstance(value, list):
            return
        seen: set[bytes] = set()
        for index, item in enumerate(value):
            key = key_of(item)
            mark = identity(key)
            if mark in seen:
                errors.append(wording.duplicate(f"{path}[{index}]", key))
            seen.add(mark)

    return check


def _whole(item: Any) -> Any:
    return item


def _map_key(node: Node) -> Callable[[Any], Any]:
    """Return what identifies an item; a key that is absent counts with its default."""
    defaults: dict[str, Any] = {}
    if node.items is not None:
        properties = node.items.properties
        defaults = {name: properties[name].default for name in node.list_map_keys if name in properties}

    def key_of(item: Any) -> Any:
        if not isinstance(item, dict):
            return item
        present = {name: item.get(name, defaults.get(name)) for name in node.list_map_keys}
        return {name: value for name, value in present.items() if value is not None}

    return key_of
