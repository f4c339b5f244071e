"""Say what a durable backend promises to the store."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from kubecapy.apiserver.storage.records import Record, ResourceId


class StoreError(Exception):
    """The store's file cannot be used; the message says why and what to do."""


class Write(msgspec.Struct, frozen=True):
    """One write: a record to keep, or to forget where it is `deleted`."""

    resource: ResourceId
    record: Record
    deleted: bool


class Journal(Protocol):
    """Keeps records over a restart. Its methods block; the store calls them on one thread, one at a time."""

    def open(self) -> int:
        """Open the file, made where it is missing, and return the last revision that it has promised.

        Raises:
            StoreError: the file is in use, damaged, incomplete or not a store; it is left closed and as it was.
        """
        ...

    def load(self) -> Iterable[tuple[ResourceId, Record]]:
        """Return everything that is stored."""
        ...

    def commit(self, writes: Sequence[Write]) -> None:
        """Make all `writes` durable, or none of them.

        Raises:
            StoreError: none of them is durable, such as when the disk is full.
        """
        ...

    def close(self) -> None:
        """Close the file; safe to repeat.

        Raises:
            StoreError: it was not closed in good order; what was committed is durable nevertheless.
        """
        ...
