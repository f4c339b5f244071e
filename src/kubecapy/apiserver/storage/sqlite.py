"""Keep records in an SQLite file that survives a crash at any moment.

WAL with `synchronous=FULL` makes each commit durable before it returns (https://www.sqlite.org/pragma.html
#pragma_synchronous); NORMAL would lose the last commits with the power, and revisions would go backwards.
The exclusive locking mode keeps a second server from the same file.

Until a server ends in good order, its last commits are in the `-wal` file beside the main one. The main file says so
(table `session`), so that a copy of it alone, taken while a server ran, is refused instead of served as of long ago.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.apiserver.storage.file_systems import MOUNTS, refuse_network_file_system
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
CREATE TABLE IF NOT EXISTS session (id INTEGER PRIMARY KEY CHECK (id = 1), is_open INTEGER NOT NULL);
INSERT OR IGNORE INTO session VALUES (1, 0);
"""
_PUT = "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?)"
_MARK_CLOSED = "UPDATE session SET is_open = 0"
_REMOVE = "DELETE FROM objects WHERE api_group = ? AND plural = ? AND namespace = ? AND name = ?"

_HINTS: Mapping[str, str] = {
    "SQLITE_BUSY": "another server uses it: stop that one, or name another file",
    "SQLITE_CORRUPT": "put back a copy that was made while no server ran",
    "SQLITE_NOTADB": "name another file, or put back a copy that was made while no server ran",
    "SQLITE_FULL": "free some space and write again; reading goes on",
    "SQLITE_IOERR": "see that its disk takes writes, and write again; reading goes on",
    "SQLITE_READONLY": "make it and its folder writable for this user",
}
"""What a person can do, by SQLite's primary result codes (https://www.sqlite.org/rescode.html)."""


class SqliteJournal:
    """A journal in one SQLite file, readable and writable by its owner only."""

    def __init__(self, path: Path, mounts: Path = MOUNTS) -> None:
        """Name the file; its folder must exist, on a file system that `mounts` tells to be local."""
        self._path = path
        self._mounts = mounts
        self._log = path.with_name(f"{path.name}-wal")
        self._connection: sqlite3.Connection | None = None

    def open(self) -> int:
        """Open the file, made with mode 0600 where it is missing, and return the last revision."""
        with self._told("opening"):
            refuse_network_file_system(self._path, self._mounts)
            has_log = self._log.exists() and self._log.stat().st_size > 0
            if has_log and not self._path.exists():
                raise StoreError(f"{self._log.name} is there without it: put both files back, from one copy")
            # SQLite gives its -wal file the mode of the main file, which therefore comes first.
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            connection = sqlite3.connect(self._path, timeout=1.0, isolation_level=None, check_same_thread=False)
            try:
                revision = self._begin(connection, has_log=has_log)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
            return revision

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
        """Say in the file that it is whole, and close it; SQLite folds its -wal file in."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with self._told("closing"):
            try:
                # Order: what is carried into the main file gives the log's space to the mark, even on a full disk.
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
                connection.execute(_MARK_CLOSED)
            finally:
                connection.close()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError("it is not open")
        return self._connection

    def _begin(self, connection: sqlite3.Connection, *, has_log: bool) -> int:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found not in (0, _FORMAT):
            raise StoreError(f"its format is {found}, this version reads format {_FORMAT}")
        if found == 0:
            connection.execute(f"PRAGMA user_version = {_FORMAT}")
        connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
        self._check_session(connection, has_log=has_log)
        connection.execute("UPDATE session SET is_open = 1")
        # PASSIVE carries the mark into the main file and leaves the log as long as it is: an empty one would look lost.
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        return int(connection.execute("SELECT revision FROM head").fetchone()[0])

    def _check_session(self, connection: sqlite3.Connection, *, has_log: bool) -> None:
        """Look at what an unclean end of the last server left."""
        if not connection.execute("SELECT is_open FROM session").fetchone()[0]:
            return
        if not has_log:
            raise StoreError(
                f"a server had it open, and {self._log.name}, which holds its last writes, is missing: put back both"
                f" files from one copy; if they are lost for good, accept that and run"
                f" sqlite3 {self._path} '{_MARK_CLOSED}'"
            )
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise StoreError(f"it is damaged ({found}): {_HINTS['SQLITE_CORRUPT']}")

    @staticmethod
    def _write(connection: sqlite3.Connection, write: Write) -> None:
        address = (write.resource.group, write.resource.plural, write.record.key.namespace, write.record.key.name)
        if write.deleted:
            connection.execute(_REMOVE, address)
        else:
            connection.execute(_PUT, (*address, write.record.revision, write.record.data))

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        """Turn SQLite's and the system's errors into one sentence that names the file and what to do."""
        try:
            yield
        except sqlite3.Error as error:
            hint = _hint(error)
            raise StoreError(f"{doing} the store {self._path}: {error}{f'; {hint}' if hint else ''}") from error
        except OSError as error:
            raise StoreError(f"{doing} the store {self._path}: {error.strerror}") from error
        except StoreError as error:
            raise StoreError(f"{doing} the store {self._path}: {error}") from error


def _hint(error: sqlite3.Error) -> str:
    # An extended code such as SQLITE_IOERR_WRITE begins with its primary one; errors of the module itself have none.
    name = getattr(error, "sqlite_errorname", "")
    return next((hint for code, hint in _HINTS.items() if name.startswith(code)), "")
