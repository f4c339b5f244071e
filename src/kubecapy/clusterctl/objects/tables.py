"""Print tables as kubectl does, from the columns that the server names.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from kubecapy.apimachinery.meta import JsonObject

TABLE_ACCEPT = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
COLUMN_GAP = 3
"""Spaces between columns, as kubectl's."""


class Column(msgspec.Struct, frozen=True):
    """One column; a priority above 0 is shown only where the person asks for wide output."""

    name: str
    priority: int = 0


class Row(msgspec.Struct, frozen=True):
    """One object."""

    cells: tuple[Any, ...]
    object: JsonObject


class Table(msgspec.Struct, frozen=True, rename="camel"):
    """The server's answer (meta.k8s.io/v1 Table)."""

    column_definitions: tuple[Column, ...] = ()
    rows: tuple[Row, ...] = ()


class TablePrinter:
    """Turns tables into lines; widths stay over the tables of one listing, so that watched rows line up."""

    def __init__(self, *, wide: bool = False, with_namespace: bool = False, with_header: bool = True) -> None:
        """Choose the columns; `with_namespace` puts the namespace first."""
        self._wide = wide
        self._with_namespace = with_namespace
        self._with_header = with_header
        self._widths: list[int] = []

    def lines(self, table: Table) -> list[str]:
        """Return the lines of `table`; the header comes once."""
        shown = [index for index, column in enumerate(table.column_definitions) if self._wide or column.priority == 0]
        rows = [self._cells(row, shown) for row in table.rows]
        if self._with_header:
            rows.insert(0, self._header(table.column_definitions, shown))
            self._with_header = False
        self._widen(rows)
        return [self._line(row) for row in rows]

    def _header(self, columns: Sequence[Column], shown: Sequence[int]) -> list[str]:
        names = [columns[index].name.upper() for index in shown]
        return ["NAMESPACE", *names] if self._with_namespace else names

    def _cells(self, row: Row, shown: Sequence[int]) -> list[str]:
        cells = [_text(row.cells[index]) for index in shown]
        if not self._with_namespace:
            return cells
        return [str(row.object.get("metadata", {}).get("namespace", "")), *cells]

    def _widen(self, rows: Sequence[Sequence[str]]) -> None:
        for row in rows:
            missing = len(row) - len(self._widths)
            self._widths.extend([0] * missing)
            for index, cell in enumerate(row):
                self._widths[index] = max(self._widths[index], len(cell))

    def _line(self, cells: Sequence[str]) -> str:
        padded = [cell.ljust(width + COLUMN_GAP) for cell, width in zip(cells[:-1], self._widths, strict=False)]
        return "".join([*padded, *cells[-1:]])


def _text(cell: Any) -> str:  # Any: a JSON scalar or a list of them
    if cell is None or cell == "":
        return "<none>" if cell is None else ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, list):
        return ",".join(_text(part) for part in cell)
    return str(cell)
