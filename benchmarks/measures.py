"""Name what is measured, in which unit and with which aim, and hold single findings."""

from enum import Enum
from typing import NamedTuple


class Figure(NamedTuple):
    """What a measure is about."""

    title: str
    unit: str
    better: str
    """`more` or `less`."""
    aim: float
    """The least ratio, in favor of the embedded server, that is aimed at."""
    at_most: float | None = None
    """What the embedded server's own figure may be, whatever the other one does."""


class Measure(Enum):
    """What both servers are measured by."""

    CREATE = Figure("create", "per s", "more", 1)
    GET = Figure("get", "per s", "more", 1)
    STATUS = Figure("status merge patch", "per s", "more", 1)
    LIST = Figure("list of 1,000", "ms", "less", 1)
    FAN_OUT = Figure("watch fan-out to 200 streams", "events per s", "more", 1)
    READY = Figure("start to ready", "s", "less", 1, at_most=0.5)
    MEMORY_IDLE = Figure("memory, idle", "MiB", "less", 3)
    MEMORY_LOADED = Figure("memory, loaded", "MiB", "less", 3)


class Sample(NamedTuple):
    """One finding about one server."""

    measure: Measure
    server: str
    value: float
    cpu_microseconds: float | None = None
    """CPU time of the server's processes for one operation; None where it is no matter of operations."""

    def __str__(self) -> str:
        """Return a line for people who wait."""
        figure = self.measure.value
        cpu = "" if self.cpu_microseconds is None else f", {self.cpu_microseconds:,.0f} us of CPU each"
        return f"{figure.title}: {self.server} {self.value:,.1f} {figure.unit}{cpu}"
