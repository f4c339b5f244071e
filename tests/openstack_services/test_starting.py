"""A start that is cut short leaves nothing, however it is cut."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from openstack_services.installation import ROOT, NotInstalled, find_installation
from openstack_services.processes import is_alive
from openstack_services.record import Record, find_record
from tests.real_openstack import MARKS

pytestmark = MARKS
PATIENCE_SECONDS = 120.0
LOOK_SECONDS = 0.05


@pytest.fixture(autouse=True)
def installed() -> None:
    """Skip where there is nothing to start."""
    try:
        find_installation()
    except NotInstalled as error:
        pytest.skip(str(error))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return an instance's folder, and end what a failed test left in it."""
    chosen = tmp_path / "run"
    yield chosen
    if chosen.exists():
        run("down", chosen)


def test_ctrl_c_in_the_middle_of_a_start_ends_all_of_it_and_a_second_start_ends_nothing(folder: Path) -> None:
    with starting(folder) as (process, record):
        second = run("up", folder)
        assert second.returncode == 1
        assert "an instance is starting" in second.stderr
        assert all(is_alive(mark) for mark in (record.supervisor, *record.children))

        process.send_signal(signal.SIGINT)
        _, told = process.communicate()
        assert process.returncode == 130, told
        assert "stopped; nothing runs" in told
    expect_nothing_left(record)


def test_what_a_killed_supervisor_left_is_removed_by_the_next_stop(folder: Path) -> None:
    with starting(folder) as (process, record):
        os.kill(record.supervisor.pid, signal.SIGKILL)
        shown, _ = process.communicate()
        assert process.returncode == 1
        assert "ended by SIGKILL" in shown
    assert run("down", folder).stdout == "nothing ran\n"
    expect_nothing_left(record)
    assert not folder.exists()


@contextmanager
def starting(folder: Path) -> Iterator[tuple["subprocess.Popen[str]", Record]]:
    """Start an instance until its database and its services run; they are far from ready then."""
    with subprocess.Popen(
        command("up", folder), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            record = find_record(folder)
            if record and record.children:
                yield process, record
                return
            assert process.poll() is None, process.communicate()
            time.sleep(LOOK_SECONDS)
        process.terminate()
        raise AssertionError("the services did not start")


def run(verb: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command(verb, folder), cwd=ROOT, capture_output=True, text=True, check=False)


def command(verb: str, folder: Path) -> list[str]:
    return [sys.executable, "-m", "openstack_services", verb, "--state-dir", str(folder)]


def expect_nothing_left(record: Record) -> None:
    assert not [mark for mark in (record.supervisor, *record.children) if is_alive(mark)]
    assert not Path(record.database_folder).exists()
