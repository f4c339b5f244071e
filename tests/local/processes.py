"""Look at the processes of this machine, for tests that must leave none."""

import contextlib
import os
from pathlib import Path


def descendants(root: int) -> dict[int, str]:
    """Return the processes below `root`: process id to start time, which together name a process for ever."""
    parents: dict[int, tuple[int, str]] = {}
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            parents[int(folder.name)] = (int(fields[1]), fields[19])
    found: dict[int, str] = {}
    frontier = {root}
    while frontier:
        frontier = {pid for pid, (parent, _) in parents.items() if parent in frontier and pid not in found}
        found.update({pid: parents[pid][1] for pid in frontier})
    return found


def still_there(processes: dict[int, str]) -> list[int]:
    """Return which of `processes` live."""
    return [pid for pid, started in processes.items() if _start_time(pid) == started]


def _start_time(pid: int) -> str:
    with contextlib.suppress(OSError, IndexError):
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if state == "Z" and os.getpid() else fields[18]
    return ""
