"""A store's file that cannot be trusted is refused in a sentence that says what to do; a good copy is taken."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePath

import pytest

from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.apiserver.storage.file_systems import NETWORK_FILE_SYSTEMS, Mount, file_system_of, parse_mounts
from kubecapy.apiserver.storage.journal import StoreError, Write
from kubecapy.apiserver.storage.records import Record, ResourceId
from kubecapy.apiserver.storage.sqlite import SqliteJournal

THINGS = ResourceId("example.com", "things")
NOBODY = 65534


def write(name: str, revision: int, size: int = 10) -> Write:
    return Write(THINGS, Record(ObjectKey("default", name), revision, b"x" * size), deleted=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def running(path: Path) -> Iterator[SqliteJournal]:
    """A store that a server has open, with one object in it that is not in the main file yet."""
    journal = SqliteJournal(path)
    journal.open()
    journal.commit([write("a", 1)])
    yield journal
    journal.close()


def names(path: Path) -> list[str]:
    journal = SqliteJournal(path)
    journal.open()
    found = sorted(record.key.name for _, record in journal.load())
    journal.close()
    return found


def copy(source: Path, target: Path, *suffixes: str) -> Path:
    for suffix in suffixes:
        shutil.copy(f"{source}{suffix}", f"{target}{suffix}")
    return target


def refusal(path: Path) -> str:
    with pytest.raises(StoreError) as refused:
        SqliteJournal(path).open()
    return str(refused.value)


def test_a_copy_of_a_stopped_servers_file_is_whole(running: SqliteJournal, path: Path, tmp_path: Path) -> None:
    running.close()

    assert [place.name for place in tmp_path.iterdir()] == ["store"]
    assert names(copy(path, tmp_path / "copy", "")) == ["a"]


def test_a_copy_of_both_files_while_no_write_runs_is_whole(running: SqliteJournal, path: Path, tmp_path: Path) -> None:
    assert names(copy(path, tmp_path / "copy", "", "-wal")) == ["a"]


def test_a_copy_without_the_log_of_a_running_server_is_refused(
    running: SqliteJournal, path: Path, tmp_path: Path
) -> None:
    alone = copy(path, tmp_path / "copy", "")

    told = refusal(alone)

    assert "copy-wal, which holds its last writes, is missing: put back both files from one copy" in told
    assert refusal(alone) == told
    remedy = re.search(r"sqlite3 \S+ '(.*)'", told)
    assert remedy is not None
    accept_the_loss(alone, remedy[1])
    assert names(alone) == []


def accept_the_loss(path: Path, statement: str) -> None:
    """Do what the sqlite3 program would do."""
    program = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit(); c.close()"
    subprocess.run([sys.executable, "-c", program, str(path), statement], check=True)


def test_a_log_without_its_file_is_refused(running: SqliteJournal, path: Path, tmp_path: Path) -> None:
    copy(path, tmp_path / "copy", "-wal")

    assert "copy-wal is there without it: put both files back, from one copy" in refusal(tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_file_with_a_torn_page_is_refused_after_an_unclean_end(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "store")
    journal.open()
    journal.commit([write(f"o{revision}", revision, 3000) for revision in range(1, 200)])
    journal.close()
    journal.open()
    copied = copy(tmp_path / "store", tmp_path / "copy", "", "-wal")
    journal.close()
    with copied.open("r+b") as file:
        file.seek(20 * 4096)
        file.write(b"\xff" * 4096)

    told = refusal(copied)

    assert told.startswith(f"opening the store {copied}: ")
    assert told.endswith("put back a copy that was made while no server ran")


def test_a_process_says_what_is_wrong_with_its_store_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kubecapy.daemons", "apiserver", "--state-dir", str(tmp_path / "state")]
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "state" / "lock").touch()
    (tmp_path / "state" / "store.sqlite").write_text("this is no database, " * 100)

    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert ended.stderr == (
        f"Error: opening the store {tmp_path}/state/store.sqlite: file is not a database; name another file, or put"
        " back a copy that was made while no server ran\n"
    )


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    """A folder that this test may read and not write, also where it runs as root."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        journal = SqliteJournal(folder / "store")
        journal.open()
        journal.close()
        (folder / "store").chmod(0o444)
        folder.chmod(0o555)
        before = os.geteuid()
        if before == 0:
            os.seteuid(NOBODY)
        try:
            yield folder
        finally:
            os.seteuid(before)
            folder.chmod(0o755)


def test_a_read_only_folder_is_a_sentence(read_only_folder: Path) -> None:
    told = refusal(read_only_folder / "store"), refusal(read_only_folder / "new")

    assert told == tuple(f"opening the store {read_only_folder}/{name}: Permission denied" for name in ("store", "new"))


def test_a_folder_in_place_of_a_file_is_a_sentence(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"opening the store {tmp_path}: Is a directory"


def test_a_later_format_is_refused(running: SqliteJournal, path: Path) -> None:
    running.close()
    accept_the_loss(path, "PRAGMA user_version = 7")

    assert refusal(path) == f"opening the store {path}: its format is 7, this version reads format 1"


MOUNTS = r"""
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
35 22 0:30 / /home rw,relatime shared:2 master:9 - nfs4 server:/export/home rw,vers=4.2
36 35 0:31 / /home/me/local\040disk rw - xfs /dev/vdb rw
37 22 0:32 / /srv rw - ext4 /dev/vdc rw
38 37 0:33 / /srv rw - fuse.sshfs me@there:/srv rw
""".strip().splitlines()


@pytest.mark.parametrize(
    ("path", "type_"),
    [
        ("/var/lib/store", "ext4"),
        ("/home/me/store", "nfs4"),
        ("/home/me/local disk/store", "xfs"),
        ("/homes/store", "ext4"),
        ("/srv/store", "fuse.sshfs"),
    ],
    ids=["root", "network", "local-inside-network", "longer-name", "covered"],
)
def test_the_deepest_and_last_mount_holds_a_path(path: str, type_: str) -> None:
    assert file_system_of(PurePath(path), parse_mounts(MOUNTS)) == type_


def test_a_network_file_system_is_refused(path: Path, tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(f"22 1 0:30 / / rw - ext4 /dev/vda rw\n23 22 0:31 / {tmp_path} rw - nfs4 there:/x rw\n")

    with pytest.raises(StoreError) as refused:
        SqliteJournal(path, table).open()

    assert str(refused.value) == (
        f"opening the store {path}: it is on a network file system (nfs4), which does not keep writers apart: use a"
        " local disk"
    )
    assert not path.exists()
    assert file_system_of(PurePath("/"), [Mount(PurePath("/"), "9p")]) not in NETWORK_FILE_SYSTEMS
