"""Start, find and stop an instance in its folder; the supervisor does the work."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from kubecapy.local.state_folder import LOCK_FILE, FolderInUse, open_state_folder
from openstack_services import record
from openstack_services.installation import FOLDER, ROOT
from openstack_services.processes import end
from openstack_services.supervisor import CLOUDS, READY

DEFAULT_FOLDER = FOLDER / "run"
_STOP_SECONDS = 30.0


class Instance(msgspec.Struct, frozen=True):
    """A running cloud."""

    folder: Path
    """Private; `log/` in it has what every service says."""

    @property
    def clouds_yaml(self) -> Path:
        """With the clouds `openstack`, a member of the project `kubecapy`, and `admin`; mode 0600."""
        return self.folder / CLOUDS

    @property
    def consoles(self) -> Path:
        """Folder of `<server id>.log`: what Nova shows as the servers' consoles."""
        return self.folder / "console"


class InstanceFailed(Exception):
    """An instance did not start; the message holds what its supervisor said."""


def start(folder: Path, options: Sequence[str] = (), tell: Callable[[str], None] = print) -> Instance:
    """Start an instance that stays when we end, and return once it is ready; each step goes to `tell`.

    Whatever interrupts this, ctrl-C included, ends what has been started.

    Raises:
        InstanceFailed: it did not start.
    """
    _start(folder, options, tell)
    return Instance(folder.absolute())


@contextlib.contextmanager
def run_openstack(
    folder: Path, options: Sequence[str] = (), tell: Callable[[str], None] = lambda _: None
) -> Iterator[Instance]:
    """Run an instance for as long as the block lasts; it ends with us, however we end. Each step goes to `tell`.

    Raises:
        InstanceFailed: it did not start.
    """
    supervisor = _start(folder, ["--ends-with-parent", *options], tell)
    try:
        yield Instance(folder.absolute())
    finally:
        supervisor.terminate()
        supervisor.wait()
        stop(folder)


def _start(folder: Path, options: Sequence[str], tell: Callable[[str], None]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "openstack_services.supervisor", "--state-dir", str(folder.absolute()), *options]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        _await_ready(process, tell)
    except BaseException:
        process.terminate()
        process.wait()
        raise
    return process


def find(folder: Path) -> Instance | None:
    """Return the instance that runs in `folder`, ready or not yet; None where none does."""
    if not folder.is_dir():
        return None
    try:
        with open_state_folder(folder):
            return None
    except FolderInUse:
        return Instance(folder.absolute())


def is_ready(instance: Instance) -> bool:
    """Return whether the instance has finished its start."""
    found = record.find_record(instance.folder)
    return found is not None and found.is_ready


def stop(folder: Path) -> bool:
    """End the instance in `folder`, remove all that it or a killed one left, and return whether one ran."""
    running = find(folder)
    found = record.find_record(folder) if folder.is_dir() else None
    if running and found:
        end(found.supervisor, _STOP_SECONDS)
    if folder.is_dir():
        with open_state_folder(folder) as held:
            record.clear(held)
            (held / LOCK_FILE).unlink()
        folder.rmdir()
    return running is not None


def _await_ready(process: subprocess.Popen[str], tell: Callable[[str], None]) -> None:
    said: list[str] = []
    with process.stdout or contextlib.nullcontext(()) as lines:
        for line in lines:
            if line.strip() == READY:
                return
            said.append(line.rstrip())
            tell(said[-1])
    code = process.wait()
    if code < 0:
        said.append(f"openstack: the start was ended by {signal.Signals(-code).name}")
        tell(said[-1])
    raise InstanceFailed("\n".join(said))
