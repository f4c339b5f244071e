"""Call the shelf, and turn what it refuses into the contract's errors: the one edge to the foreign system."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from kubecapy.contract.errors import (
    CapacityExhausted,
    Conflict,
    InvalidConfiguration,
    NotFound,
    PermissionDenied,
    ProviderError,
    Throttled,
    Unavailable,
)
from kubecapy_shelf.shelf import Box, Shelf, ShelfRefusal, ShelfSilence, Slot, Wish

T = TypeVar("T")

ERRORS: Mapping[int, Callable[[str], ProviderError]] = {
    400: InvalidConfiguration,
    401: PermissionDenied,
    404: NotFound,
    409: Conflict,
    413: CapacityExhausted,
}


class ShelfClient:
    """Speaks to one shelf; `doing` says what is attempted on what, for the error's sentence."""

    def __init__(self, shelf: Shelf, environ: Mapping[str, str]) -> None:
        """Speak to `shelf` with the key in `environ`; no call is made yet."""
        self._shelf = shelf
        self._environ = environ

    async def images(self, doing: str) -> list[str]:
        """Return the names of all images."""
        return await _told(doing, self._shelf.list_images(self._key(doing)))

    async def slots(self, doing: str, label: str, value: str) -> list[Slot]:
        """Return the slots that bear a label."""
        return await _told(doing, self._shelf.list_slots(self._key(doing), label, value))

    async def take_slot(self, doing: str, labels: Mapping[str, str]) -> Slot:
        """Take a free slot."""
        return await _told(doing, self._shelf.take_slot(self._key(doing), labels))

    async def free_slot(self, doing: str, slot: Slot) -> None:
        """Give a slot back; absent is success."""
        await _told(doing, self._shelf.free_slot(self._key(doing), slot.id))

    async def boxes(self, doing: str, label: str, value: str) -> list[Box]:
        """Return the boxes that bear a label."""
        return await _told(doing, self._shelf.list_boxes(self._key(doing), label, value))

    async def make_box(self, doing: str, wish: Wish) -> Box:
        """Make a box."""
        return await _told(doing, self._shelf.make_box(self._key(doing), wish))

    async def remove_box(self, doing: str, box: Box) -> None:
        """Begin to remove a box; absent is success."""
        await _told(doing, self._shelf.remove_box(self._key(doing), box.id))

    async def screen(self, doing: str, box: Box) -> str:
        """Return what the box shows."""
        return await _told(doing, self._shelf.read_screen(self._key(doing), box.id))

    def _key(self, doing: str) -> str:
        key = self._environ.get("SHELF_KEY")
        if not key:
            raise PermissionDenied(f"{doing}: there is no key for the shelf; set SHELF_KEY")
        return key


async def _told(doing: str, call: Awaitable[T]) -> T:
    """Return what `call` returns, or say in the contract's words why it does not."""
    try:
        return await call
    except ShelfRefusal as refusal:
        raise _error(doing, refusal) from refusal
    except ShelfSilence as silence:
        raise Unavailable(f"{doing}: the shelf did not answer") from silence


def _error(doing: str, refusal: ShelfRefusal) -> ProviderError:
    message = f"{doing}: {refusal} (shelf {refusal.code})"
    if refusal.code == 429:
        return Throttled(message, retry_after_seconds=refusal.wait_seconds)
    return ERRORS.get(refusal.code, Unavailable)(message)
