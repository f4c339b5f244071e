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
        self._doubted: set[str] = set()

    def mark(self, type_: str, status: ConditionStatus, reason: str, message: str = "") -> None:
        """Set the condition of `type_`; an equal one stays as it is."""
        self._doubted.discard(type_)
        new = Condition(type=type_, status=status, reason=reason, message=status_message(message))
        self.items = set_condition(self.items, new, self._now)

    def drop(self, type_: str) -> None:
        """Remove the condition of `type_`, where it no longer says anything."""
        self.items = tuple(item for item in self.items if item.type != type_)

    def doubt(self, type_: str) -> None:
        """Let the finding of before go at the end, unless this pass makes it again, which then dates from before."""
        self._doubted.add(type_)

    def sum_up(self, types: Sequence[str]) -> None:
        """Set Ready: True where all conditions of `types` are True, else the words of the first that is not.

        One that says why comes before one that is not known yet: it is what the pass ended with.
        """
        for type_ in tuple(self._doubted):
            self.drop(type_)
        known = [found for type_ in types if (found := find_condition(self.items, type_)) is not None]
        wrong = next((found for found in known if found.status != "True"), None)
        if wrong is not None:
            self.mark(READY, "False", wrong.reason or f"{wrong.type}{wrong.status}", wrong.message)
        elif len(known) < len(types):
            missing = next(type_ for type_ in types if find_condition(known, type_) is None)
            self.mark(READY, "False", f"{missing}Unknown", f"{missing} is not known yet")
        else:
            self.mark(READY, "True", READY)


def status_message(text: str) -> str:
    """Return `text` fit for a status: no token in it, no request id that differs each time, and not too long."""
    quiet = _REQUEST_ID.sub("", without_tokens(text))
    if len(quiet) <= MAX_MESSAGE_CHARACTERS:
        return quiet
    return quiet[: MAX_MESSAGE_CHARACTERS - 3] + "..."
