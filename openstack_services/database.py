"""Run a PostgreSQL of one instance's own, reachable over a socket in a folder that nobody else can enter.

The folder lies in the machine's folder for temporary files, not in the instance's: as root, PostgreSQL runs as another
user, who need not be able to reach the instance's; and the name of a socket has at most 107 bytes.
"""

import contextlib
import functools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from openstack_services.configuration import DATABASE_USER
from openstack_services.installation import Installation
from openstack_services.lifeline import end_with_parent

FOLDER_PREFIX = "kubecapy-openstack-"
_STOP_SECONDS = 20.0
_START_SECONDS = 60
_PROBE_SECONDS = 0.02
_STATUS_LINE = 7
_OPEN_TO_ALL = 0o1
_PLACES = ("/tmp", "/var/tmp")  # noqa: S108 - our own folder there is made by mkdtemp, with mode 0700
_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    # Nothing here is to outlive the instance, let alone a power failure.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "400",
    "shared_buffers": "64MB",
}


class DatabaseFailed(Exception):
    """PostgreSQL did not do what it was asked; the message holds its own words."""


class Database:
    """One PostgreSQL: its folder holds the socket and, in `data`, everything else."""

    def __init__(self, installation: Installation, folder: Path, log: Path) -> None:
        """Keep what is needed; nothing is started."""
        self._installation = installation
        self._log = log
        self.folder = folder
        self.data = folder / "data"

    def create(self) -> None:
        """Make an empty one in the folder.

        Raises:
            DatabaseFailed: `initdb` failed.
        """
        # Segments of 1 MB in place of 16 make the template a third as large.
        options = ("--encoding=UTF8", "--locale=C", "--auth=trust", "--no-sync", "--wal-segsize=1")
        self._run("initdb", f"--pgdata={self.data}", f"--username={DATABASE_USER}", *options)

    def create_databases(self, names: Iterable[str]) -> None:
        """Make databases in the running server.

        Raises:
            DatabaseFailed: the server refused.
        """
        statements = [f"--command=CREATE DATABASE {name}" for name in names]
        self._run(
            "psql", f"--host={self.folder}", f"--username={DATABASE_USER}", "--dbname=postgres", "--quiet", *statements
        )

    @contextlib.contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run the server for as long as the block lasts; it takes connections once the block is entered.

        Raises:
            DatabaseFailed: it did not start.
        """
        settings = {**_SETTINGS, "unix_socket_directories": str(self.folder)}
        command = [str(self._installation.postgresql / "postgres"), "-D", str(self.data)]
        command += [f"--{name}={value}" for name, value in settings.items()]
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_environment(),
                user=self._installation.database_user,
                group=_group(self._installation.database_user),
                extra_groups=[] if self._installation.database_user else None,
                # Its own fast shutdown, should we be killed. This runs as the database's user already.
                preexec_fn=functools.partial(end_with_parent, signal.SIGINT, os.getpid()),
            )
        try:
            self._await_ready(process)
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_ready():
            # To wait for the end of the process is to wait, and shows an early end at once.
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_PROBE_SECONDS)
            if process.returncode is not None or time.monotonic() > deadline:
                raise DatabaseFailed(f"PostgreSQL did not start; its log is {self._log}")

    def _is_ready(self) -> bool:
        """Return what pg_ctl would find: the eighth line of the lock file (src/include/utils/pidfile.h)."""
        with contextlib.suppress(OSError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"
        return False

    def _run(self, program: str, *arguments: str) -> None:
        user = self._installation.database_user
        done = subprocess.run(
            [str(self._installation.postgresql / program), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
            env=_environment(),
            user=user,
            group=_group(user),
            extra_groups=[] if user else None,
            check=False,
        )
        if done.returncode:
            raise DatabaseFailed(f"{program} ended with {done.returncode}: {done.stderr.strip()}")


@contextlib.contextmanager
def database_folder(user: str | None) -> Iterator[Path]:
    """Make a folder that `user` alone can enter, for as long as the block lasts; None is ourselves.

    Raises:
        DatabaseFailed: no folder for temporary files is within reach of `user`.
    """
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=_place(user)))
    try:
        if user:
            shutil.chown(folder, user, _group(user))
        yield folder
    finally:
        shutil.rmtree(folder)


def _place(user: str | None) -> str | None:
    if user is None:
        return None
    for place in (tempfile.gettempdir(), *_PLACES):
        path = Path(place).resolve()
        if all(parent.stat().st_mode & _OPEN_TO_ALL for parent in (path, *path.parents)):
            return str(path)
    raise DatabaseFailed(f"user {user} can enter none of {', '.join(_PLACES)}, so the database has no place")


def _group(user: str | None) -> int | None:
    return pwd.getpwnam(user).pw_gid if user else None


def _environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
