"""Name every way in which a cloud can fail, by what the reconciler does about it.

The set is closed; `REACTIONS` is the one table from error to requeue, condition reason and metric label.

    ProviderError
    ├── NotFound               something that the spec refers to is not there; look again, it may appear
    ├── InvalidConfiguration   terminal: a human must change the spec
    ├── CapacityExhausted      quota or no valid host; look again rarely
    ├── Throttled              wait retry_after_seconds
    ├── NotReady               the cloud is at work; look again after retry_after_seconds
    ├── Unavailable            the cloud did not answer or failed; back off
    ├── PermissionDenied       credentials are wrong or lack a right; a human must act, look again rarely
    └── Conflict               another state than expected; look again with backoff

Rules for a provider:

- Translate the cloud's errors at the edge that talks to it, chained with `from`. Nothing else may leave a verb: an
  exception of another class counts as a defect. The condition of the step says `InternalError`, its class and its
  place, never its words, which may hold anything; the log has the trace, and it is tried again with backoff.
- Raise one of the eight, or a subclass of one, never `ProviderError` itself.
- The message is one sentence for a status line, at most some 300 characters: what was attempted, on which object, what
  came back, with the cloud's request id. No line breaks, no bodies, no password, token or user data. It names what a
  person has to change: the field, the missing image, the quota.
- The same failure has the same words each time but for the request id: a message that differs is a new event.
- In doubt between `NotFound` and `Unavailable` take `Unavailable`: only a cloud's own word means that a thing is gone.
"""

from collections.abc import Mapping
from typing import Final

import msgspec


class ProviderError(Exception):
    """A cloud refused or failed; the message says what was attempted, on what, what came back, without secrets.

    The parent of the closed set, for `except`; it is not raised itself.
    """


class NotFound(ProviderError):
    """Something that the spec refers to is not there.

    Never for the machine's own server: `observe_instance` returns None, and `delete` succeeds.
    """


class InvalidConfiguration(ProviderError):
    """The spec can never work as it is; a human must change it."""


class CapacityExhausted(ProviderError):
    """A quota or the cloud itself is full."""


class NotReady(ProviderError):
    """The cloud is at work; nothing is wrong."""

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        """Keep in how many seconds to look again; 0 is at once."""
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Throttled(ProviderError):
    """The cloud asks for patience."""

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        """Keep how many seconds the cloud asks to wait, or a guess where it does not say; 0 is none."""
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(ProviderError):
    """The cloud did not answer, or answered with a failure of its own."""


class PermissionDenied(ProviderError):
    """The credentials are wrong or lack a right."""


class Conflict(ProviderError):
    """The cloud holds another state than the step expected."""


class Reaction(msgspec.Struct, frozen=True):
    """What follows from one class of error."""

    reason: str
    """Reason of the condition and of the event, and value of the label `reason` of the metric
    `kubecapy_runtime_passes_ended_early_total`."""
    terminal: bool = False
    """True where only a change of the spec can help: no requeue, errorReason is set."""
    requeue_after_seconds: float | None = None
    """A fixed wait; None means the key's backoff, or the error's own retry_after_seconds."""
    is_failure: bool = True
    """False where nothing is wrong: no event and no line in the log."""


REACTIONS: Final[Mapping[type[ProviderError], Reaction]] = {
    NotFound: Reaction("ReferenceNotFound"),
    InvalidConfiguration: Reaction("InvalidConfiguration", terminal=True),
    CapacityExhausted: Reaction("CapacityExhausted", requeue_after_seconds=60.0),
    Throttled: Reaction("Throttled"),
    NotReady: Reaction("WaitingForCloud", is_failure=False),
    Unavailable: Reaction("CloudUnavailable"),
    PermissionDenied: Reaction("PermissionDenied", requeue_after_seconds=60.0),
    Conflict: Reaction("CloudConflict"),
}
"""Every class of the closed set has exactly one row."""
