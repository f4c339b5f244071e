"""Measure the embedded API server beside kube-apiserver with etcd, in one run: `make bench-api`.

What is compared
    embedded    `kubecapy apiserver`: one process, SQLite store with WAL and synchronous=FULL
    kubernetes  kube-apiserver and etcd as they ship: two processes, every commit waits for the disk

How fairly
    - One client for both (`benchmarks.wire`): HTTP/1.1 over TLS with a client certificate, a connection for each of the
      50 requests in flight. It is lean, so that the server is what is measured, and runs as a process of its own.
    - The same definition and the same objects: Machines of 2 KB, 3.6 KB with their status.
    - Both servers run all the time, and each load goes to one, then to the other, in rounds; which of them begins
      changes from round to round. A ratio is made within a round, and the median of the rounds is told: what else the
      machine does meanwhile harms both alike.
    - The embedded server's Python files are compiled first, as an installation does: kube-apiserver comes compiled.
    - Client and server share the machine's cores. kube-apiserver and etcd use all of them, the embedded server one.

What is printed
    For each load: what both reached, their ratio, and the CPU that the server's processes took for one operation
    (from /proc). A ratio above 1 is in favor of the embedded server. Memory is proportional set size, of all of a
    server's processes. Below stand the controller runtime's own figures (`benchmarks.runtime`). The same goes to a
    JSON file, without the name of the machine.
"""

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from benchmarks import loads, report, runtime, servers
from benchmarks.measures import Measure, Sample
from benchmarks.process_usage import measure_memory
from benchmarks.servers import Server
from kubecapy.daemons.process import run_process

ROUNDS = 5
STARTS = 5
LOAD_SECONDS = 200.0
"""No further round begins after so long, so that a run on a slow machine ends in time, with fewer rounds."""
T = TypeVar("T")
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Measure, print the table, write the JSON file."""
    arguments = _parse()
    samples: list[Sample] = []
    with tempfile.TemporaryDirectory(prefix="kubecapy-bench-") as made:
        folder = Path(made)
        samples += measure_starts(folder, arguments.starts)
        with contextlib.ExitStack() as stack:
            both = [stack.enter_context(server) for server in _open(folder / "loads")]
            run_process(_measure_loads(both, arguments.rounds, samples))
    print(".. controller runtime", file=sys.stderr)
    figures = runtime.measure()
    results = report.Results.of(samples, figures)
    print(report.render(results))
    report.write(results, arguments.output)


def measure_starts(folder: Path, starts: int) -> list[Sample]:
    """Start each server on an empty folder, in turn, and return how long each took until it served."""
    samples = []
    servers.compile_modules()
    for number in range(starts):
        for opened in _in_turn(list(_open(folder / f"start-{number}")), number):
            with opened as server:
                print(f".. start {number + 1} of {starts}: {server.name} {server.ready_seconds:.2f} s", file=sys.stderr)
                cpu = server.ready_cpu_seconds * 1e6
                samples.append(Sample(Measure.READY, server.name, server.ready_seconds, cpu))
    return samples


def _open(folder: Path) -> Iterator[contextlib.AbstractContextManager[Server]]:
    yield servers.run_embedded(folder / "embedded")
    yield servers.run_kubernetes(folder / "kubernetes")


async def _measure_loads(both: list[Server], rounds: int, samples: list[Sample]) -> None:
    for server in both:
        await loads.prepare(server)
        samples.append(Sample(Measure.MEMORY_IDLE, server.name, measure_memory(server.pids)))
    began = time.monotonic()
    for number in range(rounds):
        if time.monotonic() - began > LOAD_SECONDS:
            print(f".. the machine is slow: {number} of {rounds} rounds have to do", file=sys.stderr)
            break
        for load in loads.LOADS:
            for server in _in_turn(both, number):
                sample = await load.run(server, number)
                print(f".. round {number + 1} of {rounds}: {sample}", file=sys.stderr)
                samples.append(sample)
    samples += [Sample(Measure.MEMORY_LOADED, server.name, measure_memory(server.pids)) for server in both]


def _in_turn(both: list[T], number: int) -> list[T]:
    return both if number % 2 == 0 else both[::-1]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-api", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds of all loads")
    parser.add_argument("--starts", type=int, default=STARTS, help="starts of each server")
    parser.add_argument("--output", type=Path, default=RESULTS / "api.json", help="the JSON file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
