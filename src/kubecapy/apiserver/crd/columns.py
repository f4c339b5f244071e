"""Make table columns out of `additionalPrinterColumns`.

Source: pkg/registry/customresource/tableconvertor of k8s.io/apiextensions-apiserver.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from kubecapy.apimachinery.json_codec import encode
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.crd import types
from kubecapy.apiserver.crd.json_paths import JsonPathError, compile_json_path
from kubecapy.apiserver.registry.ages import format_age
from kubecapy.apiserver.registry.columns.general import AGE
from kubecapy.apiserver.registry.kinds import Cell, Column, ColumnType

_TYPES: Mapping[str, ColumnType] = {
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
}
_SCALARS: Mapping[str, tuple[type, ...]] = {"integer": (int,), "number": (int, float), "boolean": (bool,)}


def printer_columns(declared: Sequence[types.Column]) -> tuple[Column, ...]:
    """Return the columns of a version; the age alone where it names none, or one of them has no readable path."""
    try:
        return tuple(_column(column) for column in declared) or (AGE,)
    except JsonPathError:
        return (AGE,)


def _column(column: types.Column) -> Column:
    return Column(
        name=column.name,
        cell=_cell(column.json_path, column.type),
        description=column.description,
        type=_TYPES.get(column.type, "string"),
        format=column.format,
        priority=column.priority,
    )


def _cell(path: str, type_: str) -> Cell:
    find = compile_json_path(path)

    def cell(obj: JsonObject, now: datetime) -> Any:
        found = find(obj)
        if not found or found[0] is None:
            return None
        if type_ == "date":
            return format_age(found[0], now)
        if type_ in _SCALARS:
            return found[0] if isinstance(found[0], _SCALARS[type_]) else None
        return ",".join(_text(value) for value in found)

    return cell


def _text(value: Any) -> str:
    return value if isinstance(value, str) else encode(value).decode()
