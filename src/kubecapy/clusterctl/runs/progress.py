"""Tell the person what happens: a log line for each step, and while something is awaited, why it is not there yet.

On a terminal the reason stands in one moving line with the seconds so far; elsewhere a new line is logged whenever the
reason changes. All of it goes to standard error.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kubecapy.clock import Clock
from kubecapy.telemetry.logs import V, get_logger

if TYPE_CHECKING:
    from rich.status import Status

logger = get_logger(__name__)

REPEAT_SECONDS = 5.0
"""How often `--v 2` repeats a reason that stays the same."""
CALLER = 2
"""Log lines name the caller's file and line, as klog's depth argument has it."""


class Progress:
    """Tells of the steps of one run."""

    def __init__(self, clock: Clock, *, status: "Status | None" = None) -> None:
        """Measure by `clock`; `status` is the moving line of a terminal, None where there is none."""
        self._clock = clock
        self._status = status
        self._started = clock.monotonic()
        self._reason = ""
        self._told_at = self._started

    def step(self, text: str) -> None:
        """Tell that a step begins."""
        self._reason = ""
        logger.info(text, stacklevel=CALLER)
        self._show(text)

    def detail(self, verbosity: int, text: str) -> None:
        """Tell what only `--v verbosity` shows."""
        logger.log(V(verbosity), text, stacklevel=CALLER)

    def warn(self, text: str) -> None:
        """Tell what a person should know though the run goes on."""
        logger.warning(text, stacklevel=CALLER)

    def waiting(self, what: str, reason: str) -> None:
        """Tell that `what` is awaited and why it is not there yet; called at every poll."""
        text = f"waiting for {what}: {reason}" if reason else f"waiting for {what}"
        self._show(text)
        is_news = text != self._reason
        if not is_news and self._clock.monotonic() - self._told_at < REPEAT_SECONDS:
            return
        self._reason, self._told_at = text, self._clock.monotonic()
        level = V(0) if is_news and self._status is None else V(2)
        logger.log(level, "%s (%.0f s)", text, self.elapsed_seconds, stacklevel=CALLER)

    @property
    def elapsed_seconds(self) -> float:
        """Seconds since the run began."""
        return self._clock.monotonic() - self._started

    def _show(self, text: str) -> None:
        if self._status is not None:
            self._status.update(f"{text} ({self.elapsed_seconds:.0f} s)")


@contextmanager
def open_progress(clock: Clock) -> Iterator[Progress]:
    """Open the display that fits standard error: a moving line on a terminal, log lines elsewhere."""
    if not sys.stderr.isatty():
        yield Progress(clock)
        return
    # Heavy, and of no use without a terminal.
    from rich.console import Console

    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    with console.status("", spinner="dots") as status, _log_lines_above():
        yield Progress(clock, status=status)


@contextmanager
def _log_lines_above() -> Iterator[None]:
    """Send log lines through the display, which replaced `sys.stderr`, so that they pass above the moving line."""
    handlers = [handler for handler in logging.getLogger().handlers if isinstance(handler, logging.StreamHandler)]
    before = [handler.setStream(sys.stderr) for handler in handlers]
    try:
        yield
    finally:
        for handler, stream in zip(handlers, before, strict=True):
            handler.setStream(stream or sys.__stderr__)
