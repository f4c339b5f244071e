"""Render stored records in the shape that a client asked for: whole, as a table, or the metadata alone."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from kubecapy.apimachinery.codec import encode
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.endpoints.negotiation import Shape
from kubecapy.apiserver.operations.listing import Page
from kubecapy.apiserver.registry.kinds import Column, ServedKind
from kubecapy.apiserver.storage.records import Record
from kubecapy.clock import Clock

IncludeObject = Literal["Metadata", "None", "Object"]

_NAME_COLUMN: JsonObject = {
    "name": "Name",
    "type": "string",
    "format": "name",
    "description": "Name must be unique within a namespace.",
    "priority": 0,
}


class Renderer(msgspec.Struct, frozen=True, kw_only=True):
    """Renders records of one kind in one shape."""

    kind: ServedKind
    shape: Shape
    clock: Clock
    """Says what ages are counted to."""
    include: IncludeObject = "Metadata"
    """What a table's rows carry beside their cells."""

    def render_one(self, record: Record) -> bytes:
        """Return the reply for one object."""
        if self.shape == "table":
            return encode(self._table([record], {"resourceVersion": str(record.revision)}))
        return self.render_item(record)

    def render_page(self, page: Page) -> bytes:
        """Return the reply for a page of a list."""
        metadata: JsonObject = {"resourceVersion": str(page.revision)}
        if page.continue_token:
            metadata["continue"] = page.continue_token
        if page.remaining:
            metadata["remainingItemCount"] = page.remaining
        if self.shape == "table":
            return encode(self._table(page.records, metadata))
        listed = {"kind": self._list_kind, "apiVersion": self._list_version, "metadata": metadata}
        # One join, because a list of some megabytes is mostly the cost of copying it.
        parts = [self.render_item(record) for record in page.records] or [b""]
        parts[0] = b'%s,"items":[%s' % (encode(listed)[:-1], parts[0])
        parts[-1] += b"]}"
        return b",".join(parts)

    def render_item(self, record: Record, *, with_columns: bool = True) -> bytes:
        """Return one object of a list or of a watch; a table shows its columns only `with_columns`."""
        if self.shape == "table":
            table = self._table([record], {"resourceVersion": str(record.revision)})
            if not with_columns:
                table["columnDefinitions"] = []
            return encode(table)
        if self.shape == "metadata":
            return encode(_partial(record.decode()))
        if self.kind.storage_version in ("", self.kind.version):
            return record.data
        return encode(record.decode() | {"apiVersion": self.kind.api_version})

    def render_bookmark(self, metadata: JsonObject) -> bytes:
        """Return the object of a bookmark, which is nothing but its metadata."""
        if self.shape == "table":
            return encode(self._table([], metadata) | {"columnDefinitions": []})
        if self.shape == "metadata":
            return encode(_partial({"metadata": metadata}))
        return encode({"kind": self.kind.kind, "apiVersion": self.kind.api_version, "metadata": metadata})

    @property
    def _list_kind(self) -> str:
        return "PartialObjectMetadataList" if self.shape == "metadata" else self.kind.collection_kind

    @property
    def _list_version(self) -> str:
        return "meta.k8s.io/v1" if self.shape == "metadata" else self.kind.api_version

    def _table(self, records: Sequence[Record], metadata: JsonObject) -> JsonObject:
        return {
            "kind": "Table",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": metadata,
            "columnDefinitions": [*self._name([_NAME_COLUMN]), *map(_definition, self.kind.columns)],
            "rows": [self._row(record) for record in records],
        }

    def _row(self, record: Record) -> JsonObject:
        obj = record.decode()
        now = self.clock.now()
        cells = [column.cell(obj, now) for column in self.kind.columns]
        row: JsonObject = {"cells": [*self._name([record.key.name]), *cells]}
        if self.include == "Metadata":
            row["object"] = _partial(obj)
        elif self.include == "Object":
            row["object"] = obj | {"apiVersion": self.kind.api_version}
        return row

    def _name(self, entry: list[Any]) -> list[Any]:  # Any: a cell or a column
        return [] if self.kind.names_itself else entry


def _definition(column: Column) -> JsonObject:
    return {
        "name": column.name,
        "type": column.type,
        "format": column.format,
        "description": column.description,
        "priority": column.priority,
    }


def _partial(obj: JsonObject) -> JsonObject:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}
