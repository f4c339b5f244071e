"""Hand changes to one follower without ever blocking the one who makes them."""

import asyncio
from collections import deque

from kubecapy.apiserver.storage.records import Change


class Overflow(Exception):
    """The follower is too slow and changes were dropped; it has to list again."""


class Subscription:
    """A bounded buffer between the store and one follower.

    When full, the buffer is dropped whole and the follower gets `Overflow` instead of a gap that it cannot see.
    """

    def __init__(self, limit: int) -> None:
        """Hold at most `limit` changes that the follower has not taken."""
        self._limit = limit
        self._buffer: deque[Change] = deque()
        self._wake = asyncio.Event()
        self._overflowed = False
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether no change will come any more."""
        return self._closed

    def offer(self, change: Change) -> None:
        """Take in one change; called by the store in revision order."""
        if self._overflowed or self._closed:
            return
        if len(self._buffer) >= self._limit:
            self._overflowed = True
            self._buffer.clear()
        else:
            self._buffer.append(change)
        self._wake.set()

    def close(self) -> None:
        """End the subscription: what is buffered is still delivered."""
        self._closed = True
        self._wake.set()

    async def take(self) -> list[Change]:
        """Wait for changes and return all that there are; an empty list once the subscription is closed.

        Raises:
            Overflow: changes were dropped.
        """
        while not self._buffer and not self._closed and not self._overflowed:
            self._wake.clear()
            await self._wake.wait()
        if self._overflowed:
            raise Overflow
        taken = list(self._buffer)
        self._buffer.clear()
        return taken
