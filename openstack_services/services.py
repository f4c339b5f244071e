"""Start the services out of their own environment."""

import contextlib
import os
import socket
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from openstack_services.installation import COMPILED, ROOT, Installation

SERVICES = ("identity", "placement", "image", "compute", "network", "block_storage")
OUTPUT = "log/services.out"
"""In the instance's folder: names of services that ended, a line each, as `ended: compute`."""
_PLUGINS = ROOT / "openstack_services" / "inside" / "plugins"
_BACKLOG = 256
_STOP_SECONDS = 10.0


class ServicesFailed(Exception):
    """Services did not start, or ended; the message holds the last lines of their logs."""


@contextlib.contextmanager
def bound_sockets(wanted: Mapping[str, int]) -> Iterator[Mapping[str, socket.socket]]:
    """Listen for every service on 127.0.0.1, on the port that is wanted, else on a free one.

    They listen before anybody serves: a request that comes early waits, so no service has to be waited for.

    Raises:
        OSError: a wanted port is taken.
    """
    with contextlib.ExitStack() as stack:
        sockets = {}
        for name in SERVICES:
            opened = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind(("127.0.0.1", wanted.get(name, 0)))
            opened.listen(_BACKLOG)
            sockets[name] = opened
        yield sockets


def migrate(installation: Installation, folder: Path) -> None:
    """Make the tables of all services.

    Raises:
        ServicesFailed: one of them failed.
    """
    with _started(installation, folder, "migrate") as process:
        if process.wait():
            raise ServicesFailed(describe_end(folder))


@contextlib.contextmanager
def serving(
    installation: Installation, folder: Path, sockets: Mapping[str, socket.socket]
) -> Iterator[subprocess.Popen[bytes]]:
    """Serve for as long as the block lasts; the process ends by itself only where a service has ended."""
    with contextlib.ExitStack() as stack:
        bound = [f"{name}={opened.fileno()}" for name, opened in sockets.items()]
        descriptors = [opened.fileno() for opened in sockets.values()]
        process = stack.enter_context(_started(installation, folder, "serve", bound, descriptors))
        for opened in sockets.values():
            # Theirs alone: a client of a service that has ended is refused, and does not wait for ever.
            opened.close()
        yield process


def describe_end(folder: Path, lines: int = 20) -> str:
    """Return which services have ended, with the last lines of their logs."""
    ended = [line.partition(": ")[2] for line in _last_lines(folder / OUTPUT, lines) if line.startswith("ended: ")]
    if not ended:
        return "\n".join(
            [f"the services ended; the last lines of {folder / OUTPUT}:", *_last_lines(folder / OUTPUT, lines)]
        )
    told = []
    for name in ended:
        told.append(f"{name} ended; the last lines of its log:")
        for log in (folder / "log" / f"{name}.log", folder / "log" / f"{name}.out"):
            told += _last_lines(log, lines)
    return "\n".join(told)


@contextlib.contextmanager
def _started(
    installation: Installation, folder: Path, verb: str, more: Iterable[str] = (), descriptors: Iterable[int] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / OUTPUT).open("ab") as output:
        process = subprocess.Popen(
            [str(installation.python), "-m", "openstack_services.inside", verb, str(folder), *more],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=tuple(descriptors),
            cwd=folder,
            env=_environment(folder),
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _environment(folder: Path) -> dict[str, str]:
    """Return what the services see: nothing of a person's own, and no folder but the instance's."""
    home = str(folder / "work" / "home")
    return {
        "PATH": os.defpath,
        "HOME": home,
        # Where stevedore keeps what it found of entry points.
        "XDG_CACHE_HOME": home,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(_PLUGINS))),
        "PYTHONPYCACHEPREFIX": str(COMPILED),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
    }


def _last_lines(log: Path, lines: int) -> list[str]:
    with contextlib.suppress(OSError):
        return log.read_text(errors="replace").splitlines()[-lines:]
    return []
