import multiprocessing
from pathlib import Path

import pytest

from kubecapy.local.private_files import make_private_folder, write_file, write_private
from kubecapy.local.state_folder import FolderInUse, open_state_folder


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_private_file_is_for_its_owner_whatever_was_there(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)

    write_private(path, b"new")

    assert (path.read_bytes(), mode(path)) == (b"new", 0o600)


def test_a_public_file_can_be_read_by_all(tmp_path: Path) -> None:
    write_file(tmp_path / "manifest", b"x")

    assert mode(tmp_path / "manifest") == 0o644


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()

    with pytest.raises(OSError, match="folder"):
        write_private(target, b"new")

    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_private_folder_is_closed_to_others_even_if_it_was_open(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)

    assert mode(make_private_folder(folder)) == 0o700


def test_a_state_folder_has_one_holder(tmp_path: Path) -> None:
    with (
        open_state_folder(tmp_path / "state") as folder,
        pytest.raises(FolderInUse, match=rf"state folder {tmp_path}/state is in use by process \d+"),
        open_state_folder(folder),
    ):
        pass


def test_a_state_folder_is_free_after_its_holder_died(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    held = context.Event()
    holder = context.Process(target=_hold, args=(tmp_path, held))
    holder.start()
    assert held.wait(10)
    holder.kill()
    holder.join()

    with open_state_folder(tmp_path) as folder:
        assert folder == tmp_path


def _hold(folder: Path, held) -> None:
    with open_state_folder(folder):
        held.set()
        held.wait()
        multiprocessing.Event().wait()
