import multiprocessing
from pathlib import Path

import pytest

from kubecapy.local.private_files import make_private_folder, write_file, write_private
from kubecapy.local.state_folder import FolderInUse, FolderRefused, open_state_folder


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


def test_a_folder_of_other_things_is_no_state_folder_and_is_left_as_it_was(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "letter.txt").write_text("dear")

    with pytest.raises(FolderRefused, match="is no state folder and holds other things; name an empty or a new one"):
        open_state_folder(tmp_path).__enter__()

    assert mode(tmp_path) == 0o755
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_state_folder_that_was_opened_to_others_is_closed_again(tmp_path: Path) -> None:
    with open_state_folder(tmp_path / "state") as folder:
        folder.chmod(0o777)

    with open_state_folder(tmp_path / "state") as folder:
        assert mode(folder) == 0o700


def test_a_link_leads_to_the_state_folder_and_stays(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")

    with open_state_folder(tmp_path / "link") as folder:
        assert folder == (tmp_path / "real").resolve()

    assert (tmp_path / "link").is_symlink()


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("kept")
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "lock").symlink_to(tmp_path / "precious")

    with pytest.raises(FolderRefused, match=r"cannot use state folder .*/state: .*; name another one"):
        open_state_folder(tmp_path / "state").__enter__()

    assert (tmp_path / "precious").read_text() == "kept"


def test_a_file_in_the_place_of_a_state_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")

    with pytest.raises(FolderRefused, match=r"cannot use state folder .*/state: File exists"):
        open_state_folder(tmp_path / "state").__enter__()
