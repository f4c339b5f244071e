"""Turn an error of the provider contract into what a reconciler does about it.

`kubecapy.contract.errors.REACTIONS` is the one table; this reads it.
"""

from kubecapy.contract.errors import REACTIONS, NotReady, ProviderError, Reaction, Throttled
from kubecapy.runtime.reconciler import DONE, Backoff, Result


def reaction_to(error: ProviderError) -> Reaction:
    """Return the row of the nearest class of `error`."""
    return next(REACTIONS[kind] for kind in type(error).__mro__ if kind in REACTIONS)


def result_of(error: ProviderError) -> Result:
    """Return when to look again.

    Raises:
        Backoff: the key's own backoff decides.
    """
    reaction = reaction_to(error)
    if reaction.terminal:
        return DONE
    if reaction.requeue_after_seconds is not None:
        return Result(reaction.requeue_after_seconds)
    if isinstance(error, NotReady | Throttled):
        return Result(error.retry_after_seconds)
    raise Backoff(str(error)) from error
