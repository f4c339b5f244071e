"""What a candidate writes into a Lease."""

from datetime import UTC, datetime

import pytest

from kubecapy.api.coordination import LeaseSpec
from kubecapy.runtime.lease_claims import claimed, is_held_by_other, released

NOW = datetime(2019, 4, 4, 6, 0, 0, 123456, tzinfo=UTC)
MOMENT = "2019-04-04T06:00:00.123456Z"
BEFORE = "2019-04-04T05:00:00.000000Z"


def held_by(holder: str, transitions: int = 3) -> LeaseSpec:
    return LeaseSpec(
        holder_identity=holder,
        lease_duration_seconds=15,
        acquire_time=BEFORE,
        renew_time=BEFORE,
        lease_transitions=transitions,
    )


@pytest.mark.parametrize(
    ("spec", "seen_seconds", "held"),
    [
        (held_by("other"), 0.0, True),
        (held_by("other"), 14.9, True),
        (held_by("other"), 15.0, False),
        (held_by("me"), 0.0, False),
        (held_by(""), 0.0, False),
        (LeaseSpec(), 0.0, False),
        (LeaseSpec(holder_identity="other"), 0.0, False),
    ],
    ids=["fresh", "nearly over", "over", "own", "released", "empty", "without duration"],
)
def test_a_lease_is_held_for_its_duration_since_it_was_seen_to_change(
    spec: LeaseSpec, seen_seconds: float, held: bool
) -> None:
    assert is_held_by_other(spec, "me", seen_seconds) is held


def test_the_first_holder_begins_without_transitions() -> None:
    assert claimed(None, "me", 15, NOW) == LeaseSpec(
        holder_identity="me",
        lease_duration_seconds=15,
        acquire_time=MOMENT,
        renew_time=MOMENT,
        lease_transitions=0,
    )


def test_taking_over_counts_a_transition_and_renewing_does_not() -> None:
    taken = claimed(held_by("other"), "me", 15, NOW)
    renewed = claimed(held_by("me"), "me", 15, NOW)

    assert (taken.holder_identity, taken.acquire_time, taken.lease_transitions) == ("me", MOMENT, 4)
    assert (renewed.holder_identity, renewed.acquire_time, renewed.lease_transitions) == ("me", BEFORE, 3)
    assert renewed.renew_time == MOMENT


def test_a_released_lease_names_nobody_and_keeps_its_transitions() -> None:
    assert released(held_by("me"), NOW) == LeaseSpec(
        holder_identity="", lease_duration_seconds=1, acquire_time=MOMENT, renew_time=MOMENT, lease_transitions=3
    )
