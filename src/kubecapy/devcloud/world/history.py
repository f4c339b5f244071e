"""Remember how the world was a while ago, so that lists can lag behind it as those of slow replicas do."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import msgspec

Table: TypeAlias = dict[str, Any] | deque[Any]  # Any: the tables differ in their values
Contents: TypeAlias = tuple[Table, ...]


class Moment(msgspec.Struct, frozen=True):
    """What the tables held from `since` on."""

    since: datetime
    contents: Contents


class History:
    """Keeps shallow copies of the tables of servers, volumes and networks, one for each change.

    Off until somebody asks for a span: a copy costs some microseconds for each resource.
    """

    def __init__(self, tables: Contents) -> None:
        """Remember `tables`; nothing until `keep` is called."""
        self._tables = tables
        self._span = timedelta()
        self._moments: deque[Moment] = deque()

    def keep(self, seconds: float, now: datetime) -> None:
        """Remember the last `seconds` from now on; 0 forgets everything."""
        self._span = timedelta(seconds=seconds)
        if not seconds:
            self._moments.clear()
        elif not self._moments:
            self._moments.append(Moment(now, self._copy()))

    def note(self, now: datetime) -> None:
        """Remember what has changed at `now`; every change is followed by a call."""
        if not self._span:
            return
        self._moments.append(Moment(now, self._copy()))
        # Order: one moment older than the span stays, since it tells what was at the span's beginning.
        while len(self._moments) > 1 and self._moments[1].since <= now - self._span:
            self._moments.popleft()

    @contextmanager
    def as_of(self, moment: datetime) -> Iterator[None]:
        """Let the tables hold what they did at `moment`, or at the earliest one remembered, within the block.

        The block must only read.
        """
        past = [item for item in self._moments if item.since <= moment] or list(self._moments)[:1]
        if not past:
            yield
            return
        present = self._copy()
        self._put(past[-1].contents)
        try:
            yield
        finally:
            self._put(present)

    def _copy(self) -> Contents:
        return tuple(table.copy() for table in self._tables)

    def _put(self, contents: Contents) -> None:
        for table, content in zip(self._tables, contents, strict=True):
            table.clear()
            _fill(table, content)


def _fill(table: Table, content: Table) -> None:
    if isinstance(table, deque):
        table.extend(content)
    else:
        table.update(content)
