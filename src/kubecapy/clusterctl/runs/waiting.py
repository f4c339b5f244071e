"""Wait for something in the world, saying why it is not there yet."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from kubecapy.apimachinery.errors import InternalError, ServerTimeout, ServiceUnavailable, TooManyRequests
from kubecapy.client.interfaces import Unreachable
from kubecapy.clock import Clock
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.runs.progress import Progress

T = TypeVar("T")

FIRST_POLL_SECONDS = 0.05
"""Much is there a moment later; from here each pause is twice the last one, up to `POLL_SECONDS`."""
POLL_SECONDS = 0.5

PASSING = (Unreachable, InternalError, ServiceUnavailable, ServerTimeout, TooManyRequests)
"""What a server that starts or is busy answers; the next look may succeed."""


class NotYet(Exception):
    """A look found that the awaited thing is not there; the message says why."""


class Waiter(msgspec.Struct, frozen=True):
    """Looks again and again, and tells the person why it does."""

    clock: Clock
    progress: Progress
    poll_seconds: float = POLL_SECONDS
    first_poll_seconds: float = FIRST_POLL_SECONDS

    async def wait_for(self, what: str, look: Callable[[], Awaitable[T]], *, limit_seconds: float) -> T:
        """Return what `look` returns once it raises neither `NotYet` nor an error that passes.

        Raises:
            ClusterctlError: `limit_seconds` passed; the message names `what` and the last reason.
        """
        deadline = self.clock.monotonic() + limit_seconds
        pause = self.first_poll_seconds
        while True:
            try:
                return await look()
            except (NotYet, *PASSING) as reason:
                self.progress.waiting(what, str(reason))
                if self.clock.monotonic() >= deadline:
                    raise ClusterctlError(
                        f"timed out after {limit_seconds:.0f} s waiting for {what}: {reason}"
                    ) from reason
            await self.clock.sleep(min(pause, self.poll_seconds))
            pause *= 2
