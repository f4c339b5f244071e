"""Read and write durations and points in time as rules do.

Limit: both keep microseconds; Go keeps nanoseconds.

Sources: common/types/{duration,timestamp}.go of cel-go; time.ParseDuration and time.RFC3339 of Go.
"""

import re
from datetime import datetime, timedelta
from typing import Final

_DURATION: Final = re.compile(r"[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_PART: Final = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_MICROSECONDS: Final = {
    "ns": 0.001, "us": 1, "µs": 1, "μs": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000,
}  # fmt: skip
_TIMESTAMP: Final = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_LONGEST: Final = timedelta(microseconds=(2**63 - 1) // 1_000)


def read_duration(text: str) -> timedelta:
    """Return the duration that a text such as `1h30m` is.

    Raises:
        ValueError: it is none, or longer than 292 years.
    """
    if not _DURATION.fullmatch(text):
        raise ValueError(f"time: invalid duration {text}")
    parts = _PART.findall(text)
    try:
        length = timedelta(microseconds=sum(float(count) * _MICROSECONDS[unit] for count, unit in parts))
    except OverflowError:
        length = timedelta.max
    if length > _LONGEST:
        raise ValueError(f"time: invalid duration {text}")
    return -length if text.startswith("-") else length


def read_timestamp(text: str) -> datetime:
    """Return the point in time that an RFC 3339 text is.

    Raises:
        ValueError: it is none.
    """
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        raise ValueError(f"parsing time {text}")
    day, hour, fraction, zone = found.groups()
    return datetime.fromisoformat(f"{day}T{hour}.{(fraction or '0')[:6].ljust(6, '0')}{zone}")


def write_duration(value: timedelta) -> str:
    """Return a duration in seconds: `5400s`, `0.5s`."""
    micros = value // timedelta(microseconds=1)
    sign = "-" if micros < 0 else ""
    whole, rest = divmod(abs(micros), 1_000_000)
    return f"{sign}{whole}{f'.{rest:06}'.rstrip('0') if rest else ''}s"


def write_timestamp(value: datetime) -> str:
    """Return a point in time by RFC 3339, in its own zone, with as many digits of its fraction as it has."""
    fraction = f".{value.microsecond:06}".rstrip("0") if value.microsecond else ""
    seconds, zone = value.replace(microsecond=0).isoformat()[:19], value.isoformat()[-6:]
    return f"{seconds}{fraction}{'Z' if zone == '+00:00' else zone}"
