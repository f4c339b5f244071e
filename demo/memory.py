"""Watch how much memory the demo's processes hold together."""

import contextlib
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from demo.processes import command_of, descendants

SAMPLE_SECONDS = 0.5
_PSS = re.compile(rb"^Pss:\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True)
class Peak:
    """The largest sum that was seen, in MiB, and what made it up."""

    total_mib: float
    shares: tuple[tuple[float, str], ...]
    """MiB and command line of each process at that moment, largest first."""


class MemoryWatch:
    """Samples the proportional set size of this process and all below it; shared pages count once in the sum."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._peak = Peak(0.0, ())
        self._ended = threading.Event()

    @property
    def peak(self) -> Peak:
        """The largest sum so far."""
        return self._peak

    @contextlib.contextmanager
    def running(self) -> Iterator["MemoryWatch"]:
        """Sample for as long as the context lasts."""
        thread = threading.Thread(target=self._sample_until_ended, name="memory-watch", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            thread.join()

    def _sample_until_ended(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            pids = [os.getpid(), *descendants(os.getpid())]
            shares = sorted(((_pss_mib(pid), command_of(pid)) for pid in pids), reverse=True)
            total = sum(share for share, _ in shares)
            if total > self._peak.total_mib:
                self._peak = Peak(total, tuple(shares))


def _pss_mib(pid: int) -> float:
    with contextlib.suppress(OSError):
        found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_bytes())
        return int(found.group(1)) / 1024 if found else 0.0
    return 0.0
