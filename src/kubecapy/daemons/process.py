"""Run one coroutine as a process: an event loop of the fastest kind, and signals that ask it to end."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

from kubecapy.event_loop import fastest_loop


def run_process(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` to its end; SIGTERM and ctrl-C cancel it, and it then ends in its own order.

    Work that wants to end in another way calls `on_termination`.
    """
    with asyncio.Runner(loop_factory=fastest_loop()) as runner:
        loop = runner.get_loop()

        async def cancellable() -> None:
            main = asyncio.current_task(loop)
            if main is not None:
                on_termination(main.cancel)
            await work

        try:
            runner.run(cancellable())
        except asyncio.CancelledError:
            return


def on_termination(stop: Callable[[], object]) -> None:
    """Call `stop` on SIGTERM or ctrl-C, in place of whatever was called before."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
