"""Write times as OpenStack's services do."""

from datetime import UTC, datetime


def format_time(moment: datetime) -> str:
    """Return `moment` in UTC with whole seconds and `Z`: `2026-11-23T08:57:17Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_micro_time(moment: datetime) -> str:
    """Return `moment` in UTC with six decimals and `Z`, as Keystone writes the life of tokens."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def format_launch_time(moment: datetime) -> str:
    """Return `moment` in UTC with six decimals and no zone, as Nova writes launched_at and terminated_at."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
