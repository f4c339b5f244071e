"""Write files whole or not at all, and private ones for their owner only.

A file is written beside its place under a temporary name, synced and renamed: a reader sees the old content or the
new one, and a crash leaves no half of either.
"""

import os
import tempfile
from pathlib import Path

PRIVATE_FILE_MODE = 0o600
PUBLIC_FILE_MODE = 0o644
PRIVATE_FOLDER_MODE = 0o700


def write_file(path: Path, content: bytes, *, mode: int = PUBLIC_FILE_MODE) -> None:
    """Replace the file at `path` by `content` in one step; its folder must exist.

    Raises:
        OSError: the folder is missing or not writable, or the disk is full; the old file is untouched.
    """
    try:
        _replace(path, content, mode)
    except OSError as error:
        # The person knows the file by its own name; a full disk is met by a descriptor, which has none.
        error.filename = str(path)
        raise
    _sync_folder(path.parent)


def write_private(path: Path, content: bytes) -> None:
    """Replace the file at `path` by `content` in one step; only its owner may read it."""
    write_file(path, content, mode=PRIVATE_FILE_MODE)


def make_private_folder(path: Path) -> Path:
    """Make the folder at `path`, with its parents, readable by its owner only; return it."""
    path.mkdir(mode=PRIVATE_FOLDER_MODE, parents=True, exist_ok=True)
    path.chmod(PRIVATE_FOLDER_MODE)
    return path


def _replace(path: Path, content: bytes, mode: int) -> None:
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
