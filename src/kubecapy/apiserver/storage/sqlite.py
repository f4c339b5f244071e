"""Keep records in an SQLite file that survives a crash at any moment.

WAL with `synchronous=FULL` makes each commit durable before it returns (https://www.sqlite.org/pragma.html
#pragma_synchronous); NORMAL would lose the last commits with the power, and revisions would go backwards.
The exclusive locking mode keeps a second server from the same file.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.apiserver.storage.journal import StoreError, Write
from kubecapy.apiserver.storage.records import Record, ResourceId

_FORMAT = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    api_group TEXT NOT NULL, plural TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    revision INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (api_group, plural, namespace, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS head (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL);
INSERT OR IGNORE INTO head VALUES (1, 0);
"""
_PUT = "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?)"
_REMOVE = "DELETE FROM objects WHERE api_group = ? AND plural = ? AND namespace = ? AND name = ?"


class SqliteJournal:
    """A journal in one SQLite file, readable and writable by its owner only."""

    def __init__(self, path: Path) -> None:
        """Name the file; its folder must exist."""
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def open(self) -> int:
        """Open the file, made with mode 0600 where it is missing, and return the last revision."""
        with self._told("opening"):
            # SQLite gives its -wal file the mode of the main file, which therefore comes first.
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            connection = sqlite3.connect(self._path, timeout=1.0, isolation_level=None, check_same_thread=False)
            self._connection = connection
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            self._check_format(connection)
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
            return int(connection.execute("SELECT revision FROM head").fetchone()[0])

    def load(self) -> Iterable[tuple[ResourceId, Record]]:
        """Return everything that is stored, in no order."""
        with self._told("reading"):
            rows = self._opened().execute("SELECT api_group, plural, namespace, name, revision, data FROM objects")
            return [
                (ResourceId(group, plural), Record(ObjectKey(namespace, name), revision, data))
                for group, plural, namespace, name, revision, data in rows
            ]

    def commit(self, writes: Sequence[Write]) -> None:
        """Make all `writes` durable in one transaction."""
        with self._told("writing to"):
            connection = self._opened()
            connection.execute("BEGIN IMMEDIATE")
            try:
                for write in writes:
                    self._write(connection, write)
                connection.execute("UPDATE head SET revision = ?", (writes[-1].record.revision,))
                connection.execute("COMMIT")
            except sqlite3.Error:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file; SQLite folds its -wal file in."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError("it is not open")
        return self._connection

    @staticmethod
    def _check_format(connection: sqlite3.Connection) -> None:
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found not in (0, _FORMAT):
            raise StoreError(f"its format is {found}, this version reads format {_FORMAT}")
        connection.execute(f"PRAGMA user_version={_FORMAT}")

    @staticmethod
    def _write(connection: sqlite3.Connection, write: Write) -> None:
        address = (write.resource.group, write.resource.plural, write.record.key.namespace, write.record.key.name)
        if write.deleted:
            connection.execute(_REMOVE, address)
        else:
            connection.execute(_PUT, (*address, write.record.revision, write.record.data))

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        """Turn SQLite's and the system's errors into one sentence that names the file."""
        try:
            yield
        except (sqlite3.Error, OSError, StoreError) as error:
            hint = "; another server uses it" if "locked" in str(error) else ""
            raise StoreError(f"{doing} the store {self._path}: {error}{hint}") from error
