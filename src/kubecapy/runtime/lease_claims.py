"""Decide what a candidate for leadership writes into a Lease; pure.

Source: client-go tools/leaderelection/leaderelection.go (tryAcquireOrRenew, release) and resourcelock/leaselock.go. The
records are the same, so that candidates of both kinds may share a Lease.
"""

from datetime import datetime

from kubecapy.api.coordination import LeaseSpec
from kubecapy.apimachinery.times import format_micro_time

RELEASED_SECONDS = 1
"""Duration of a Lease that was given up: the API takes no zero."""


def is_held_by_other(spec: LeaseSpec, identity: str, seen_seconds: float) -> bool:
    """Return whether somebody else holds a Lease that has not changed for `seen_seconds`.

    The age counts from when the candidate saw the last change, never from `renewTime`: clocks of two hosts differ.
    """
    if not spec.holder_identity or spec.holder_identity == identity:
        return False
    return seen_seconds < (spec.lease_duration_seconds or 0)


def claimed(spec: LeaseSpec | None, identity: str, duration_seconds: int, now: datetime) -> LeaseSpec:
    """Return what makes or keeps `identity` the holder; None stands for a Lease that does not exist yet."""
    moment = format_micro_time(now)
    if spec is not None and spec.holder_identity == identity:
        acquired, transitions = spec.acquire_time, spec.lease_transitions or 0
    else:
        acquired, transitions = moment, 0 if spec is None else (spec.lease_transitions or 0) + 1
    return LeaseSpec(
        holder_identity=identity,
        lease_duration_seconds=duration_seconds,
        acquire_time=acquired,
        renew_time=moment,
        lease_transitions=transitions,
    )


def released(spec: LeaseSpec, now: datetime) -> LeaseSpec:
    """Return what lets the next candidate follow at once."""
    moment = format_micro_time(now)
    return LeaseSpec(
        holder_identity="",
        lease_duration_seconds=RELEASED_SECONDS,
        acquire_time=moment,
        renew_time=moment,
        lease_transitions=spec.lease_transitions or 0,
    )
