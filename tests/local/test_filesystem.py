from pathlib import Path

import pytest

from kubecapy.local.guest.filesystem import GuestFilesystem


@pytest.fixture
def files(tmp_path: Path) -> GuestFilesystem:
    return GuestFilesystem(tmp_path / "root")


@pytest.mark.parametrize("path", ["/../../etc/passwd", "../../../etc/passwd", "/a/../../../etc/passwd"])
def test_no_number_of_steps_up_leads_out_of_the_root(files: GuestFilesystem, tmp_path: Path, path: str) -> None:
    assert files.locate(path) == tmp_path / "root" / "etc" / "passwd"


@pytest.mark.parametrize("target", ["/etc", "/", "..", "../../../../etc", "/proc/self/root/etc"])
def test_a_link_leads_to_the_guests_own_files(files: GuestFilesystem, tmp_path: Path, target: str) -> None:
    files.entry("/link").symlink_to(target)

    found = files.locate("/link/passwd")

    assert found.is_relative_to(tmp_path / "root")


def test_writing_through_a_link_writes_below_the_root(files: GuestFilesystem, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("untouched")
    files.entry("/link").symlink_to(outside)
    files.make_folder(str(outside.parent))

    files.write("/link", "changed")

    assert outside.read_text() == "untouched"
    assert files.read_text(str(outside)) == "changed"


def test_links_that_point_at_each_other_are_a_loop(files: GuestFilesystem) -> None:
    files.entry("/a").symlink_to("/b")
    files.entry("/b").symlink_to("/a")

    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        files.read("/a")


def test_an_error_names_the_guests_path_and_not_the_machines(files: GuestFilesystem, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        files.read("/etc/nothing")

    assert caught.value.filename == "/etc/nothing"
    assert str(tmp_path) not in str(caught.value)


def test_bytes_that_are_no_text_survive_a_round_trip(files: GuestFilesystem) -> None:
    files.write("/b", bytes(range(256)))

    files.write("/c", files.read_text("/b"))

    assert files.read("/c") == bytes(range(256))


def test_a_private_file_is_private_on_the_machine_too(files: GuestFilesystem, tmp_path: Path) -> None:
    files.install("/etc/secret", "x", mode=0o600)

    assert (tmp_path / "root" / "etc" / "secret").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "root").stat().st_mode & 0o777 == 0o700


def test_a_hidden_files_path_keeps_its_dot(files: GuestFilesystem) -> None:
    files.install("/root/.ssh/authorized_keys", "key")

    assert files.guest_path(files.locate("/root/.ssh/authorized_keys")) == "/root/.ssh/authorized_keys"
    assert files.guest_path(files.locate("/")) == "/"


def test_what_is_written_to_dev_null_is_gone(files: GuestFilesystem) -> None:
    files.append("/dev/null", "text")

    assert files.read("/dev/null") == b""


def test_patterns_match_part_by_part(files: GuestFilesystem) -> None:
    for path in ("/etc/a/x.conf", "/etc/b/y.conf", "/etc/b/z.txt", "/etc/.h/w.conf"):
        files.install(path, "")

    assert files.glob("/etc/*/*.conf") == ["/etc/a/x.conf", "/etc/b/y.conf"]
    assert files.glob("b/[yz]*", "/etc") == ["b/y.conf", "b/z.txt"]
    assert files.glob("/etc/none/*") == []
