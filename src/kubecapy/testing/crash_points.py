"""Stop a process at its n-th call to the outside, before or after the call takes effect.

A sweep over every n shows that a reconciler can be stopped after any line: count the calls of an undisturbed run, then
for each n run with a `KillSwitch`, start anew, and compare the end with the undisturbed one.
"""

from collections.abc import Callable
from typing import Any, Literal, Protocol

When = Literal["before", "after"]


class Killed(BaseException):
    """The process ended here; a BaseException, so that no handler of the process itself sees it."""


class Interceptable(Protocol):
    """Anything of this kit whose calls can be interfered with: `FakeApi`, `FakeCloud`."""

    before_call: Any
    """Is called with each call before its effect. Any: the type of a call differs."""
    after_call: Any
    """Is called with each call after its effect."""


class KillSwitch:
    """Counts the calls to all outsides that it is built into, and ends the process at one of them.

    A process that ended makes no calls: whatever else of it still runs meets `Killed` too, until `arm`.
    """

    def __init__(self, *outsides: Interceptable, counts: Callable[[Any], bool] = lambda _: True) -> None:
        """Watch the calls to `outsides` that `counts` names; nothing is killed before `arm`."""
        self.calls = 0
        """Calls that began since the last `arm`."""
        self.last = ""
        """The call at which the process ended, for messages."""
        self._counts = counts
        self._target = 0
        self._when: When = "before"
        self._is_dead = False
        for outside in outsides:
            outside.before_call = self._before
            outside.after_call = self._after

    def arm(self, number: int, when: When) -> None:
        """Kill at the call of that number, counted from 1 and from now; 0 kills never."""
        self.calls = 0
        self.last = ""
        self._target = number
        self._when = when
        self._is_dead = False

    def revive(self) -> None:
        """Let a new process make calls; they are not killed until `arm`."""
        self._target = 0
        self._is_dead = False

    @property
    def has_struck(self) -> bool:
        """Whether the process ended at the call that `arm` chose."""
        return bool(self.last)

    def _before(self, call: object) -> None:
        if self._is_dead:
            raise Killed(f"a process that was killed made a call: {call}")
        if self._counts(call):
            self.calls += 1
            self._strike("before", call)

    def _after(self, call: object) -> None:
        if self._counts(call):
            self._strike("after", call)

    def _strike(self, when: When, call: object) -> None:
        if self._target == self.calls and self._when == when:
            self._target = 0
            self._is_dead = True
            self.last = f"{when} call {self.calls}: {call}"
            raise Killed(self.last)
