"""Follow one run of a container by its probes: has it started, is it ready, does it live.

startup probe ──success──► readiness and liveness probes, side by side
│ too many failures        │ verdicts change            │ too many failures
▼                          ▼                            ▼
killed                    ready or not                  killed
"""

import signal
from collections.abc import Callable
from typing import TypeAlias

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.clock import Clock
from kubecapy.local.guest.kubelet.probes import Probe, Verdict, read_probe, succeeds
from kubecapy.tasks import TaskScope

KILL_GRACE_SECONDS = 30.0
"""Kubernetes' default terminationGracePeriodSeconds."""

Send: TypeAlias = Callable[[signal.Signals], None]
"""Sends a signal to the container's process."""


class Prober:
    """Holds the verdicts on one run of a container."""

    def __init__(self, container: JsonObject, pod_ip: str, clock: Clock, first_seconds: float) -> None:
        """Probe `container`, at `pod_ip` unless a probe names a host.

        `first_seconds` is the pause between readiness probes until the first success: the probe's own period only
        then, so that simulated pods are ready as soon as they answer.
        """
        self._startup = read_probe(container, "startupProbe")
        self._readiness = read_probe(container, "readinessProbe")
        self._liveness = read_probe(container, "livenessProbe")
        self._pod_ip = pod_ip
        self._clock = clock
        self._first_seconds = first_seconds
        self.has_started = self._startup is None
        self.is_ready = self.has_started and self._readiness is None

    async def run(self, changed: Callable[[], None], send: Send) -> None:
        """Probe until cancelled; tell of each change, and end what does not start or live by signals through `send`."""
        if self._startup is not None:
            await self._until(self._startup, Verdict(self._startup, good=True), send)
            self.has_started = True
            self.is_ready = self._readiness is None
            changed()
        async with TaskScope("probes") as scope:
            if self._readiness is not None:
                scope.start(self._follow_readiness(self._readiness, changed), name="readiness")
            if self._liveness is not None:
                scope.start(self._follow_liveness(self._liveness, send), name="liveness")

    async def _until(self, probe: Probe, verdict: Verdict, send: Send) -> None:
        """Return at the first success."""
        await self._clock.sleep(probe.initial_delay_seconds)
        while not await succeeds(probe, self._pod_ip):
            if verdict.take(success=False):
                await self._kill(send)
            await self._clock.sleep(probe.period_seconds)

    async def _follow_readiness(self, probe: Probe, changed: Callable[[], None]) -> None:
        verdict = Verdict(probe, good=False)
        await self._clock.sleep(probe.initial_delay_seconds)
        pause = min(self._first_seconds, probe.period_seconds)
        while True:
            if verdict.take(success=await succeeds(probe, self._pod_ip)):
                self.is_ready = verdict.good
                pause = probe.period_seconds
                changed()
            await self._clock.sleep(pause)

    async def _follow_liveness(self, probe: Probe, send: Send) -> None:
        verdict = Verdict(probe, good=True)
        await self._clock.sleep(probe.initial_delay_seconds)
        while True:
            if verdict.take(success=await succeeds(probe, self._pod_ip)) and not verdict.good:
                await self._kill(send)
            await self._clock.sleep(probe.period_seconds)

    async def _kill(self, send: Send) -> None:
        """Ask the process to end, and end it by force where it does not; its end cancels this."""
        send(signal.SIGTERM)
        await self._clock.sleep(KILL_GRACE_SECONDS)
        send(signal.SIGKILL)
