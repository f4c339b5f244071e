"""Keep every caller of a service from it while it asks for patience.

A service that answers 429, or 413 or 503 with Retry-After, means the whole project, not the one call that it struck:
whoever else calls meanwhile only makes it worse. So nobody does, and those who wanted to come back one after another.
"""

from typing import Final

import msgspec

from kubecapy.clock import Clock
from kubecapy.contract.errors import Throttled
from kubecapy.providers.openstack.cloud.transport import Call, Service

SPACING_SECONDS: Final = 0.05
"""Between two callers that come back after a pause, so that they do not all come at once."""
SPREAD_SECONDS_MAX: Final = 30.0
"""Within so long after a pause everybody may be back."""


class _Pause(msgspec.Struct):
    until: float
    why: str
    turned_away: int = 0


class Patience:
    """Knows which services want to be left alone, and until when."""

    def __init__(self, clock: Clock) -> None:
        """Begin with none."""
        self._clock = clock
        self._pauses: dict[Service, _Pause] = {}

    def note(self, service: Service, error: Throttled) -> None:
        """Note that `service` asked for patience; of several times the latest end counts."""
        until = self._clock.monotonic() + error.retry_after_seconds
        known = self._pauses.get(service)
        if known is None or known.until < until:
            self._pauses[service] = _Pause(until, str(error))

    def check(self, call: Call) -> None:
        """Return where `call` may be sent.

        Raises:
            Throttled: its service is to be left alone; the message repeats why, and each caller gets a later time.
        """
        pause = self._pauses.get(call.service)
        if pause is None:
            return
        left = pause.until - self._clock.monotonic()
        if left <= 0:
            del self._pauses[call.service]
            return
        pause.turned_away += 1
        later = min(pause.turned_away * SPACING_SECONDS, SPREAD_SECONDS_MAX)
        message = f"{call.doing}: not sent, the {call.service} service asked to wait ({pause.why})"
        raise Throttled(message, retry_after_seconds=left + later)
