from pathlib import Path

import pytest

from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.runs.record import RECORD_FILE, ObjectAddress, open_record, read_record


def test_nothing_is_written_before_the_first_change(tmp_path: Path) -> None:
    open_record(tmp_path, "create", "default", "test1")

    assert list(tmp_path.iterdir()) == []


def test_a_change_is_there_for_the_next_process_and_private(tmp_path: Path) -> None:
    store = open_record(tmp_path, "create", "default", "test1")
    store.update_move(stage="copying", objects=(ObjectAddress("Machine", "default", "m"),), was_paused=True)

    again = open_record(tmp_path, "create", "default", "test1")

    assert again.record == store.record
    assert again.record.move_stage == "copying"
    assert (tmp_path / RECORD_FILE).stat().st_mode & 0o777 == 0o600


def test_a_chosen_machine_name_stays(tmp_path: Path) -> None:
    open_record(tmp_path, "create", "default", "test1").choose_machine_name("m-/0", "m-abcde")

    again = open_record(tmp_path, "create", "default", "test1")

    assert again.choose_machine_name("m-/0", "m-zzzzz") == "m-abcde"
    assert again.choose_machine_name("m-/1", "m-zzzzz") == "m-zzzzz"


def test_the_record_of_another_cluster_is_refused(tmp_path: Path) -> None:
    open_record(tmp_path, "create", "default", "test1").update(machine_names={})

    with pytest.raises(ClusterctlError, match="holds an unfinished create of cluster default/test1"):
        open_record(tmp_path, "create", "default", "test2")


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    (tmp_path / RECORD_FILE).write_text("{")

    with pytest.raises(ClusterctlError, match=r"run.json is damaged .*; name another --state-dir"):
        read_record(tmp_path)


def test_a_removed_record_is_gone(tmp_path: Path) -> None:
    store = open_record(tmp_path, "create", "default", "test1")
    store.update(cluster_object={"kind": "Cluster"})

    store.remove()

    assert read_record(tmp_path) is None
