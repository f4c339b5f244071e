"""Read from /proc what processes have used: CPU time, memory, age."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME, _STARTTIME = 11, 12, 19
"""Places in /proc/PID/stat behind the command's name (proc(5) counts from one, and the name in)."""


def measure_cpu_seconds(pids: Sequence[int]) -> float:
    """Return the CPU time that the processes have used so far, in user and in system mode."""
    fields = [_stat(pid) for pid in pids]
    return sum(int(field[_UTIME]) + int(field[_STIME]) for field in fields) / _TICKS_PER_SECOND


def measure_memory(pids: Sequence[int]) -> float:
    """Return the proportional set size of the processes in MiB: pages that several share count by their share."""
    return sum(_kibibytes(Path(f"/proc/{pid}/smaps_rollup"), "Pss:") for pid in pids) / 1024


def measure_age_seconds(pid: int) -> float:
    """Return how long ago the process was started, to a hundredth of a second."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(_stat(pid)[_STARTTIME]) / _TICKS_PER_SECOND


def _stat(pid: int) -> list[str]:
    # The name is in brackets and may hold anything, brackets included.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _kibibytes(path: Path, label: str) -> int:
    line = next(line for line in path.read_text().splitlines() if line.startswith(label))
    return int(line.split()[1])
