"""Remember for a moment whether a workload cluster answers, so that many machines ask it once."""

from typing import Final

import msgspec

from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.client.interfaces import Raw, Unreachable
from kubecapy.clock import Clock

ALIVE_SECONDS: Final = 30.0
"""A cluster that answered is asked again after so long."""
SILENT_SECONDS: Final = 1.0
"""A cluster that did not answer is asked again after so long."""


class _Finding(msgspec.Struct, frozen=True):
    at: float
    problem: str | None


class Pulse:
    """Asks API servers whether they are ready."""

    def __init__(self, clock: Clock) -> None:
        """Know nothing yet; remember by `clock`."""
        self._clock = clock
        self._findings: dict[ObjectKey, _Finding] = {}

    async def check(self, cluster: ObjectKey, client: Raw) -> None:
        """Ask the API server of `cluster` whether it is ready, unless that is known from a moment ago.

        Raises:
            Unreachable: it did not answer, now or a moment ago.
            StatusError: it is not ready.
        """
        known = self._findings.get(cluster)
        now = self._clock.monotonic()
        if known is not None and now - known.at < (ALIVE_SECONDS if known.problem is None else SILENT_SECONDS):
            if known.problem is not None:
                raise Unreachable(known.problem)
            return
        try:
            await client.request("GET", "/readyz")
        except Unreachable as error:
            self._findings[cluster] = _Finding(self._clock.monotonic(), str(error))
            raise
        self._findings[cluster] = _Finding(self._clock.monotonic(), None)

    def forget(self, cluster: ObjectKey) -> None:
        """Know nothing of `cluster` any more."""
        self._findings.pop(cluster, None)
