"""Put the findings about workers together: ratios, a table for people and a JSON file that can be compared later."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import msgspec

from benchmarks.report import align, describe_machine
from kubecapy.clock import SystemClock

BARE = "bare"
CREATE_AIM, DELETE_AIM, LAG_AIM_SECONDS = 1.3, 1.5, 2.0
"""At most so many times the bare client's time, and so long after ACTIVE."""


class Batch(NamedTuple):
    """What one side took for one size."""

    side: str
    size: int
    create_seconds: float
    create_calls: Mapping[str, int]
    """By service, everything counted."""
    delete_seconds: float
    delete_calls: Mapping[str, int]
    memory_mebibytes: float
    """Of the client's or the controllers' process, when all servers ran."""
    cpu_seconds: float
    """Of the same process, for its start, the creation and the deletion."""

    def __str__(self) -> str:
        """Return a line for people who wait."""
        return (
            f"{self.side}, {self.size} workers: created in {self.create_seconds:.1f} s with "
            f"{sum(self.create_calls.values())} calls, deleted in {self.delete_seconds:.1f} s with "
            f"{sum(self.delete_calls.values())}"
        )


class Results(NamedTuple):
    """Everything that one run found."""

    date: str
    machine: Mapping[str, str | int]
    """What kind it is, without its name."""
    batches: Sequence[Batch]
    lag_seconds: float
    """From Nova's first ACTIVE to the Machine's word, for one worker."""

    @classmethod
    def of(cls, batches: Sequence[Batch], lag_seconds: float) -> Self:
        """Put the findings of one run together."""
        return cls(SystemClock().now().date().isoformat(), describe_machine(), batches, lag_seconds)


def render(results: Results) -> str:
    """Return the tables."""
    head = [
        "workers",
        "",
        "create s",
        "ratio",
        "aim",
        "calls each",
        "delete s",
        "ratio",
        "aim",
        "calls each",
        "MiB",
        "CPU s",
    ]
    rows = [head, *(_row(batch, results.batches) for batch in sorted(results.batches, key=lambda item: item.size))]
    lag = [["one worker", "found", "at most"], ["s from ACTIVE", f"{results.lag_seconds:.1f}", f"{LAG_AIM_SECONDS:g}"]]
    return f"{align(rows)}\n\n{align(lag)}\n"


def write(results: Results, path: Path) -> None:
    """Write the JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    value = results._asdict() | {"batches": [batch._asdict() for batch in results.batches]}
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def _row(batch: Batch, batches: Sequence[Batch]) -> list[str]:
    floor = next(other for other in batches if other.side == BARE and other.size == batch.size)
    is_floor = batch.side == BARE
    return [
        str(batch.size),
        batch.side,
        f"{batch.create_seconds:.1f}",
        "" if is_floor else f"{batch.create_seconds / floor.create_seconds:.2f}",
        "" if is_floor else f"{CREATE_AIM:g}",
        f"{sum(batch.create_calls.values()) / batch.size:.1f}",
        f"{batch.delete_seconds:.1f}",
        "" if is_floor else f"{batch.delete_seconds / floor.delete_seconds:.2f}",
        "" if is_floor else f"{DELETE_AIM:g}",
        f"{sum(batch.delete_calls.values()) / batch.size:.1f}",
        f"{batch.memory_mebibytes:.0f}",
        f"{batch.cpu_seconds:.1f}",
    ]
