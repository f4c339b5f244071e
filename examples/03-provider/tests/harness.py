"""Let the conformance kit look into the shelf."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

import msgspec

from kubecapy.clock import SystemClock
from kubecapy.contract.errors import InvalidConfiguration, NotFound
from kubecapy.contract.provider import GenerateRequest, ProviderSettings
from kubecapy.telemetry.secrets import Secret
from kubecapy.testing.crash_points import Killed, When
from kubecapy.testing.provider_conformance import Fault, Thing, WrongSpec
from kubecapy_shelf.plugin import ShelfPlugin
from kubecapy_shelf.shelf import Shelf, ShelfRefusal, ShelfSilence

KEY = "hidden-key"
MACHINE = {"apiVersion": "shelf.example/v1", "kind": "ShelfMachine", "image": "ubuntu-18.04"}
CLUSTER = {"apiVersion": "shelf.example/v1", "kind": "ShelfCluster"}
FAULTS: Mapping[Fault, Exception] = {
    "denied": ShelfRefusal(401, "this key opens nothing"),
    "full": ShelfRefusal(413, "all slots are taken"),
    "throttled": ShelfRefusal(429, "too many calls", 2.0),
    "failing": ShelfRefusal(500, "the shelf fell over"),
    "silent": ShelfSilence(),
}


class ShelfBreaker:
    """Lets calls to the shelf go wrong."""

    def __init__(self, shelf: Shelf) -> None:
        self._call, self._when = 0, "before"
        self._fault: Fault | None = None
        shelf.before = lambda name: self._look("before", name)
        shelf.after = lambda name: self._look("after", name)

    def interrupt(self, call: int, when: When) -> None:
        self._call, self._when = call, when

    def refuse(self, fault: Fault) -> None:
        self._fault = fault

    def mend(self) -> None:
        self._fault = None

    def _look(self, when: When, name: str) -> None:
        if when == self._when and self._call:
            self._call -= 1
            if self._call == 0:
                raise Killed(f"{when} {name}")
        makes = name in ("take_slot", "make_box")
        if when == "before" and self._fault and (makes or self._fault != "full"):
            raise FAULTS[self._fault]


class NoSecrets:
    """This provider reads no Secrets."""

    async def read_secret(self, namespace: str, name: str) -> None:
        return None


class ShelfHarness:
    """The provider on an empty shelf, whose time the kit moves."""

    cluster_spec = CLUSTER
    machine_spec = MACHINE
    wrong_specs = (
        WrongSpec("Machine", {**MACHINE, "imgae": "x"}, InvalidConfiguration, "imgae"),
        WrongSpec("Machine", {**MACHINE, "image": "no-such-image"}, NotFound, "no-such-image"),
        WrongSpec("Cluster", {**CLUSTER, "network": "x"}, InvalidConfiguration, "network"),
    )
    secrets = (KEY,)
    notice_seconds = 1.0
    generate_request = GenerateRequest("mine", Secret(b"shelves: {mine: {key: hidden-key}}"), "/nowhere", "ubuntu")

    def __init__(self) -> None:
        self._seconds = 0.0
        self.shelf = Shelf(lambda: self._seconds, KEY)
        self.breaker = ShelfBreaker(self.shelf)
        self._stack = AsyncExitStack()

    async def restart(self) -> None:
        await self._stack.aclose()
        plugin = ShelfPlugin(self.shelf)
        settings = ProviderSettings(SystemClock(), Random(1), {"SHELF_KEY": KEY}, NoSecrets())
        self.actuators = await self._stack.enter_async_context(plugin.open_actuators(settings))
        self.tooling = await self._stack.enter_async_context(plugin.open_tooling(settings))

    async def close(self) -> None:
        await self._stack.aclose()

    async def listing(self) -> Sequence[Thing]:
        boxes = [Thing("box", box.id, box.name) for box in self.shelf.boxes.values()]
        return [*boxes, *(Thing("slot", slot.id, slot.address) for slot in self.shelf.slots.values())]

    async def pass_time(self, seconds: float) -> None:
        self._seconds += seconds

    async def remove_server(self, provider_id: str) -> None:
        del self.shelf.boxes[_box(provider_id)]

    async def fail_server(self, provider_id: str, fault: str) -> None:
        box = self.shelf.boxes[_box(provider_id)]
        self.shelf.boxes[box.id] = msgspec.structs.replace(box, state="broken", why=fault)

    async def write_console(self, provider_id: str, text: str) -> None:
        self.shelf.screens[_box(provider_id)] = text


def _box(provider_id: str) -> str:
    return provider_id.removeprefix("shelf:///")


@asynccontextmanager
async def open_harness() -> AsyncIterator[ShelfHarness]:
    """Open a provider and a shelf of its own for each scenario."""
    harness = ShelfHarness()
    await harness.restart()
    try:
        yield harness
    finally:
        await harness.close()
