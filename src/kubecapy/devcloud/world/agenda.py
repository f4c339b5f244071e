"""Remember what is due at which time: the state transitions of servers, as data."""

import heapq
from datetime import datetime
from enum import StrEnum

import msgspec


class Event(StrEnum):
    """What happens to a server when its transition is due."""

    BOOT = "boot"
    FAIL = "fail"
    STOP = "stop"
    START = "start"
    REMOVE = "remove"


class Transition(msgspec.Struct, frozen=True, order=True):
    """One event of one server, due at `due`; `sequence` keeps equal times in the order they were planned."""

    due: datetime
    sequence: int
    server_id: str
    event: Event


class Agenda:
    """Holds the planned transitions; nothing runs by itself: the next call takes what is due."""

    def __init__(self) -> None:
        """Start with nothing planned."""
        self._heap: list[Transition] = []
        self._sequence = 0

    def plan(self, server_id: str, event: Event, due: datetime) -> None:
        """Replace whatever is planned for the server by `event` at `due`: a server does one thing at a time."""
        self.forget(server_id)
        self._sequence += 1
        heapq.heappush(self._heap, Transition(due, self._sequence, server_id, event))

    def forget(self, server_id: str) -> None:
        """Drop what is planned for the server."""
        kept = [transition for transition in self._heap if transition.server_id != server_id]
        if len(kept) != len(self._heap):
            heapq.heapify(kept)
            self._heap = kept

    def take_due(self, now: datetime) -> Transition | None:
        """Remove and return the earliest transition that is due, `None` where none is."""
        if not self._heap or self._heap[0].due > now:
            return None
        return heapq.heappop(self._heap)
