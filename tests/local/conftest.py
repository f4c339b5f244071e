"""Hosts for tests: a guest's parts in a temporary folder, on a clock that never waits."""

import asyncio
import random
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kubecapy.local.guest.console import Console
from kubecapy.local.guest.facts import ServerFacts
from kubecapy.local.guest.filesystem import GuestFilesystem
from kubecapy.local.guest.host import Host, power_on, prepare_files
from kubecapy.local.guest.shell.interpreter import Shell
from kubecapy.local.guest.shell.session import Session
from kubecapy.local.guest.shell.state import ShellState
from kubecapy.local.guest.shell.streams import Streams, TextBuffer, TextInput, discard
from kubecapy.local.guest.terminal import Terminal
from kubecapy.local.guest.timing import BootTiming
from kubecapy.local.guest.units import Units

SERVER_ID = "0b24f0f1-6a0e-4b5b-9d2c-58f6a3c6a6d1"


class SkippingClock:
    """A clock whose sleeps pass at once."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
        self._seconds = 0.0

    def now(self) -> datetime:
        return self._now + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        return self._seconds

    async def sleep(self, seconds: float) -> None:
        self._seconds += seconds
        await asyncio.sleep(0)


def make_host(folder: Path, image: str = "KVM-Ubt18.04-Srv-x64", **facts: object) -> Host:
    clock = SkippingClock()
    files = GuestFilesystem(folder / "root")
    known = {"server_id": SERVER_ID, "name": "node-1", "fixed_addresses": ("127.90.1.130",), **facts}
    host = Host(
        facts=ServerFacts(image=image, **known),
        files=files,
        console=Console(folder / "console.log", clock),
        units=Units(files),
        clock=clock,
        random=random.Random(1),
        timing=BootTiming(),
    )
    prepare_files(host)
    power_on(host)
    return host


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return make_host(tmp_path)


@pytest.fixture
def centos(tmp_path: Path) -> Host:
    return make_host(tmp_path, image="KVM-CentOS7-x64")


@pytest.fixture
def console_of(tmp_path: Path) -> Callable[[], str]:
    return lambda: (tmp_path / "console.log").read_text()


async def run_script(host: Host, source: str, *, interpreter: str = "#!/bin/sh") -> tuple[int, str]:
    """Run a script as a file of the guest; return its status and everything it printed."""
    host.files.install("/root/script.sh", f"{interpreter}\n{source}", mode=0o700)
    printed: list[str] = []
    status = await Terminal(host).run_script("/root/script.sh", printed.append)
    return status, "".join(printed)


async def run_apart(host: Host, source: str) -> tuple[int, str]:
    """Run a script in an empty folder; return its status and its standard output alone."""
    host.files.make_folder("/work")
    printed = TextBuffer()
    state = ShellState(cwd="/work", exported={"PATH"}, variables={"PATH": "/usr/bin"})
    shell = Shell(Session(host.files, Terminal(host).find, host.clock, state, dialect=host.system.shell_dialect))
    status = await shell.run(source, Streams(TextInput(), printed.write, discard))
    return status, printed.text


def run_really(source: str, folder: Path) -> tuple[int, str]:
    """Run a script with the machine's own shell in an empty folder; return the same of it."""
    folder.mkdir()
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"}
    ended = subprocess.run(
        ["/bin/sh"], input=source, cwd=folder, env=environment, capture_output=True, text=True, timeout=10, check=False
    )
    return ended.returncode, ended.stdout


def read_scripts(name: str) -> dict[str, str]:
    """Return the scripts of a file by their headings, lines that begin with `#### `."""
    sections = (Path(__file__).parent / "scripts" / name).read_text().split("#### ")[1:]
    return {heading: body for heading, _, body in (section.partition("\n") for section in sections)}
