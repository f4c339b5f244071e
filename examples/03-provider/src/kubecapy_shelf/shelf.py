"""Be the cloud of the example: boxes that run images, on slots that have addresses; all of it in memory.

It stands for the SDK of a real cloud and knows nothing of Kubecapy. What it refuses it refuses with a code and a text.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import msgspec

BOOT_SECONDS = 3.0
REMOVE_SECONDS = 2.0
IMAGES = ("ubuntu-18.04", "centos-7")


class ShelfRefusal(Exception):
    """The shelf refuses a call."""

    def __init__(self, code: int, text: str, wait_seconds: float = 0.0) -> None:
        """Keep why; `wait_seconds` comes with code 429."""
        super().__init__(text)
        self.code = code
        self.wait_seconds = wait_seconds


class ShelfSilence(Exception):
    """The shelf did not answer."""


class Slot(msgspec.Struct, frozen=True):
    """A place for a box; its address is known before there is one."""

    id: str
    address: str
    labels: Mapping[str, str]


class Box(msgspec.Struct, frozen=True):
    """A server."""

    id: str
    name: str
    slot: str
    labels: Mapping[str, str]
    state: str = "booting"
    """booting, running, broken, removing."""
    why: str = ""
    """Of a broken one."""
    until: float = 0.0
    """When it is booted, or removed."""


class Wish(msgspec.Struct, frozen=True):
    """What a box is made of."""

    name: str
    image: str
    slot: str
    labels: Mapping[str, str]
    user_data: bytes
    """What the image boots with; the boxes of this shelf do not really boot."""


Hook = Callable[[str], None]


class Shelf:
    """Answers calls; each takes the client's key.

    Calls raise ShelfRefusal (401 for a wrong key, 404, 409, 413 where the shelf is full, 429) or ShelfSilence. `before`
    and `after` see the name of each call, and may raise in its place.
    """

    def __init__(self, seconds: Callable[[], float], key: str = "open-sesame", size: int = 200) -> None:
        """Hold nothing yet; `seconds` tells the time, `key` opens the shelf, `size` is how many slots it has."""
        self.boxes: dict[str, Box] = {}
        self.slots: dict[str, Slot] = {}
        self.screens: dict[str, str] = {}
        self.before: Hook = _let_pass
        self.after: Hook = _let_pass
        self._seconds = seconds
        self._key = key
        self._size = size
        self._made = 0

    async def list_images(self, key: str) -> list[str]:
        """Return the names of all images."""
        async with self._answering(key, "list_images"):
            return list(IMAGES)

    async def list_slots(self, key: str, label: str, value: str) -> list[Slot]:
        """Return the slots that bear a label."""
        async with self._answering(key, "list_slots"):
            return [slot for slot in self.slots.values() if slot.labels.get(label) == value]

    async def take_slot(self, key: str, labels: Mapping[str, str]) -> Slot:
        """Take a free slot; it bears the labels from the first moment."""
        async with self._answering(key, "take_slot"):
            taken = {slot.address for slot in self.slots.values()}
            addresses = (f"10.7.0.{number}" for number in range(1, self._size + 1))
            free = next((address for address in addresses if address not in taken), None)
            if free is None:
                raise ShelfRefusal(413, f"all {self._size} slots are taken")
            slot = Slot(self._next_id("slot"), free, labels)
            self.slots[slot.id] = slot
            return slot

    async def free_slot(self, key: str, slot: str) -> None:
        """Give a slot back; absent is success."""
        async with self._answering(key, "free_slot"):
            if any(box.slot == slot for box in self.boxes.values()):
                raise ShelfRefusal(409, f"there is a box on slot {slot}")
            self.slots.pop(slot, None)

    async def list_boxes(self, key: str, label: str, value: str) -> list[Box]:
        """Return the boxes that bear a label."""
        async with self._answering(key, "list_boxes"):
            return [box for box in self.boxes.values() if box.labels.get(label) == value]

    async def make_box(self, key: str, wish: Wish) -> Box:
        """Make a box; it bears the labels from the first moment."""
        async with self._answering(key, "make_box"):
            if wish.image not in IMAGES:
                raise ShelfRefusal(404, f"there is no image {wish.image}")
            if wish.slot not in self.slots:
                raise ShelfRefusal(404, f"there is no slot {wish.slot}")
            until = self._seconds() + BOOT_SECONDS
            box = Box(self._next_id("box"), wish.name, wish.slot, wish.labels, until=until)
            self.boxes[box.id] = box
            return box

    async def remove_box(self, key: str, box: str) -> None:
        """Begin to remove a box; absent is success."""
        async with self._answering(key, "remove_box"):
            found = self.boxes.get(box)
            if found is not None and found.state != "removing":
                until = self._seconds() + REMOVE_SECONDS
                self.boxes[box] = msgspec.structs.replace(found, state="removing", until=until)

    async def read_screen(self, key: str, box: str) -> str:
        """Return what a box shows."""
        async with self._answering(key, "read_screen"):
            return self.screens.get(box, "")

    @asynccontextmanager
    async def _answering(self, key: str, call: str) -> AsyncIterator[None]:
        await asyncio.sleep(0)  # Others have their turn meanwhile, as on a network.
        self.before(call)
        if key != self._key:
            raise ShelfRefusal(401, "this key opens nothing")
        self._let_time_work()
        yield
        self.after(call)

    def _let_time_work(self) -> None:
        for box in list(self.boxes.values()):
            if self._seconds() < box.until:
                continue
            if box.state == "removing":
                del self.boxes[box.id]
            elif box.state == "booting":
                self.boxes[box.id] = msgspec.structs.replace(box, state="running")

    def _next_id(self, kind: str) -> str:
        self._made += 1
        return f"{kind}-{self._made}"


def _let_pass(call: str) -> None:
    """Let every call through."""
