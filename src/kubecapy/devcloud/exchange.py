"""Take one call through the cloud, with the fault that strikes it: waits, lost replies, killed clients."""

import asyncio
import signal
from collections.abc import Callable
from typing import TypeAlias, assert_never

from kubecapy.clock import Clock
from kubecapy.devcloud.cloud import Cloud, Identified
from kubecapy.devcloud.faults import ActiveRule, Answer, Delay, Drop, FaultPlan, Garble, Hold, Kill, Lag, describe
from kubecapy.devcloud.messages import Request, Response
from kubecapy.devcloud.spoiling import make_answer, spoil

SendSignal: TypeAlias = Callable[[int, int], None]
LOST = Response(0)


class Exchange:
    """Answers calls on the loop's clock; the same on sockets and in simulations on virtual time."""

    def __init__(self, cloud: Cloud, faults: FaultPlan, clock: Clock, kill: SendSignal) -> None:
        """Answer from `cloud` at the times of `clock`; `kill` (`os.kill`) serves the rules that kill a client."""
        self.cloud = cloud
        self.faults = faults
        self._clock = clock
        self._kill = kill
        self._held: dict[int, asyncio.Event] = {}

    async def answer(self, request: Request) -> Response | None:
        """Carry out `request` and return its answer; `None` where the connection must be cut without one.

        Cancellation before the effect leaves the effect undone; after it, done.
        """
        self.cloud.remember(self.faults.longest_lag(), self._clock.now())
        identified = self.cloud.identify(request, self._clock.now())
        struck = self.faults.take(identified)
        if struck is None:
            return self.cloud.handle(request, self._clock.now())
        return await self._answer_struck(request, identified, struck)

    def release(self, rule_id: int) -> None:
        """Let the calls go on that a rule holds."""
        held = self._held.pop(rule_id, None)
        if held is not None:
            held.set()

    def release_all(self) -> None:
        """Let every held call go on."""
        for rule_id in tuple(self._held):
            self.release(rule_id)

    async def _answer_struck(self, request: Request, identified: Identified, struck: ActiveRule) -> Response | None:
        action = struck.rule.action
        fault = describe(action)
        match action:
            case Answer():
                return self._answer_otherwise(request, identified, action)
            case Garble():
                return spoil(self.cloud.handle(request, self._clock.now(), fault=fault), action)
            case Lag():
                return self.cloud.handle(request, self._clock.now(), fault=fault, lag_seconds=action.seconds)
            case _:
                return await self._answer_obstructed(request, identified, struck.id, action)

    def _answer_otherwise(self, request: Request, identified: Identified, action: Answer) -> Response:
        now, fault = self._clock.now(), describe(action)
        answer = make_answer(action, now)
        if action.when == "before":
            return self.cloud.record(identified, answer, now, fault=fault)
        self.cloud.handle(request, now, fault=fault)
        return answer

    async def _answer_obstructed(
        self, request: Request, identified: Identified, rule_id: int, action: Delay | Drop | Kill | Hold
    ) -> Response | None:
        fault = describe(action)
        if action.when == "before" and not await self._obstruct(rule_id, action):
            self.cloud.record(identified, LOST, self._clock.now(), fault=fault)
            return None
        response = self.cloud.handle(request, self._clock.now(), fault=fault)
        if action.when == "after" and not await self._obstruct(rule_id, action):
            return None
        return response

    async def _obstruct(self, rule_id: int, action: Delay | Drop | Kill | Hold) -> bool:
        """Do what `action` says, and return whether the connection outlives it."""
        match action:
            case Delay():
                await self._clock.sleep(action.seconds)
                return True
            case Hold():
                await self._held.setdefault(rule_id, asyncio.Event()).wait()
                return True
            case Drop():
                return False
            case Kill():
                self._kill_process(action.pid)
                return False
            case _:
                assert_never(action)

    def _kill_process(self, pid: int) -> None:
        try:
            self._kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return  # It ended by itself: what the rule wanted is so.
