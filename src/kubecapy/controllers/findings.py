"""Collect the conditions that one pass finds, and sum them up.

A pass looks again at everything that it can see, so what it does not reach keeps the finding of before.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from kubecapy.apimachinery.conditions import Condition, ConditionStatus, find_condition, set_condition
from kubecapy.bootstrap.tokens import without_tokens

READY: Final = "Ready"
MAX_MESSAGE_CHARACTERS: Final = 1024
"""Limit: metav1.Condition allows 32768; a status line wants less."""

_REQUEST_ID = re.compile(r"\s*\(req-[0-9a-f-]{8,36}\)|,?\s*\breq-[0-9a-f-]{8,36}\b")


class Findings:
    """Conditions of one object while a pass runs."""

    def __init__(self, before: Sequence[Condition], now: datetime) -> None:
        """Begin with the conditions that are stored."""
        self.items = tuple(before)
        self._now = now

    def mark(self, type_: str, status: ConditionStatus, reason: str, message: str = "") -> None:
        """Set the condition of `type_`; an equal one stays as it is."""
        new = Condition(type=type_, status=status, reason=reason, message=status_message(message))
        self.items = set_condition(self.items, new, self._now)

    def drop(self, type_: str) -> None:
        """Remove the condition of `type_`, where it no longer says anything."""
        self.items = tuple(item for item in self.items if item.type != type_)

    def sum_up(self, types: Sequence[str]) -> None:
        """Set Ready: True where all conditions of `types` are True, else the words of the first that is not."""
        for type_ in types:
            found = find_condition(self.items, type_)
            if found is None:
                self.mark(READY, "False", f"{type_}Unknown", f"{type_} is not known yet")
                return
            if found.status != "True":
                self.mark(READY, "False", found.reason or f"{type_}{found.status}", found.message)
                return
        self.mark(READY, "True", READY)


def status_message(text: str) -> str:
    """Return `text` fit for a status: no token in it, no request id that differs each time, and not too long."""
    quiet = _REQUEST_ID.sub("", without_tokens(text))
    if len(quiet) <= MAX_MESSAGE_CHARACTERS:
        return quiet
    return quiet[: MAX_MESSAGE_CHARACTERS - 3] + "..."
