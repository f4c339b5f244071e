"""Make table columns out of `additionalPrinterColumns`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kubecapy.apimachinery.codec import encode
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.crd.json_paths import compile_json_path
from kubecapy.apiserver.registry.access import read_count, read_objects, read_text
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


def printer_columns(version: JsonObject) -> tuple[Column, ...]:
    """Return the columns of a definition's version; the age alone where it names none.

    Raises:
        JsonPathError: the path of a column cannot be read.
    """
    declared = read_objects(version, "additionalPrinterColumns")
    return tuple(_column(column) for column in declared) if declared else (AGE,)


def _column(column: JsonObject) -> Column:
    type_ = read_text(column, "type")
    return Column(
        name=read_text(column, "name"),
        cell=_cell(read_text(column, "jsonPath"), type_),
        description=read_text(column, "description"),
        type=_TYPES.get(type_, "string"),
        format=read_text(column, "format"),
        priority=read_count(column, "priority"),
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
