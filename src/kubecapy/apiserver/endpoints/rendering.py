"""Render stored records in the shape that a client asked for: whole, as a table, or the metadata alone."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from kubecapy.apimachinery.json_codec import encode
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.endpoints.negotiation import Form, Shape
from kubecapy.apiserver.operations.listing import Page
from kubecapy.apiserver.operations.versions import as_shown, shows_as_stored
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
    """Renders records of one kind in one form."""

    kind: ServedKind
    form: Form
    clock: Clock
    """Says what ages are counted to."""
    include: IncludeObject = "Metadata"
    """What a table's rows carry beside their cells."""

    @property
    def shape(self) -> Shape:
        """The shape of the objects."""
        return self.form.shape

    def render_one(self, record: Record) -> bytes:
        """Return the reply for one object."""
        if self.shape == "table":
            return encode(self._table([self._decode(record)], {"resourceVersion": str(record.revision)}))
        return self._render_item(record)

    def render_part(self, obj: JsonObject) -> bytes:
        """Return the reply for what stands for a stored object, as its Scale does."""
        if self.shape == "table":
            return encode(self._table([obj], {}))
        return encode(self._partial(obj) if self.shape == "metadata" else obj)

    def render_page(self, page: Page) -> bytes:
        """Return the reply for a page of a list."""
        metadata: JsonObject = {"resourceVersion": str(page.revision)}
        if page.continue_token:
            metadata["continue"] = page.continue_token
        if page.remaining:
            metadata["remainingItemCount"] = page.remaining
        if self.shape == "table":
            return encode(self._table([*map(self._decode, page.records)], metadata))
        if self.shape == "object" and self.kind.is_custom:
            metadata.setdefault("continue", "")
        listed = {"kind": self._list_kind, "apiVersion": self._list_version, "metadata": metadata}
        # One join, because a list of some megabytes is mostly the cost of copying it.
        parts = [*map(self._list_item, page.records)] or [b""]
        parts[0] = b'%s,"items":[%s' % (encode(listed)[:-1], parts[0])
        parts[-1] += b"]}"
        return b",".join(parts)

    def render_event(self, record: Record, *, is_first: bool) -> bytes:
        """Return the object of a watch's event; a table shows its columns in the first one only."""
        if self.shape == "table":
            return self._table_event(self._decode(record), record.revision, self.include, is_first=is_first)
        return self._render_item(record)

    def render_bookmark(self, revision: int, annotations: JsonObject, *, is_first: bool) -> bytes:
        """Return the object of a bookmark, which is nothing but its metadata."""
        metadata: JsonObject = {"resourceVersion": str(revision)}
        if annotations:
            metadata["annotations"] = annotations
        if self.shape == "table":
            # Clients find the annotation of the last initial event in the row, whatever they want in rows else.
            include: IncludeObject = "Metadata" if annotations else self.include
            return self._table_event({"metadata": metadata}, revision, include, is_first=is_first)
        if self.shape == "metadata":
            return encode(self._partial({"metadata": metadata}))
        return encode({"kind": self.kind.kind, "apiVersion": self.kind.api_version, "metadata": metadata})

    def _render_item(self, record: Record) -> bytes:
        if self.shape == "metadata":
            return encode(self._partial(record.decode()))
        return record.data if shows_as_stored(self.kind) else encode(self._decode(record))

    def _decode(self, record: Record) -> JsonObject:
        return as_shown(record.decode(), self.kind)

    def _list_item(self, record: Record) -> bytes:
        """Return one object of a list; those of built-in kinds do not repeat what the list says."""
        if self.shape == "metadata" or self.kind.is_custom:
            return self._render_item(record)
        head = self._head
        if record.data.startswith(head):
            return b"{" + record.data[len(head) :]
        obj = record.decode()
        return encode({name: value for name, value in obj.items() if name not in ("apiVersion", "kind")})

    @property
    def _head(self) -> bytes:
        """How every record of a built-in kind begins (see `Store.put`)."""
        return b'{"kind":"%s","apiVersion":"%s",' % (self.kind.kind.encode(), self.kind.api_version.encode())

    @property
    def _list_kind(self) -> str:
        return "PartialObjectMetadataList" if self.shape == "metadata" else self.kind.collection_kind

    @property
    def _list_version(self) -> str:
        return self.form.kind.api_version if self.form.kind else self.kind.api_version

    def _table(self, objects: Sequence[JsonObject], metadata: JsonObject) -> JsonObject:
        return {
            "kind": "Table",
            "apiVersion": self._list_version,
            "metadata": metadata,
            "columnDefinitions": [*self._name([_NAME_COLUMN]), *map(_definition, self.kind.columns)],
            "rows": [self._row(obj, self.include) for obj in objects],
        }

    def _table_event(self, obj: JsonObject, revision: int, include: IncludeObject, *, is_first: bool) -> bytes:
        table = self._table((), {"resourceVersion": str(revision)})
        table["rows"] = [self._row(obj, include)]
        if not is_first:
            table["columnDefinitions"] = None
        return encode(table)

    def _row(self, obj: JsonObject, include: IncludeObject) -> JsonObject:
        now = self.clock.now()
        cells = [column.cell(obj, now) for column in self.kind.columns]
        row: JsonObject = {"cells": [*self._name([obj["metadata"].get("name", "")]), *cells], "object": None}
        if include == "Metadata":
            row["object"] = self._partial(obj)
        elif include == "Object":
            row["object"] = obj | {"apiVersion": self.kind.api_version, "kind": self.kind.kind}
        return row

    def _name(self, entry: list[Any]) -> list[Any]:  # Any: a cell or a column
        return [] if self.kind.names_itself else entry

    def _partial(self, obj: JsonObject) -> JsonObject:
        return {"kind": "PartialObjectMetadata", "apiVersion": self._list_version, "metadata": obj["metadata"]}


def _definition(column: Column) -> JsonObject:
    return {
        "name": column.name,
        "type": column.type,
        "format": column.format,
        "description": column.description,
        "priority": column.priority,
    }
