"""Say what a reconciler is: one step towards the wish, called with a key alone."""

from typing import Protocol

import msgspec

from kubecapy.apimachinery.meta import ObjectKey


class Result(msgspec.Struct, frozen=True):
    """What the queue should do after a pass that did not fail."""

    requeue_after_seconds: float | None = None
    """Look again after so many seconds; None waits for the next change. The backoff of the key is reset either way."""


DONE = Result()
"""Nothing is left to do until something changes."""


class TerminalError(Exception):
    """The pass failed in a way that no retry mends: it is logged and counted, and waits for a change."""


class Backoff(Exception):
    """The pass met a failure that it has told of already: counted, run again after the key's backoff, no trace."""


class Reconciler(Protocol):
    """Brings one object one step closer to its wish."""

    async def reconcile(self, key: ObjectKey) -> Result:
        """Look at the world and act once.

        Level-triggered and re-entrant: it learns nothing of what happened, may be stopped after any line and is
        never run twice at once for one key. An exception means: log, count, run again after the key's backoff.
        """
        ...
