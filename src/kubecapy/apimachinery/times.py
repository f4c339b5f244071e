"""Write and read times as Kubernetes does.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/ and metav1.Time, metav1.MicroTime.
"""

from datetime import UTC, datetime


def format_time(moment: datetime) -> str:
    """Return `moment` as Kubernetes writes metav1.Time: RFC 3339, UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_micro_time(moment: datetime) -> str:
    """Return `moment` as Kubernetes writes metav1.MicroTime: RFC 3339, UTC, six decimals, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text: str) -> datetime:
    """Return the aware UTC time of an RFC 3339 `text`.

    Raises:
        ValueError: `text` is not RFC 3339 or carries no zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time without a zone: {text!r}")
    return moment.astimezone(UTC)
