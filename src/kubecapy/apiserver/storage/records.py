"""Describe what the store keeps: encoded objects and the changes that led to them."""

from typing import Literal, NamedTuple

import msgspec

from kubecapy.apimachinery.json_codec import decode
from kubecapy.apimachinery.meta import JsonObject, ObjectKey

ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]


class ResourceId(NamedTuple):
    """Names a kind's collection, whatever version its objects are asked in."""

    group: str
    plural: str


class Record(msgspec.Struct, frozen=True):
    """One stored object: its encoded form with its own revision inside."""

    key: ObjectKey
    revision: int
    data: bytes
    """Compact JSON; `metadata.resourceVersion` equals `revision`."""

    def decode(self) -> JsonObject:
        """Return the object as a new value that belongs to the caller."""
        return decode(self.data, dict)


class Change(msgspec.Struct, frozen=True):
    """One step of a collection, in the order of revisions."""

    type: ChangeType
    record: Record
    """The object after the change; for DELETED its last state with the revision of the deletion."""
    previous: Record | None
    """The object before the change; None for ADDED."""

    @property
    def revision(self) -> int:
        """The revision that the change made."""
        return self.record.revision

    @property
    def frame(self) -> bytes:
        """The change as a watch sends it, newline included.

        Not kept: copying some kilobytes for each watcher is cheaper than holding them twice in every history.
        """
        return b'{"type":"%s","object":%s}\n' % (self.type.encode(), self.record.data)


def make_change(record: Record, previous: Record | None, *, deleted: bool) -> Change:
    """Return the change from `previous` to `record`."""
    type_: ChangeType = "DELETED" if deleted else "MODIFIED" if previous else "ADDED"
    return Change(type_, record, previous)
