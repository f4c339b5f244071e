"""Put samples together: medians, ratios, a table for people and a JSON file that can be compared later."""

import os
import platform
import sqlite3
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import aiohttp
import msgspec

from benchmarks.measures import Measure, Sample
from benchmarks.servers import EMBEDDED, KUBERNETES
from kubecapy.clock import SystemClock

_PAGE_SIZE, _PAGES = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_PHYS_PAGES")


class Line(NamedTuple):
    """What was found by one measure."""

    measure: str
    unit: str
    embedded: float
    """Median of the rounds, as is the next."""
    kubernetes: float
    ratio: float
    """Median of the rounds' ratios; above 1 in favor of the embedded server."""
    ratios: tuple[float, ...]
    """Round by round."""
    aim: float
    at_most: float | None
    """The embedded server's own figure is aimed at, too, where one is named."""
    embedded_cpu_microseconds: float | None
    """For one operation, median of the rounds; None where it is no matter of operations."""
    kubernetes_cpu_microseconds: float | None


class RuntimeLine(NamedTuple):
    """What was found about the controller runtime."""

    measure: str
    unit: str
    value: float
    aim: float | None
    """At most this; None where nothing is aimed at."""


class Results(NamedTuple):
    """Everything that one run found."""

    date: str
    machine: Mapping[str, str | int]
    """What kind it is, without its name."""
    lines: Sequence[Line]
    runtime: Sequence[RuntimeLine]

    @classmethod
    def of(cls, samples: Sequence[Sample], runtime: Sequence[RuntimeLine]) -> Self:
        """Put the samples of one run together."""
        lines = [_line(measure, samples) for measure in Measure]
        return cls(SystemClock().now().date().isoformat(), describe_machine(), lines, runtime)


def render(results: Results) -> str:
    """Return the tables."""
    rows = [["", "unit", EMBEDDED, KUBERNETES, "ratio", "rounds", "aim", "", "CPU us each", "", "ratio"]]
    rows += [_row(line) for line in results.lines]
    runtime = [["controller runtime", "unit", "found", "at most", ""]]
    runtime += [_runtime_row(line) for line in results.runtime]
    return f"{align(rows)}\n\n{align(runtime)}\n"


def write(results: Results, path: Path) -> None:
    """Write the JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    value = {
        "date": results.date,
        "machine": results.machine,
        "servers": [line._asdict() for line in results.lines],
        "runtime": [line._asdict() for line in results.runtime],
    }
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def _line(measure: Measure, samples: Sequence[Sample]) -> Line:
    ours = [sample for sample in samples if sample.measure is measure and sample.server == EMBEDDED]
    theirs = [sample for sample in samples if sample.measure is measure and sample.server == KUBERNETES]
    figure = measure.value
    ratios = tuple(
        our.value / their.value if figure.better == "more" else their.value / our.value
        for our, their in zip(ours, theirs, strict=True)
    )
    return Line(
        measure=figure.title,
        unit=figure.unit,
        embedded=statistics.median(sample.value for sample in ours),
        kubernetes=statistics.median(sample.value for sample in theirs),
        ratio=statistics.median(ratios),
        ratios=ratios,
        aim=figure.aim,
        at_most=figure.at_most,
        embedded_cpu_microseconds=_median_cpu(ours),
        kubernetes_cpu_microseconds=_median_cpu(theirs),
    )


def _median_cpu(samples: Sequence[Sample]) -> float | None:
    found = [sample.cpu_microseconds for sample in samples if sample.cpu_microseconds is not None]
    return statistics.median(found) if found else None


def _row(line: Line) -> list[str]:
    spread = f"{min(line.ratios):.2f} to {max(line.ratios):.2f}"
    is_reached = line.ratio >= line.aim and (line.at_most is None or line.embedded <= line.at_most)
    aim = f"{line.aim:g}" if line.at_most is None else f"{line.aim:g}, {line.at_most:g} {line.unit}"
    reached = "reached" if is_reached else "MISSED"
    cpu = ["", "", ""]
    if line.embedded_cpu_microseconds is not None and line.kubernetes_cpu_microseconds is not None:
        ours, theirs = line.embedded_cpu_microseconds, line.kubernetes_cpu_microseconds
        cpu = [f"{ours:,.0f}", f"{theirs:,.0f}", f"{theirs / ours:.2f}"]
    values = [_number(line.embedded), _number(line.kubernetes), f"{line.ratio:.2f}", spread, aim, reached]
    return [line.measure, line.unit, *values, *cpu]


def _runtime_row(line: RuntimeLine) -> list[str]:
    if line.aim is None:
        return [line.measure, line.unit, _number(line.value), "", ""]
    return [
        line.measure,
        line.unit,
        _number(line.value),
        f"{line.aim:g}",
        "reached" if line.value <= line.aim else "MISSED",
    ]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def align(rows: Sequence[Sequence[str]]) -> str:
    """Return `rows` as lines of equal columns; the first two are text, the others figures."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if index < 2 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def describe_machine() -> Mapping[str, str | int]:
    """Return what kind of machine this is, without its name."""
    return {
        "cpus": os.cpu_count() or 0,
        "memory_gib": round(_PAGE_SIZE * _PAGES / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "aiohttp": aiohttp.__version__,
        "sqlite": sqlite3.sqlite_version,
    }
