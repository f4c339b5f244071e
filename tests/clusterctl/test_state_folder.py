"""What a run keeps in its state folder, and what it takes away again."""

import errno
import logging
from pathlib import Path
from random import Random

import msgspec
import pytest
from tests.clusterctl.puppets import HurriedClock

from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.clusterctl.invocation import Invocation
from kubecapy.clusterctl.refusals import describe_refusal
from kubecapy.clusterctl.runs.controller_log import CONTROLLER_LOG_FILE, controllers_logged_to
from kubecapy.clusterctl.runs.record import RECORD_FILE, RecordStore, read_record
from kubecapy.clusterctl.runs.run import STORE_FOLDER, TARGET_KUBECONFIG_FILE, forget_run, open_run
from kubecapy.clusterctl.runs.timeouts import Timeouts
from kubecapy.local.private_files import write_private

CLUSTER = ObjectKey("default", "test1")


def opened(folder: Path):
    invocation = Invocation({"HOME": str(folder.parent)}, HurriedClock(), Random(1))
    return open_run(folder, "create", CLUSTER, Timeouts(), invocation)


def fill(folder: Path) -> None:
    (folder / STORE_FOLDER / "pki").mkdir(parents=True)
    (folder / STORE_FOLDER / "pki" / "ca.key").write_text("key")
    (folder / TARGET_KUBECONFIG_FILE).write_text("kubeconfig")
    (folder / f".{TARGET_KUBECONFIG_FILE}.cut-short").write_text("kube")


def test_a_complete_run_leaves_no_folder(tmp_path: Path) -> None:
    with opened(tmp_path / "state") as run:
        fill(run.folder)
        forget_run(run)

    assert not (tmp_path / "state").exists()


def test_files_of_others_stay_in_the_folder(tmp_path: Path) -> None:
    with opened(tmp_path / "state") as run:
        fill(run.folder)
        (run.folder / "kubeconfig").write_text("the person's own")
        forget_run(run)

    assert [path.name for path in (tmp_path / "state").iterdir()] == ["kubeconfig"]


def test_a_store_that_is_kept_stays_without_its_record(tmp_path: Path) -> None:
    with opened(tmp_path / "state") as run:
        fill(run.folder)
        forget_run(run, keep_store=True)

    assert (tmp_path / "state" / STORE_FOLDER / "pki" / "ca.key").exists()
    assert not (tmp_path / "state" / RECORD_FILE).exists()


class InterruptedStore(RecordStore):
    """A store whose process ends right before the record goes."""

    def remove(self) -> None:
        raise KeyboardInterrupt


def test_a_removal_that_is_cut_short_leaves_a_record_that_says_so(tmp_path: Path) -> None:
    with opened(tmp_path / "state") as run:
        fill(run.folder)
        interrupted = msgspec.structs.replace(run, store=InterruptedStore(run.folder / RECORD_FILE, run.store.record))
        with pytest.raises(KeyboardInterrupt):
            forget_run(interrupted)

    record = read_record(tmp_path / "state")
    assert record is not None
    assert record.is_complete
    assert not (tmp_path / "state" / STORE_FOLDER).exists()


def test_a_write_that_fails_names_its_file_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the sentence is what is looked at
        write_private(tmp_path / "nowhere" / "file", b"")

    assert describe_refusal(caught.value) == f"cannot use {tmp_path}/nowhere/file: No such file or directory"


def test_a_full_disk_takes_no_more_than_the_controllers_log(tmp_path: Path, capfd) -> None:
    (tmp_path / CONTROLLER_LOG_FILE).symlink_to("/dev/full")

    with controllers_logged_to(tmp_path):
        logging.getLogger("kubecapy.runtime").warning("a line that finds no room")

    assert capfd.readouterr().err == ""


def test_a_full_disk_is_named_where_no_file_is() -> None:
    full = OSError(errno.ENOSPC, "No space left on device")

    assert (
        describe_refusal(full) == "the disk is full: No space left on device; make room and run the same command again"
    )


def test_a_defect_is_no_refusal() -> None:
    assert describe_refusal(OSError(errno.EBADF, "Bad file descriptor")) is None
