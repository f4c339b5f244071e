"""Find what a value was before an update, and tell whether it has changed since.

Members of objects are found by name, items of list maps by their keys, other items not at all. Whoever tolerates what
was stored wrong before ("ratcheting") asks here.

Source: k8s.io/apiserver/pkg/cel/common, files equality.go and maplist.go;
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-ratcheting.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from kubecapy.apimachinery.schema.identity import identity, same
from kubecapy.apimachinery.schema.props import JSONSchemaProps

ABSENT: Final = object()
"""Stands for an old value that is not there, or that cannot be found; None is a JSON value."""

Pairing = Callable[[list[Any], Any], Iterator[tuple[Any, Any]]]
"""Yields each item of a new list with its old self, or ABSENT, given the old list."""
Comparison = Callable[[Any, Any], bool]
"""Returns whether a new value equals its old self."""


def member_before(old: Any, name: str) -> Any:
    """Return what the member `name` of an object was, given the old object; ABSENT where there was none."""
    return old.get(name, ABSENT) if isinstance(old, dict) else ABSENT


def compile_pairing(props: JSONSchemaProps) -> Pairing:
    """Return how items of a list find their old selves."""
    if props.list_type != "map" or not props.list_map_keys:
        return lambda items, _old: ((item, ABSENT) for item in items)
    keys = props.list_map_keys

    def pair(items: list[Any], old: Any) -> Iterator[tuple[Any, Any]]:
        before: dict[bytes, Any] = {}
        for item in old if isinstance(old, list) else ():
            mark = _mark(item, keys)
            if mark is not None:
                before.setdefault(mark, item)
        for item in items:
            mark = _mark(item, keys)
            yield item, ABSENT if mark is None else before.get(mark, ABSENT)

    return pair


def compile_comparison(props: JSONSchemaProps) -> Comparison:
    """Return the comparison that decides whether what is wrong may stay.

    An object with a member that its schema does not name counts as changed, as it does in the API server: so the root
    of an object, which has metadata, is never found unchanged.
    """
    members = {name: compile_comparison(child) for name, child in props.properties.items()}
    additional = compile_comparison(props.additional) if props.additional is not None else None
    pair = compile_pairing(props)
    item_comparison = compile_comparison(props.item) if props.item is not None and props.list_type == "map" else None

    def equals(value: Any, old: Any) -> bool:
        if isinstance(value, dict) and isinstance(old, dict):
            if len(value) != len(old):
                return False
            for name, member in value.items():
                comparison = members.get(name, additional)
                if comparison is None or name not in old or not comparison(member, old[name]):
                    return False
            return True
        if item_comparison is not None and isinstance(value, list) and isinstance(old, list):
            return len(value) == len(old) and all(
                before is not ABSENT and item_comparison(item, before) for item, before in pair(value, old)
            )
        return same(value, old)

    return equals


def _mark(item: Any, keys: tuple[str, ...]) -> bytes | None:
    """Return what identifies an item of a list map; None where it has no such key, or no scalar there."""
    if not isinstance(item, dict):
        return None
    values = [item.get(key) for key in keys]
    if any(value is None or isinstance(value, dict | list) for value in values):
        return None
    return identity(values)
