"""Keep a private folder that one process at a time uses."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kubecapy.local.private_files import PRIVATE_FILE_MODE, make_private_folder

LOCK_FILE = "lock"
_LOCK_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class FolderInUse(Exception):
    """Another process holds the folder; the message names the folder and that process."""


class FolderRefused(Exception):
    """The folder cannot be a state folder; the message names it, says why and what to do."""


@contextmanager
def open_state_folder(path: Path) -> Iterator[Path]:
    """Make the folder at `path` (mode 0700) and hold it for as long as the block lasts; return where links lead.

    The lock is the operating system's (flock) and ends with the process, however it ends.

    Raises:
        FolderInUse: another process holds it.
        FolderRefused: it cannot be made or written, is another user's, or holds things that are not a state.
    """
    folder = path.resolve()
    try:
        _refuse_foreign(folder)
        make_private_folder(folder)
        descriptor = os.open(folder / LOCK_FILE, _LOCK_FLAGS, PRIVATE_FILE_MODE)
    except OSError as error:
        raise FolderRefused(f"cannot use state folder {path}: {error.strerror}; name another one") from error
    try:
        _lock(descriptor, path)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield folder
    finally:
        os.close(descriptor)


def _refuse_foreign(folder: Path) -> None:
    """Check that the folder is nobody else's: it is about to be closed to all but its owner, and filled."""
    if not folder.is_dir():
        return
    if (owner := folder.stat().st_uid) != os.geteuid():
        raise FolderRefused(f"state folder {folder} belongs to user {owner}; name one of your own")
    is_state = (folder / LOCK_FILE).exists() or not any(folder.iterdir())
    if not is_state:
        raise FolderRefused(f"{folder} is no state folder and holds other things; name an empty or a new one")


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
        raise FolderInUse(f"state folder {path} is in use by process {holder}; wait for it to end or stop it") from None
