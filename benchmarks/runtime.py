"""Measure the controller runtime on its own: what an event costs, and what a cache of machines weighs.

A scripted server (`benchmarks.scripted_server`) hands out 10,000 Machines of 3.6 KB and then changes of them, over TLS
and as fast as they are taken. Another process (`benchmarks.runtime_process`) runs a manager with an informer of typed
Machines and a controller of four workers on them, and measures itself: its CPU time from the first change until every
key is worked off, and its memory with everything cached. The CPU of TLS, HTTP and decoding is in the figure.
"""

import contextlib
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from benchmarks.report import RuntimeLine
from kubecapy.apimachinery.codec import decode
from kubecapy.apiserver.pki import LocalPki, make_local_pki
from kubecapy.clock import SystemClock

OBJECTS = 10_000
EVENTS = 30_000
CACHED = "cached"
"""What the process prints when everything is in its copy."""
ROUNDS = 3
_ROOT = Path(__file__).resolve().parent.parent


class Findings(msgspec.Struct, frozen=True):
    """What one run of the process found."""

    events_per_second: float
    cpu_microseconds_per_event: float
    passes_per_event: float
    """Below 1, because the queue holds a key once however often it changed."""
    memory_before_mib: float
    memory_cached_mib: float


def measure(rounds: int = ROUNDS) -> Sequence[RuntimeLine]:
    """Run the process some times and return the medians."""
    with tempfile.TemporaryDirectory(prefix="kubecapy-bench-") as made:
        pki = make_local_pki(Path(made) / "pki", ["127.0.0.1"], SystemClock())
        found = [_run(Path(made), pki) for _ in range(rounds)]

    def median(read: Callable[[Findings], float]) -> float:
        return statistics.median(map(read, found))

    return (
        RuntimeLine("events worked off", "per s", median(lambda findings: findings.events_per_second), None),
        RuntimeLine("passes for one event", "", median(lambda findings: findings.passes_per_event), None),
        RuntimeLine("CPU for one event", "us", median(lambda findings: findings.cpu_microseconds_per_event), 60),
        RuntimeLine("memory before", "MiB", median(lambda findings: findings.memory_before_mib), None),
        RuntimeLine(
            "memory with 10,000 machines cached", "MiB", median(lambda findings: findings.memory_cached_mib), 150
        ),
    )


def _run(folder: Path, pki: LocalPki) -> Findings:
    with _scripted_server(pki.ca_certificate.parent) as server:
        assert server.stdout is not None  # noqa: S101 - for mypy: it is a pipe
        config = folder / "kubeconfig"
        config.write_bytes(pki.admin_kubeconfig(f"https://127.0.0.1:{int(server.stdout.readline())}"))
        command = [sys.executable, "-m", "benchmarks.runtime_process", str(config)]
        with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None  # noqa: S101 - for mypy: it is a pipe
            if process.stdout.readline().strip() == CACHED:
                server.send_signal(signal.SIGUSR1)
            return decode(process.stdout.read(), Findings)


@contextlib.contextmanager
def _scripted_server(pki: Path) -> Iterator[subprocess.Popen[str]]:
    sizes = [f"--objects={OBJECTS}", f"--events={EVENTS}"]
    command = [sys.executable, "-m", "benchmarks.scripted_server", str(pki), *sizes]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


if __name__ == "__main__":
    for line in measure():
        print(f"{line.measure}: {line.value:,.1f} {line.unit}")
