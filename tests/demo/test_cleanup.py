"""End the demo in the middle: processes, sockets, HOME, temporary files and the checkout are as before."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.listening import listening

pytestmark = [pytest.mark.xdist_group("cleanup"), pytest.mark.timeout(240)]

ROOT = Path(__file__).parent.parent.parent
MARK = "DEMO_OF_THE_TEST"


@dataclass(frozen=True)
class Checkout:
    """A copy of what the demo needs, and a HOME and a place for temporary files of its own."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "PYTHONPYCACHEPREFIX": os.environ.get("PYTHONPYCACHEPREFIX", str(self.folder / "pycache")),
            "PYTHONUNBUFFERED": "1",
            MARK: str(self.folder),
        }

    def start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "demo"],
            cwd=self.folder / "checkout",
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def files(self) -> set[Path]:
        return set((self.folder / "checkout").rglob("*"))

    def processes(self) -> list[str]:
        """Return the command lines of all processes that the demo started, directly or not."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if f"{MARK}={self.folder}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    checkout = Checkout(tmp_path)
    for folder in (checkout.home, checkout.temporary):
        folder.mkdir()
    for name in ("demo", "examples"):
        shutil.copytree(ROOT / name, tmp_path / "checkout" / name, ignore=shutil.ignore_patterns("__pycache__"))
    return checkout


def run_until(process: "subprocess.Popen[str]", pattern: str) -> str:
    """Read what the demo prints up to the line that matches."""
    text = ""
    for line in process.stdout or ():
        text += line
        if re.search(pattern, line):
            return text
    raise AssertionError(f"{pattern!r} was never said: {text}")


@pytest.mark.parametrize(
    ("moment", "to_group", "number"),
    [
        pytest.param("Creating node machines", True, signal.SIGINT, id="ctrl-c"),
        pytest.param("waiting for machine liugya-master", False, signal.SIGTERM, id="sigterm"),
    ],
)
def test_a_demo_that_is_ended_leaves_nothing(
    checkout: Checkout, moment: str, to_group: bool, number: signal.Signals
) -> None:
    before = checkout.files()
    with checkout.start() as process:
        text = run_until(process, moment)
        during = checkout.processes()
        (os.killpg if to_group else os.kill)(process.pid, number)
        text += (process.stdout.read() if process.stdout else "") or ""

    address = re.search(r"https://(127\.\d+\.\d+\.)\d+:6443", text)
    assert process.returncode == 130, text
    assert "Traceback" not in text
    assert "had to be killed" not in text
    assert len(during) > 2, "the cloud and the command must have been running"
    assert checkout.processes() == []
    assert address is None or listening(address.group(1)) == []
    assert list(checkout.home.iterdir()) == []
    assert list(checkout.temporary.iterdir()) == []
    assert checkout.files() == before
