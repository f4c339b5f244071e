"""Carry what a process gives its command: environment, clock, chance and a way to run."""

import asyncio
import signal
from collections.abc import Coroutine, Mapping
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import msgspec

from kubecapy.clock import Clock
from kubecapy.event_loop import fastest_loop

T = TypeVar("T")


class Invocation(msgspec.Struct, frozen=True):
    """One call of the program; every command receives it as `click.Context.obj`."""

    environ: Mapping[str, str]
    """The process environment."""
    clock: Clock
    random: Random

    @property
    def home(self) -> Path:
        """The person's home folder: `HOME`, as the tools of the field read it."""
        return Path(self.environ.get("HOME") or "/")

    @property
    def state_home(self) -> Path:
        """Where programs keep state between runs (XDG base directories 0.8: `XDG_STATE_HOME`)."""
        chosen = self.environ.get("XDG_STATE_HOME", "")
        return Path(chosen) if chosen.startswith("/") else self.home / ".local" / "state"

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` to its end on an event loop of its own and return what it returns.

        SIGTERM ends it as ctrl-C does: `work` is cancelled, cleans up, and `KeyboardInterrupt` is raised. It does so
        for a process in the background too, which a shell starts with ctrl-C ignored.
        """
        with asyncio.Runner(loop_factory=fastest_loop()) as runner:
            try:
                return runner.run(_end_by_sigterm(work))
            except asyncio.CancelledError as error:
                raise KeyboardInterrupt from error


async def _end_by_sigterm(work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns; SIGTERM cancels it."""
    task = asyncio.current_task()
    if task is None:
        raise AssertionError("work runs in a task")
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work
