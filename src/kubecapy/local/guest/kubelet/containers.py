"""Run one container as a process, again and again where it ends, and tell its status.

    waiting ──start──► running ──exit──► terminated ──back-off──► running ...
Back-off: none after the first exit, then ten seconds, doubled up to five minutes; ten quiet minutes end it.
Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy.
"""

import asyncio
import contextlib
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import msgspec

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.times import format_time
from kubecapy.clock import Clock
from kubecapy.local.guest.kubelet.container_log import MAX_LINE_BYTES, ContainerLog
from kubecapy.local.guest.kubelet.prober import Prober
from kubecapy.local.pods import ContainerPlan
from kubecapy.tasks import TaskScope

BACKOFF_SECONDS = 10.0
BACKOFF_MAX_SECONDS = 300.0
BACKOFF_RESET_SECONDS = 600.0
KILL_WAIT_SECONDS = 5.0


class ContainerSetting(msgspec.Struct, frozen=True):
    """What one container is run with."""

    plan: ContainerPlan
    spec: JsonObject
    """The container as its pod has it, with its probes."""
    restart_policy: str
    log_folder: Path
    """Holds `<restart count>.log`."""
    pod_ip: str
    probe_seconds: float
    """Between two readiness probes until the first success."""


class Container:
    """One container of a pod; it writes only its own status, which it announces through `changed`."""

    def __init__(self, setting: ContainerSetting, clock: Clock, changed: Callable[[], None]) -> None:
        """Run as `setting` says."""
        self.plan = setting.plan
        self._setting = setting
        self._clock = clock
        self._changed = changed
        self._process: Process | None = None
        self._restarts = 0
        self._state: JsonObject = {"waiting": {"reason": "ContainerCreating"}}
        self._last_state: JsonObject = {}
        self._logs: dict[int, ContainerLog] = {}
        self._stopping = False
        self._prober = self._make_prober()

    @property
    def is_running(self) -> bool:
        """Whether the container runs, or is reported to."""
        return "running" in self._state

    @property
    def exit_code(self) -> int | None:
        """Status of a container that has ended for good; None for any other."""
        ended = self._state.get("terminated")
        return None if ended is None else int(ended["exitCode"])

    def log(self, *, previous: bool = False) -> ContainerLog | None:
        """Return the log of this run, or of the one before; None where there is none."""
        return self._logs.get(self._restarts - 1 if previous else self._restarts)

    def status(self) -> JsonObject:
        """Return the entry in `status.containerStatuses`."""
        return {
            "name": self.plan.name,
            "image": self.plan.image,
            "imageID": f"docker-pullable://{self.plan.image}",
            "containerID": f"simulated://{self._process.pid}" if self._process else "",
            "ready": self.is_running and (self._prober.is_ready or not self.plan.command),
            "started": self.is_running and (self._prober.has_started or not self.plan.command),
            "restartCount": self._restarts,
            "state": self._state,
            "lastState": self._last_state,
        }

    async def run(self) -> None:
        """Run until the container ends for good, or is stopped."""
        if not self.plan.command:
            self._set({"running": {"startedAt": format_time(self._clock.now())}})
            return
        backoff = 0.0
        while not self._stopping:
            begun = self._clock.monotonic()
            ended = await self._run_once()
            if self._stopping or not self._starts_again(int(ended["exitCode"])):
                self._set({"terminated": ended})
                return
            if self._clock.monotonic() - begun > BACKOFF_RESET_SECONDS:
                backoff = 0.0
            self._last_state = {"terminated": ended}
            if backoff:
                message = f"back-off {backoff:.0f}s restarting failed container={self.plan.name}"
                self._set({"waiting": {"reason": "CrashLoopBackOff", "message": message}})
                await self._clock.sleep(backoff)
            self._restarts += 1
            backoff = min(max(backoff * 2, BACKOFF_SECONDS), BACKOFF_MAX_SECONDS)

    async def stop(self, grace_seconds: float) -> None:
        """End the process: politely first, by force after `grace_seconds`."""
        self._stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        _send(process, signal.SIGTERM)
        try:
            async with asyncio.timeout(max(grace_seconds, 0.0)):
                await process.wait()
        except TimeoutError:
            _send(process, signal.SIGKILL)
            async with asyncio.timeout(KILL_WAIT_SECONDS):
                await process.wait()

    def kill(self) -> None:
        """End the process by force, without waiting."""
        self._stopping = True
        if self._process is not None and self._process.returncode is None:
            _send(self._process, signal.SIGKILL)

    def _starts_again(self, exit_code: int) -> bool:
        policy = self._setting.restart_policy
        return policy == "Always" or (policy == "OnFailure" and exit_code != 0)

    async def _run_once(self) -> JsonObject:
        """Run the process to its end and return its terminated state."""
        log = ContainerLog(self._setting.log_folder / f"{self._restarts}.log", self._clock)
        self._logs[self._restarts] = log
        started = self._clock.now()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self.plan.command,
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=PIPE,
                cwd=self.plan.folder,
                env=dict(self.plan.environment),
                limit=MAX_LINE_BYTES,
            )
        except OSError as error:
            log.write("stderr", f"cannot start {self.plan.command[0]}: {error.strerror}".encode())
            log.end()
            return self._terminated(128, started, "StartError")
        self._prober = self._make_prober()
        self._set({"running": {"startedAt": format_time(started)}})
        try:
            code = await self._follow(self._process, log)
        finally:
            # Race: cancelled here, the process would outlive its pod.
            if self._process.returncode is None:
                _send(self._process, signal.SIGKILL)
            log.end()
        return self._terminated(code, started, "Completed" if code == 0 else "Error")

    async def _follow(self, process: Process, log: ContainerLog) -> int:
        if process.stdout is None or process.stderr is None:
            raise AssertionError("both streams are pipes")
        async with TaskScope("container") as scope:
            scope.start(log.copy("stdout", process.stdout), name="stdout")
            scope.start(log.copy("stderr", process.stderr), name="stderr")
            # A process that a probe ends is restarted as any other that ends.
            send = partial(_send, process)
            probing = scope.start(self._prober.run(self._changed, send), name="probes")
            code = await process.wait()
            probing.cancel()
        return code if code >= 0 else 128 - code

    def _make_prober(self) -> Prober:
        setting = self._setting
        return Prober(setting.spec, setting.pod_ip, self._clock, setting.probe_seconds)

    def _terminated(self, code: int, started: datetime, reason: str) -> JsonObject:
        return {
            "exitCode": code,
            "reason": reason,
            "startedAt": format_time(started),
            "finishedAt": format_time(self._clock.now()),
        }

    def _set(self, state: JsonObject) -> None:
        self._state = state
        self._changed()


def _send(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)
