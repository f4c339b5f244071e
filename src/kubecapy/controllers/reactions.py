"""Turn an error of a phase into what a reconciler does about it.

`kubecapy.contract.errors.REACTIONS` is the one table of those that a provider may raise; this alone reads it.
"""

from typing import Final

from kubecapy.contract.errors import REACTIONS, NotReady, ProviderError, Reaction, Throttled, Unavailable
from kubecapy.controllers.defects import Defect
from kubecapy.runtime.reconciler import Backoff, Result, TerminalError, Unforeseen

DEFECT: Final = Reaction("InternalError")
"""What follows from an error that nobody foresaw."""
REASONS: Final = (*(reaction.reason for reaction in REACTIONS.values()), DEFECT.reason)
"""The values of the label `reason` of `kubecapy_runtime_passes_ended_early_total`."""


def reaction_to(error: ProviderError | Defect) -> Reaction:
    """Return the row of the nearest class of `error`; one outside of the closed set counts as a failing cloud."""
    if isinstance(error, Defect):
        return DEFECT
    return next((REACTIONS[kind] for kind in type(error).__mro__ if kind in REACTIONS), REACTIONS[Unavailable])


def result_of(error: ProviderError | Defect) -> Result:
    """Return when to look again, with the reason that is counted.

    Raises:
        TerminalError: only a change of the spec can help.
        Backoff: the key's own backoff decides.
        Unforeseen: likewise, and the trace is to be logged.
    """
    reaction = reaction_to(error)
    if isinstance(error, Defect):
        raise Unforeseen(str(error), reason=reaction.reason) from error.__cause__
    if reaction.terminal:
        raise TerminalError(str(error), reason=reaction.reason) from error
    if reaction.requeue_after_seconds is not None:
        return Result(reaction.requeue_after_seconds, reaction.reason)
    if isinstance(error, NotReady | Throttled):
        return Result(error.retry_after_seconds, reaction.reason)
    raise Backoff(str(error), reason=reaction.reason) from error
