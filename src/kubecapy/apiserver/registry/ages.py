"""Word a span of time as kubectl's tables do.

Source: k8s.io/apimachinery pkg/util/duration, HumanDuration.
"""

from datetime import datetime

from kubecapy.apimachinery.times import parse_time

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def format_age(since: object, now: datetime) -> str:
    """Return the time from the RFC 3339 text `since` to `now`, such as `5m30s`; `<unknown>` where it is no time."""
    if not isinstance(since, str):
        return "<unknown>"
    try:
        started = parse_time(since)
    except ValueError:
        return "<unknown>"
    return format_duration(int((now - started).total_seconds()))


def format_duration(seconds: int) -> str:
    """Return `seconds` in one or two units, the finer the shorter the span."""
    if seconds < -1:
        return "<invalid>"
    if seconds < 2 * _MINUTE:
        return f"{max(0, seconds)}s"
    if seconds < 10 * _MINUTE:
        return _two(seconds // _MINUTE, "m", seconds % _MINUTE, "s")
    if seconds < 3 * _HOUR:
        return f"{seconds // _MINUTE}m"
    if seconds < 8 * _HOUR:
        return _two(seconds // _HOUR, "h", seconds % _HOUR // _MINUTE, "m")
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR}h"
    if seconds < 8 * _DAY:
        return _two(seconds // _DAY, "d", seconds % _DAY // _HOUR, "h")
    days = seconds // _DAY
    if days < 2 * 365:
        return f"{days}d"
    if days < 8 * 365:
        return _two(days // 365, "y", days % 365, "d")
    return f"{days // 365}y"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"
