"""Remember every call, without bodies, tokens or passwords."""

from collections import Counter, deque
from collections.abc import Iterator
from datetime import datetime

import msgspec

from kubecapy.devcloud.endpoints import Effect


class Entry(msgspec.Struct, frozen=True):
    """One call.

    Attributes:
        sequence: Number of the call, from 1, without gaps.
        time: When it was answered.
        service: identity, compute, network, image, block-storage; empty where the path is no service's.
        method: HTTP verb.
        template: The route with its names in braces and its action in brackets; empty where no route fits.
        path: The path as it came, with the service's prefix.
        query: The query as it came.
        status: HTTP status; 0 where a fault dropped the connection before the effect.
        user: Name of the caller, empty where unknown.
        project: Id of the caller's project.
        user_agent: What the client says it is.
        microversion: What the client asked for, empty where it did not.
        effect: Whether the call may change something.
        request_id: Id that the answer carries.
        fault: What a fault rule did to the call, empty where none applied.
    """

    sequence: int
    time: datetime
    service: str
    method: str
    template: str
    path: str
    query: str
    status: int
    user: str
    project: str
    user_agent: str
    microversion: str
    effect: Effect
    request_id: str
    fault: str = ""


class Count(msgspec.Struct, frozen=True):
    """How often one kind of call came, with one status."""

    service: str
    method: str
    template: str
    status: int
    calls: int


class Summary(msgspec.Struct, frozen=True):
    """All calls since the start, counted."""

    calls: int
    writes: int
    counts: tuple[Count, ...]


class Ledger:
    """Keeps the last calls in full and counts all of them."""

    def __init__(self, limit: int) -> None:
        """Keep `limit` calls; when full, the oldest goes."""
        self._entries: deque[Entry] = deque(maxlen=limit)
        self._counts: Counter[tuple[str, str, str, int]] = Counter()
        self._writes = 0
        self._sequence = 0

    def next_sequence(self) -> int:
        """Return the number of the next call to be recorded."""
        return self._sequence + 1

    def record(self, entry: Entry) -> None:
        """Add a call; its number must be `next_sequence`."""
        assert entry.sequence == self._sequence + 1, "the ledger has no gaps"  # noqa: S101 - an invariant
        self._sequence = entry.sequence
        self._entries.append(entry)
        self._counts[entry.service, entry.method, entry.template, entry.status] += 1
        self._writes += entry.effect is Effect.WRITE

    def entries(self, *, after: int = 0) -> Iterator[Entry]:
        """Yield the remembered calls with a number above `after`, oldest first."""
        return (entry for entry in self._entries if entry.sequence > after)

    def statistics(self) -> Summary:
        """Return the counters, sorted by service, verb, route, status."""
        counts = tuple(Count(*key, calls) for key, calls in sorted(self._counts.items()))
        return Summary(self._sequence, self._writes, counts)
