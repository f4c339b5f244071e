"""Refuse lists that hold an entry twice, though they are sets or maps.

Source: pkg/apiserver/schema/listtype of k8s.io/apiextensions-apiserver; keywords `x-kubernetes-list-type` and
`x-kubernetes-list-map-keys`, https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy.
"""

from collections.abc import Callable, Sequence
from typing import Any

from kubecapy.apimachinery.field_errors import duplicate, invalid
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.schema.identity import identity
from kubecapy.apimachinery.schema.props import JSONSchemaProps

ListCheck = Callable[[Any, str, list[FieldError]], None]
"""Appends the entries of a value (at a path, to errors) that stand in their lists already."""


def compile_list_types(props: JSONSchemaProps) -> ListCheck | None:
    """Return the walk that checks sets and maps at and below a place; None where there are none."""
    own = _compile_own(props)
    item_check = compile_list_types(props.item) if props.item is not None else None
    members = {name: compile_list_types(child) for name, child in props.properties.items()}
    checks = {name: check for name, check in members.items() if check is not None}
    additional = compile_list_types(props.additional) if props.additional is not None else None
    if own is None and item_check is None and additional is None and not checks:
        return None

    def check(value: Any, path: str, errors: list[FieldError]) -> None:
        if isinstance(value, dict):
            for name, member in value.items():
                if additional is not None:
                    additional(member, f"{path}[{name}]", errors)
                if name in checks:
                    checks[name](member, f"{path}.{name}" if path else name, errors)
        elif isinstance(value, list):
            if own is not None:
                own(value, path, errors)
            if item_check is not None:
                for index, item in enumerate(value):
                    item_check(item, f"{path}[{index}]", errors)

    return check


def _compile_own(props: JSONSchemaProps) -> ListCheck | None:
    if props.list_type == "set":
        return lambda value, path, errors: _report(value, path, errors)
    if props.list_type == "map":
        return _compile_map(props.list_map_keys)
    return None


def _compile_map(keys: tuple[str, ...]) -> ListCheck:
    def check(value: list[Any], path: str, errors: list[FieldError]) -> None:
        for index, item in enumerate(value):
            if item is not None and not isinstance(item, dict):
                errors.append(
                    invalid(f"{path}[{index}]", item, "must be an object for an array of list-type map"),
                )
                return
        _report([_key_of(item, keys) for item in value], path, errors)

    return check


def _key_of(item: Any, keys: Sequence[str]) -> dict[str, Any]:
    return {key: item[key] for key in keys if item is not None and key in item}


def _report(entries: list[Any], path: str, errors: list[FieldError]) -> None:
    """Report the second of equal entries; a third is not told of."""
    times: dict[bytes, int] = {}
    for index, entry in enumerate(entries):
        mark = identity(entry)
        times[mark] = times.get(mark, 0) + 1
        if times[mark] == 2:
            errors.append(duplicate(f"{path}[{index}]", entry))
