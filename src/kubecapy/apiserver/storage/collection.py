"""Hold the objects of one kind with the recent changes that led to them.

The history serves two needs: a watch resumes from a revision, and a list pages on through the state of the revision
at which it began. It is bounded; what is older than its `floor` answers 410 Gone.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from operator import attrgetter

from kubecapy.apimachinery.errors import Gone
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.apiserver.storage.records import Change, Record

_REVISION = attrgetter("revision")


class Collection:
    """Objects of one kind by key, their order, and the last changes."""

    def __init__(self, floor: int, history: int) -> None:
        """Start empty at revision `floor`; keep at least the last `history` changes."""
        self._records: dict[ObjectKey, Record] = {}
        self._ordered: tuple[ObjectKey, ...] | None = ()
        self._changes: list[Change] = []
        self._history = history
        self._floor = floor
        self.revision = floor
        """The revision of the last change."""

    @property
    def floor(self) -> int:
        """The oldest revision from which every later change is still known."""
        return self._floor

    def __len__(self) -> int:
        """Return the number of objects."""
        return len(self._records)

    def get(self, key: ObjectKey) -> Record | None:
        """Return the record; None where it is absent."""
        return self._records.get(key)

    def ordered_keys(self) -> tuple[ObjectKey, ...]:
        """Return the keys in their order (see `order_of`)."""
        if self._ordered is None:
            self._ordered = tuple(sorted(self._records, key=order_of))
        return self._ordered

    def records(self, namespace: str = "") -> Iterator[Record]:
        """Yield the records in their order (see `order_of`), of one namespace where it is given."""
        for key in self.ordered_keys():
            if not namespace or key.namespace == namespace:
                yield self._records[key]

    def load(self, record: Record) -> None:
        """Take over a record that was stored before this process began; it is no change."""
        self._records[record.key] = record
        self._ordered = None

    def apply(self, change: Change) -> None:
        """Make `change` visible and remember it."""
        key = change.record.key
        if change.type == "DELETED":
            del self._records[key]
        else:
            self._records[key] = change.record
        if change.type != "MODIFIED":
            self._ordered = None
        self.revision = change.revision
        self._remember(change)

    def changes_since(self, revision: int) -> list[Change]:
        """Return the changes after `revision`, oldest first.

        Raises:
            Gone: some of them are forgotten.
        """
        if revision < self._floor:
            raise Gone(f"too old resource version: {revision} ({self._floor})")
        return self._changes[bisect_right(self._changes, revision, key=_REVISION) :]

    def state_at(self, revision: int) -> tuple[tuple[ObjectKey, ...], Mapping[ObjectKey, Record]]:
        """Return the ordered keys and the records as they were at `revision`.

        Raises:
            Gone: the changes since are forgotten.
        """
        later = self.changes_since(revision)
        if not later:
            return self.ordered_keys(), self._records
        records = dict(self._records)
        for change in reversed(later):
            if change.previous is None:
                del records[change.record.key]
            else:
                records[change.record.key] = change.previous
        return tuple(sorted(records, key=order_of)), records

    def forget(self, floor: int) -> None:
        """Forget all changes; `floor` is the revision that the objects are at now."""
        self._changes = []
        self._floor = floor

    def _remember(self, change: Change) -> None:
        self._changes.append(change)
        # Twice the history before cutting, so that the cut costs a constant amount a change.
        if len(self._changes) >= 2 * self._history:
            forgotten = self._changes[: -self._history]
            self._floor = forgotten[-1].revision
            self._changes = self._changes[-self._history :]


def order_of(key: ObjectKey) -> str:
    """Return what keys are ordered by: the text that etcd has for them, so that `a-b/x` comes before `a/x`."""
    return f"{key.namespace}/{key.name}"
