"""Say what a reconciler is: one step towards the wish, called with a key alone."""

from typing import Protocol

import msgspec

from kubecapy.apimachinery.meta import ObjectKey


class Result(msgspec.Struct, frozen=True):
    """What the queue should do after a pass that did not fail."""

    requeue_after_seconds: float | None = None
    """Look again after so many seconds; None waits for the next change. The backoff of the key is reset either way."""
    reason: str = ""
    """Why the pass ended before the wish was met, from a closed set; it is counted. Empty where there is no reason."""


DONE = Result()
"""Nothing is left to do until something changes."""


class _ToldFailure(Exception):
    """A failure that the pass has told of already, in a status or an event; only its kind differs."""

    def __init__(self, message: str, *, reason: str = "") -> None:
        """Keep `reason`, from a closed set, to be counted."""
        super().__init__(message)
        self.reason = reason


class TerminalError(_ToldFailure):
    """The pass failed in a way that no retry mends: it is logged and counted, and waits for a change."""


class Backoff(_ToldFailure):
    """The pass met a failure that it has told of already: counted, run again after the key's backoff, no trace."""


class Unforeseen(_ToldFailure):
    """The pass met an error that nobody foresaw, and has told of it: as `Backoff`, and the cause's trace is logged."""


class Reconciler(Protocol):
    """Brings one object one step closer to its wish."""

    async def reconcile(self, key: ObjectKey) -> Result:
        """Look at the world and act once.

        Level-triggered and re-entrant: it learns nothing of what happened, may be stopped after any line and is
        never run twice at once for one key. An exception means: log, count, run again after the key's backoff.
        """
        ...
