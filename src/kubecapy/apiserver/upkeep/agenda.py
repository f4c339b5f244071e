"""Hold what is still to be looked at, each item once."""

import asyncio
from collections import deque
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Agenda(Generic[T]):
    """A queue of distinct items for one worker; what is added while it waits there already is not added again."""

    def __init__(self) -> None:
        """Start empty."""
        self._items: deque[T] = deque()
        self._known: set[T] = set()
        self._wake = asyncio.Event()

    def add(self, items: Iterable[T]) -> None:
        """Put `items` on the agenda."""
        for item in items:
            if item not in self._known:
                self._known.add(item)
                self._items.append(item)
        if self._items:
            self._wake.set()

    async def take(self) -> T:
        """Wait for an item and return it; it may be added again from now on."""
        while not self._items:
            self._wake.clear()
            await self._wake.wait()
        item = self._items.popleft()
        self._known.discard(item)
        return item
