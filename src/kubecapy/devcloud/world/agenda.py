"""Remember what is due at which time: the state transitions of servers and volumes, as data."""

import heapq
from datetime import datetime
from enum import StrEnum

import msgspec


class Event(StrEnum):
    """What happens to a server, volume or snapshot when its transition is due."""

    BOOT = "boot"
    FAIL = "fail"
    STOP = "stop"
    START = "start"
    HIDE = "hide"
    REMOVE = "remove"
    VOLUME_READY = "volume_ready"
    VOLUME_REMOVE = "volume_remove"
    SNAPSHOT_READY = "snapshot_ready"
    SNAPSHOT_REMOVE = "snapshot_remove"

    @property
    def is_of_storage(self) -> bool:
        """Whether it happens to a volume or snapshot."""
        return self.value.startswith(("volume", "snapshot"))


class Transition(msgspec.Struct, frozen=True, order=True):
    """One event of one server, volume or snapshot, due at `due`.

    `sequence` keeps equal times in the order they were planned; `subject_id` is whose event it is; `reason` is why a
    server fails, where the event is that it does.
    """

    due: datetime
    sequence: int
    subject_id: str
    event: Event
    reason: str = ""


class Agenda:
    """Holds the planned transitions; nothing runs by itself: the next call takes what is due."""

    def __init__(self) -> None:
        """Start with nothing planned."""
        self._heap: list[Transition] = []
        self._sequence = 0

    def plan(self, subject_id: str, event: Event, due: datetime, reason: str = "") -> None:
        """Replace whatever is planned for a subject by `event` at `due`: each does one thing at a time."""
        self.forget(subject_id)
        self._sequence += 1
        heapq.heappush(self._heap, Transition(due, self._sequence, subject_id, event, reason))

    def forget(self, subject_id: str) -> None:
        """Drop what is planned for a subject."""
        kept = [transition for transition in self._heap if transition.subject_id != subject_id]
        if len(kept) != len(self._heap):
            heapq.heapify(kept)
            self._heap = kept

    def take_due(self, now: datetime) -> Transition | None:
        """Remove and return the earliest transition that is due, `None` where none is."""
        if not self._heap or self._heap[0].due > now:
            return None
        return heapq.heappop(self._heap)
