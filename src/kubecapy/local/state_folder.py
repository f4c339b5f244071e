"""Keep a private folder that one process at a time uses."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kubecapy.local.private_files import PRIVATE_FILE_MODE, make_private_folder

LOCK_FILE = "lock"


class FolderInUse(Exception):
    """Another process holds the folder; the message names the folder and that process."""


@contextmanager
def open_state_folder(path: Path) -> Iterator[Path]:
    """Make the folder at `path` (mode 0700) and hold it for as long as the block lasts.

    The lock is the operating system's (flock) and ends with the process, however it ends.

    Raises:
        FolderInUse: another process holds it.
    """
    make_private_folder(path)
    descriptor = os.open(path / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE_MODE)
    try:
        _lock(descriptor, path)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield path
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
        raise FolderInUse(f"state folder {path} is in use by process {holder}; wait for it to end or stop it") from None
