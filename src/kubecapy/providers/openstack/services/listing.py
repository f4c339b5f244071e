"""Keep one list of the project's things for all machines, and never forget what we did to them ourselves.

One list answers for all machines of a project, so that calls do not grow with machines. Three things make a kept list
as safe as a fresh one for "find, else create": what we made or deleted is applied to it at once; a write whose
outcome is unknown makes it invalid; and what we made stays in it for `GRACE_SECONDS` even where a slow replica of the
service does not show it yet.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Generic, Protocol, TypeVar

import msgspec

from kubecapy.clock import Clock
from kubecapy.providers.openstack.services.shared import Fetched, Shared

GRACE_SECONDS: Final = 5.0
"""How long a service's list may lag behind a write that it confirmed."""
REMOVALS_SECONDS: Final = 3600.0
"""How long it is remembered that we had something removed."""


class Identified(Protocol):
    """Anything with an id."""

    @property
    def id(self) -> str:
        """Unique in its service."""
        ...


T = TypeVar("T", bound=Identified)


class _Write(msgspec.Struct, Generic[T], frozen=True):
    """What we did to one thing last."""

    item: T | None
    """Its new form; None where we deleted it."""
    at: float
    made_at: float = float("-inf")
    """When we made it; it stays in the list for the grace from then on."""


class Listing(Generic[T]):
    """Shares one list; see the module."""

    def __init__(self, clock: Clock, fetch: Callable[[], Awaitable[Sequence[T]]]) -> None:
        """Read with `fetch`; nothing is fetched yet."""
        self._clock = clock
        self._shared: Shared[Sequence[T]] = Shared(clock, fetch)
        self._writes: dict[str, _Write[T]] = {}
        self._removed: dict[str, float] = {}
        self._merged: tuple[Fetched[Sequence[T]], Mapping[str, T]] | None = None
        """What was read last, with our writes; a thousand machines read it between two changes."""

    async def read(self, max_age_seconds: float) -> Mapping[str, T]:
        """Return the things by id, at most `max_age_seconds` old but for our own writes, which are always in it."""
        fetched = await self._shared.read(max_age_seconds)
        if self._merged is None or self._merged[0] is not fetched:
            self._drop_settled(fetched.since)
            self._merged = fetched, self._with_writes(fetched)
        return self._merged[1]

    def note_made(self, item: T) -> None:
        """Note that we made `item`."""
        now = self._clock.monotonic()
        self._note(item.id, _Write(item, now, now))

    def note_changed(self, item: T) -> None:
        """Note that we changed `item`."""
        earlier = self._writes.get(item.id)
        made_at = earlier.made_at if earlier else float("-inf")
        self._note(item.id, _Write(item, self._clock.monotonic(), made_at))

    def note_leaving(self, item: T) -> None:
        """Note that we asked for the removal of `item`, which takes a while; the list tells when it is gone."""
        self._note(item.id, _Write(item, self._clock.monotonic()))
        self._note_removal(item.id)

    def note_deleted(self, id_: str) -> None:
        """Note that we deleted the thing."""
        self._note(id_, _Write(None, self._clock.monotonic()))
        self._note_removal(id_)

    def had_removed(self, id_: str) -> bool:
        """Return whether the service has accepted a removal of the thing from us lately: the list may be believed."""
        return id_ in self._removed

    def invalidate(self) -> None:
        """Note that a write may have happened whose outcome nobody knows."""
        self._shared.invalidate()

    def _note(self, id_: str, write: _Write[T]) -> None:
        self._writes[id_] = write
        self._merged = None

    def _with_writes(self, fetched: Fetched[Sequence[T]]) -> Mapping[str, T]:
        items = {item.id: item for item in fetched.value}
        for id_, write in self._writes.items():
            if write.item is None:
                items.pop(id_, None)
            elif write.at >= fetched.since or (id_ not in items and write.made_at + GRACE_SECONDS >= fetched.since):
                items[id_] = write.item
        return items

    def _note_removal(self, id_: str) -> None:
        now = self._clock.monotonic()
        self._removed = {old: at for old, at in self._removed.items() if at + REMOVALS_SECONDS >= now} | {id_: now}

    def _drop_settled(self, since: float) -> None:
        """Forget writes that the list must show by itself."""
        self._writes = {id_: write for id_, write in self._writes.items() if write.at + GRACE_SECONDS >= since}
