"""Stop a process at its n-th call to the outside, before or after the call takes effect.

A sweep over every n shows that a reconciler can be stopped after any line: count the calls of an undisturbed run, then
for each n run with a `KillSwitch`, start anew, and compare the end with the undisturbed one.
"""

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
    """Counts the calls to all outsides that it is built into, and ends the process at one of them."""

    def __init__(self, *outsides: Interceptable) -> None:
        """Watch `outsides`; nothing is killed before `arm`."""
        self.calls = 0
        """Calls that began since the last `arm`."""
        self._target = 0
        self._when: When = "before"
        for outside in outsides:
            outside.before_call = self._before
            outside.after_call = self._after

    def arm(self, number: int, when: When) -> None:
        """Kill at the call of that number, counted from 1 and from now; 0 kills never."""
        self.calls = 0
        self._target = number
        self._when = when

    def _before(self, call: object) -> None:
        self.calls += 1
        self._strike("before", call)

    def _after(self, call: object) -> None:
        self._strike("after", call)

    def _strike(self, when: When, call: object) -> None:
        if self._target == self.calls and self._when == when:
            self._target = 0
            raise Killed(f"{when} call {self.calls}: {call}")
