"""Note in an instance's folder what must be cleaned up, should nobody be left to do it."""

import contextlib
import shutil
from pathlib import Path

import msgspec

from kubecapy.local.private_files import write_private
from kubecapy.local.state_folder import LOCK_FILE
from openstack_services.database import FOLDER_PREFIX
from openstack_services.processes import ProcessMark, await_end, end

_FILE = "running.json"
_PATIENCE_SECONDS = 10.0


class Record(msgspec.Struct, frozen=True):
    """What an instance has outside its folder."""

    supervisor: ProcessMark
    children: tuple[ProcessMark, ...] = ()
    database_folder: str = ""
    is_ready: bool = False


def write_record(folder: Path, record: Record) -> None:
    """Note `record`."""
    write_private(folder / _FILE, msgspec.json.encode(record))


def find_record(folder: Path) -> Record | None:
    """Return what was noted; None where nothing was."""
    with contextlib.suppress(FileNotFoundError):
        return msgspec.json.decode((folder / _FILE).read_bytes(), type=Record)
    return None


def clear(folder: Path) -> None:
    """Remove everything that an instance left, in the folder and elsewhere; only the folder's lock stays.

    The caller holds the lock: the supervisor has ended. Its children end with it, by the kernel's hand; they are given
    time for that.
    """
    record = find_record(folder)
    if record:
        for child in record.children:
            if not await_end(child, _PATIENCE_SECONDS):
                end(child, _PATIENCE_SECONDS)
        database = Path(record.database_folder)
        if database.name.startswith(FOLDER_PREFIX):
            shutil.rmtree(database, ignore_errors=True)
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != LOCK_FILE:
            entry.unlink()
