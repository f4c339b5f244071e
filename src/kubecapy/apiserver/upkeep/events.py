"""Forget Events that nobody has seen for an hour."""

from datetime import datetime, timedelta

from kubecapy.apimachinery.errors import NotFound
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.times import parse_time
from kubecapy.apiserver.core import ServerCore
from kubecapy.apiserver.operations.deleting import DeleteOptions
from kubecapy.apiserver.registry.access import read
from kubecapy.apiserver.storage.records import ResourceId
from kubecapy.clock import Clock

EVENT_LIFETIME = timedelta(hours=1)
"""Source: kube-apiserver's --event-ttl."""
SWEEP_SECONDS = 60.0
_EVENTS = ResourceId("", "events")


class EventExpiry:
    """Deletes old Events from time to time."""

    def __init__(self, core: ServerCore, clock: Clock) -> None:
        """Work in the store of `core`."""
        self._core = core
        self._clock = clock

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            await self._clock.sleep(SWEEP_SECONDS)
            await self.sweep()

    async def sweep(self) -> None:
        """Delete every Event whose lifetime is over."""
        kind = self._core.registry.storage_kind(_EVENTS)
        oldest = self._clock.now() - EVENT_LIFETIME
        for record in list(self._core.store.collection(_EVENTS).records()):
            if kind is None or _last_seen(record.decode(), oldest) >= oldest:
                continue
            try:
                await self._core.deleting.delete(kind, record.key, DeleteOptions())
            except NotFound:
                continue  # Race: somebody deleted it meanwhile.


def _last_seen(event: JsonObject, default: datetime) -> datetime:
    """Return the newest time that `event` tells; `default` where it tells none."""
    texts = (
        read(event, "series", "lastObservedTime"),
        event.get("lastTimestamp"),
        event.get("eventTime"),
        read(event, "metadata", "creationTimestamp"),
    )
    times = [_time(text) for text in texts if isinstance(text, str)]
    return max((time for time in times if time is not None), default=default)


def _time(text: str) -> datetime | None:
    try:
        return parse_time(text)
    except ValueError:
        return None
