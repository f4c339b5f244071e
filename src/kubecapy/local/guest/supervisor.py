"""Give every running server its guest: one child process each, for as long as the server is ACTIVE.

    server ACTIVE ──► child started, described on its standard input ──► facts sent on as they change
    child ends by itself ──► started again with the same folder
    server stopped ──► SIGTERM, then SIGKILL to the child's process group; folder kept
    server gone ──► the same, and the folder removed
A child cannot outlive this process: its standard input ends with it.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from kubecapy.clock import Clock
from kubecapy.local.guest.facts import GuestSpec, ServerFacts
from kubecapy.local.guest.servers import CloudUnavailable, Servers, ServerView
from kubecapy.local.guest.timing import BootTiming
from kubecapy.local.private_files import make_private_folder
from kubecapy.tasks import TaskScope
from kubecapy.telemetry.logs import V, get_logger

_log = get_logger(__name__)

IDLE_SECONDS = 0.4
"""Between two looks at the cloud: a reboot that takes half a second is not to be missed."""
BUSY_SECONDS = 0.2
"""Between two looks while a server is being built or rebooted."""
RESTART_SECONDS = 1.0
END_GRACE_SECONDS = 10.0
RUNNING = frozenset({"ACTIVE", "PASSWORD"})
UNDECIDED = frozenset({"BUILD", "REBOOT", "HARD_REBOOT", "UNKNOWN"})
KEPT_VARIABLES = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "PYTHONPATH",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPYCACHEPREFIX",
    "VIRTUAL_ENV",
)
"""What a guest inherits of the environment: nothing that names a person's cloud, cluster or home."""


class GuestSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How guests are run."""

    folder: Path
    """Holds one folder a server."""
    consoles: Path
    """Holds `<server id>.log`, the serial consoles."""
    timing: BootTiming = BootTiming()
    images: Mapping[str, tuple[str, ...]] = {}
    """Image repository to the program that pods of that image run."""


class GuestSupervisor:
    """Keeps children in step with the servers of one cloud."""

    def __init__(self, servers: Servers, settings: GuestSettings, clock: Clock, environment: Mapping[str, str]) -> None:
        """Watch `servers`; children get the harmless part of `environment`."""
        self._servers = servers
        self._settings = settings
        self._clock = clock
        self._environment = guest_environment(environment)
        self._guests: dict[str, _Child] = {}

    async def run(self) -> None:
        """Run guests until cancelled; every child has ended then."""
        async with TaskScope("guests") as scope:
            while True:
                try:
                    views = await self._servers.list()
                except CloudUnavailable as error:
                    _log.warning("Cannot list servers: %s", error)
                    await self._clock.sleep(IDLE_SECONDS)
                    continue
                self._follow(views, scope)
                busy = any(view.status in UNDECIDED for view in views)
                await self._clock.sleep(BUSY_SECONDS if busy else IDLE_SECONDS)

    @property
    def running(self) -> int:
        """The number of guests that have not ended."""
        return len(self._guests)

    def _follow(self, views: Sequence[ServerView], scope: TaskScope) -> None:
        present = {view.facts.server_id: view for view in views}
        for server_id, view in present.items():
            child = self._guests.get(server_id)
            if view.status in RUNNING and child is None:
                self._start(view, scope)
            elif view.status in RUNNING and child is not None:
                child.update(view.facts)
            elif child is not None and view.status not in UNDECIDED - {"REBOOT", "HARD_REBOOT"}:
                _log.info("Server %s is %s: stopping its guest", view.facts.name, view.status)
                child.stop(remove=False)
        for server_id, child in self._guests.items():
            if server_id not in present:
                child.stop(remove=True)

    def _start(self, view: ServerView, scope: TaskScope) -> None:
        facts = view.facts
        _log.info("Server %s (%s) is ACTIVE: booting its guest", facts.name, ", ".join(facts.addresses))
        spec = GuestSpec(
            facts=facts,
            user_data=view.user_data,
            folder=str(self._settings.folder / facts.server_id),
            console=str(self._settings.consoles / f"{facts.server_id}.log"),
            timing=self._settings.timing,
            images=self._settings.images,
        )
        child = _Child(spec, self._clock, self._environment)
        self._guests[facts.server_id] = child
        scope.start(self._keep(child, facts.server_id), name=facts.name)

    async def _keep(self, child: "_Child", server_id: str) -> None:
        try:
            await child.run()
        finally:
            del self._guests[server_id]


class _Child:
    """One guest's process, started again where it ends by itself."""

    def __init__(self, spec: GuestSpec, clock: Clock, environment: Mapping[str, str]) -> None:
        self._spec = spec
        self._clock = clock
        self._environment = environment
        self._stopping = asyncio.Event()
        self._remove = False
        self._process: Process | None = None

    def update(self, facts: ServerFacts) -> None:
        """Send changed facts to the process."""
        if facts == self._spec.facts:
            return
        self._spec = msgspec.structs.replace(self._spec, facts=facts)
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(msgspec.json.encode(facts) + b"\n")

    def stop(self, *, remove: bool) -> None:
        """Let `run` end the process and return; with `remove` the guest's files go too."""
        self._remove = self._remove or remove
        self._stopping.set()

    async def run(self) -> None:
        """Run the process until `stop` or cancellation; nothing of its group is left then."""
        folder = make_private_folder(Path(self._spec.folder))
        try:
            while not self._stopping.is_set():
                await self._run_once(folder)
        finally:
            if self._remove:
                shutil.rmtree(folder, ignore_errors=True)
                _log.info("Server %s is gone: removed its guest", self._spec.facts.name)

    async def _run_once(self, folder: Path) -> None:
        with (folder / "guest.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "kubecapy.local.guest",
                stdin=PIPE,
                stdout=log,
                stderr=log,
                env=dict(self._environment),
                start_new_session=True,
            )
        self._process = process
        try:
            await self._describe(process)
            if await self._ended_by_itself(process):
                name, code = self._spec.facts.name, process.returncode
                _log.warning("The guest of server %s ended with status %s: starting it again", name, code)
                await self._clock.sleep(RESTART_SECONDS)
        finally:
            self._process = None
            await _end(process)

    async def _describe(self, process: Process) -> None:
        if process.stdin is None:
            raise AssertionError("standard input is a pipe")
        process.stdin.write(msgspec.json.encode(self._spec) + b"\n")
        with contextlib.suppress(ConnectionError):
            await process.stdin.drain()

    async def _ended_by_itself(self, process: Process) -> bool:
        """Wait for the process or for `stop`; return whether it was the process."""
        async with TaskScope("child") as scope:
            ended = scope.start(process.wait(), name="wait")
            stopped = scope.start(self._stopping.wait(), name="stop")
            await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
            scope.cancel()
        return not self._stopping.is_set()


async def _end(process: Process) -> None:
    """End the process politely, and then everything that is left of its group."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_GRACE_SECONDS):
                await process.wait()
    # The group is the child's own session: pods that it left behind are in it, and nobody else.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    _log.log(V(4), "Guest process %d has ended", process.pid)


def guest_environment(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return what guests inherit of `environment`, with a way around proxies to loopback addresses."""
    kept = {name: environment[name] for name in KEPT_VARIABLES if name in environment}
    no_proxy = "localhost,127.0.0.1,127.0.0.0/8"
    return {**kept, "NO_PROXY": no_proxy, "no_proxy": no_proxy}
