"""Name a process so that it cannot be taken for another one that got its id later."""

import contextlib
import os
import signal
import time
from pathlib import Path

import msgspec

_START_FIELD = 19
"""`starttime` among the fields of /proc/<pid>/stat that follow the command's name (proc(5))."""
_PROBE_SECONDS = 0.05


class ProcessMark(msgspec.Struct, frozen=True):
    """A process: its id, and when it began, in clock ticks since the machine's start."""

    pid: int
    began: int


def mark_of(pid: int) -> ProcessMark:
    """Return the mark of a process that runs.

    Raises:
        OSError: there is none, or it has ended and waits for its parent to take notice.
    """
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    if fields[0] == "Z":
        raise ProcessLookupError(f"process {pid} has ended")
    return ProcessMark(pid, int(fields[_START_FIELD]))


def is_alive(mark: ProcessMark) -> bool:
    """Return whether this very process is still there."""
    with contextlib.suppress(OSError):
        return mark_of(mark.pid) == mark
    return False


def end(mark: ProcessMark, patience_seconds: float) -> None:
    """Ask the process to end, and kill it where it has not within the time; a stranger with its id is left alone."""
    _signal(mark, signal.SIGTERM)
    if not await_end(mark, patience_seconds):
        _signal(mark, signal.SIGKILL)
        await_end(mark, patience_seconds)


def await_end(mark: ProcessMark, patience_seconds: float) -> bool:
    """Wait for the end of the process; return whether it came in time."""
    deadline = time.monotonic() + patience_seconds
    while is_alive(mark):
        if time.monotonic() > deadline:
            return False
        time.sleep(_PROBE_SECONDS)
    return True


def _signal(mark: ProcessMark, number: signal.Signals) -> None:
    # The descriptor stays with the process that it was opened for, whoever gets its id after the check.
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(mark.pid)
        try:
            if is_alive(mark):
                signal.pidfd_send_signal(descriptor, number)
        finally:
            os.close(descriptor)
