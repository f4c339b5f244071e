"""Keep conditions: named findings with a status, a reason and the time since when they hold.

Source: https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md,
section "Typical status properties" (metav1.Condition).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from kubecapy.apimachinery.meta import Value
from kubecapy.apimachinery.times import format_time

ConditionStatus = Literal["True", "False", "Unknown"]


class Condition(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One finding; `type` is unique in its list."""

    type: str
    """Upper camel case, such as `InfrastructureReady`."""
    status: ConditionStatus
    """True, False or Unknown."""
    reason: str = ""
    """Machine-readable, upper camel case."""
    message: str = ""
    """For people: what was attempted, on what, what came back."""
    last_transition_time: str | None = None
    """RFC 3339; when `status` last changed."""
    observed_generation: int | None = None
    """The object's generation that the finding is about."""


def find_condition(conditions: Sequence[Condition], type_: str) -> Condition | None:
    """Return the condition of `type_`; None where it was never set."""
    return next((condition for condition in conditions if condition.type == type_), None)


def is_true(conditions: Sequence[Condition], type_: str) -> bool:
    """Return whether the condition of `type_` is there and True."""
    found = find_condition(conditions, type_)
    return found is not None and found.status == "True"


def set_condition(conditions: Sequence[Condition], new: Condition, now: datetime) -> tuple[Condition, ...]:
    """Return `conditions` with `new` in place of the one of its type, in the order of first setting.

    The transition time stays while the status does; an unchanged condition is returned as it was, so that an equal
    pass writes nothing.
    """
    old = find_condition(conditions, new.type)
    if old is not None and old.status == new.status:
        since = old.last_transition_time
    else:
        since = format_time(now)
    stamped = msgspec.structs.replace(new, last_transition_time=since)
    if old is None:
        return (*conditions, stamped)
    return tuple(stamped if condition.type == new.type else condition for condition in conditions)
