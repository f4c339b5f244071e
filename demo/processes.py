"""Find and end the processes that the demo started, and theirs.

Linux only in its details (/proc, subreaper); elsewhere the direct children alone are seen.
"""

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_PROC = Path("/proc")


def adopt_orphans() -> None:
    """Make the kernel hand us the children of processes that died, so that none escapes `descendants`."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants(root: int) -> list[int]:
    """Return the ids of all processes below `root`, parents before children; zombies are left out."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                children.setdefault(int(parent), []).append(int(entry.name))
    found: list[int] = []
    queue = [root]
    while queue:
        below = children.get(queue.pop(0), [])
        found += below
        queue += below
    return found


def command_of(pid: int) -> str:
    """Return the command line of `pid`; empty where it is gone."""
    with contextlib.suppress(OSError):
        return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return ""


def end_descendants(root: int, *, patience_seconds: float) -> list[str]:
    """Ask every process below `root` to end, then kill what is left; return the command lines of those killed."""
    _signal_all(descendants(root), signal.SIGTERM)
    deadline = time.monotonic() + patience_seconds
    while descendants(root) and time.monotonic() < deadline:
        _reap()
        time.sleep(0.05)
    stubborn = descendants(root)
    named = [command_of(pid) for pid in stubborn]
    _signal_all(stubborn, signal.SIGKILL)
    _reap()
    return named


def _signal_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
