import os
import pty
import re
import subprocess
import sys

import pytest

LONG = "a line that is longer than the terminal is wide " * 4
CODE = f"""
import asyncio
from kubecapy.clock import SystemClock
from kubecapy.clusterctl.runs.progress import open_progress
from kubecapy.telemetry import logs
logs.configure()
with open_progress(SystemClock()) as progress:
    progress.step("Preparing bootstrap cluster")
    progress.waiting("machine m", "the server is being built")
    asyncio.run(SystemClock().sleep(0.2))  # The display draws itself a dozen times a second.
    progress.step({LONG!r})
"""


def told_on_a_terminal(**environment: str) -> str:
    """Run the code with a terminal as its standard error; return what the terminal got."""
    ours, theirs = pty.openpty()
    environ = {"PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": "80", **environment}
    with subprocess.Popen([sys.executable, "-c", CODE], stderr=theirs, env=environ) as process:
        os.close(theirs)
        told = b""
        try:
            while piece := os.read(ours, 4096):
                told += piece
        except OSError:
            # How Linux says that the other end is closed.
            pass
        os.close(ours)
        assert process.wait(10) == 0
    return told.decode()


def test_a_terminal_shows_why_something_is_awaited_in_a_moving_line() -> None:
    told = told_on_a_terminal()

    assert re.search(r"\x1b\[2K.*waiting for machine m: the server is being built \(\d+ s\)", told)
    assert not re.search(r"\] waiting for machine m", told), "the reason is no log line on a terminal"
    assert told.count("Preparing bootstrap cluster\r\n") >= 1


def test_log_lines_stay_whole_and_the_cursor_comes_back() -> None:
    told = told_on_a_terminal()

    assert LONG.strip() in told.replace("\r\n", "\n")
    assert told.rindex("\x1b[?25h") > told.rindex("\x1b[?25l")


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)], ids=["plain", "no-color"]
)
def test_colour_is_left_out_where_the_person_asks_for_none(environment, coloured) -> None:
    assert bool(re.search(r"\x1b\[(3\d|9\d)m", told_on_a_terminal(**environment))) is coloured
