"""A whole runtime on virtual time, against an API that fails: it converges, and a seed replays its history."""

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kubecapy.api.core import CONFIG_MAPS, SECRETS, ConfigMap, Secret
from kubecapy.apimachinery.errors import AlreadyExists, Conflict, InternalError, NotFound, TooManyRequests
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta, OwnerReference, key_of
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Unreachable
from kubecapy.runtime.controller import Controller
from kubecapy.runtime.manager import Manager
from kubecapy.runtime.reconciler import DONE, Result
from kubecapy.runtime.sources import for_object, for_owner
from kubecapy.tasks import TaskScope
from kubecapy.testing.fake_api import Call, FakeApi
from kubecapy.testing.virtual_time import VirtualClock, run_on_virtual_time

NAMES = tuple("abcde")
FAULTY_SECONDS = 120.0
QUIET_SECONDS = 1200.0
"""A key that failed long has waited long: its backoff ends at 1000 s."""


class World:
    """The API, its faults, and what happened."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.clock = VirtualClock()
        self.api = FakeApi(self.clock)
        self.history: list[str] = []
        self.busy: set[tuple[str, ObjectKey]] = set()
        self.manager = Manager(self.api, self.clock, self.random)
        self.wishes = self.manager.informer(CONFIG_MAPS)
        self.mirrors = self.manager.informer(SECRETS)

    def note(self, what: str) -> None:
        self.history.append(f"{self.clock.monotonic():.6f} {what}")

    def begin_faults(self) -> None:
        self.api.before_call = lambda call: self._fail(call, 0.15, (Unreachable("down"), InternalError("broken")))
        self.api.after_call = lambda call: self._fail(call, 0.1 if call.is_write else 0.0, (Unreachable("reply lost"),))

    def end_faults(self) -> None:
        self.api.before_call = self.api.after_call = lambda call: None

    def _fail(self, call: Call, chance: float, errors: tuple[Exception, ...]) -> None:
        known = (*errors, TooManyRequests("slow down"), *((Conflict("stale"),) if call.verb == "patch" else ()))
        if self.random.random() < chance:
            error = self.random.choice(known)
            self.note(f"{call.verb} {call.plural} {call.key}: {error}")
            raise error

    async def work(self, controller: str, key: ObjectKey) -> None:
        """Take a while, as one worker of a controller on a key, and never beside another."""
        assert (controller, key) not in self.busy, f"two workers of {controller} have {key}"
        self.busy.add((controller, key))
        self.note(f"{controller} {key} begins")
        try:
            await self.clock.sleep(self.random.choice([0.0, 0.01, 3.0]))
        finally:
            self.busy.discard((controller, key))


class Doing:
    """Copies `wish` to `done`."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def reconcile(self, key: ObjectKey) -> Result:
        await self._world.work("doing", key)
        found = self._world.wishes.get(key)
        data = (found.data if found else None) or {}
        if found is not None and data.get("done") != data["wish"]:
            await self._world.manager.client.patch(CONFIG_MAPS, key, {"data": {"done": data["wish"]}})
        return DONE


class Mirroring:
    """Keeps one Secret beside each ConfigMap, owned by it."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def reconcile(self, key: ObjectKey) -> Result:
        await self._world.work("mirroring", key)
        found = self._world.wishes.get(key)
        if found is not None and self._world.mirrors.get(key) is None:
            owner = OwnerReference(
                api_version="v1", kind="ConfigMap", name=key.name, uid=found.metadata.uid, controller=True
            )
            meta = ObjectMeta(name=key.name, namespace=key.namespace, owner_references=(owner,))
            try:
                await self._world.manager.client.create(SECRETS, Secret(metadata=meta))
            except AlreadyExists:
                return Result(requeue_after_seconds=1.0)
        if found is None and self._world.mirrors.get(key) is not None:
            # It was made for what was gone already; the API in memory collects only what is there at a deletion.
            await self._world.manager.client.delete(SECRETS, key)
        return DONE


async def _disturb(world: World) -> None:
    """Change wishes, delete what was made, lose watches and history."""
    for number in range(60):
        await world.clock.sleep(world.random.uniform(0, 2 * FAULTY_SECONDS / 60))
        name = world.random.choice(NAMES)
        key = ObjectKey("d", name)
        match world.random.choice(("wish", "wish", "wish", "lose", "lose a mirror", "break", "compact", "bookmark")):
            case "wish":
                wish = {"data": {"wish": str(number)}}
                if world.api.store.find(CONFIG_MAPS, key) is None:
                    world.api.put(
                        CONFIG_MAPS, ConfigMap(metadata=ObjectMeta(name=name, namespace="d"), data=wish["data"])
                    )
                else:
                    old = world.api.store.get(CONFIG_MAPS, key)
                    world.api.store.update(CONFIG_MAPS, key, {**old, "data": {**old["data"], **wish["data"]}})
            case "lose":
                _delete(world, CONFIG_MAPS, key)
            case "lose a mirror":
                _delete(world, SECRETS, key)
            case "break":
                world.api.break_watches()
            case "compact":
                world.api.compact()
                world.api.break_watches()
            case _:
                world.api.send_bookmarks()


def _delete(world: World, resource: Resource[Any], key: ObjectKey) -> None:
    try:
        world.api.store.delete(resource, key)
    except NotFound:
        return


async def _history(seed: int) -> list[str]:
    world = World(seed)
    manager = world.manager
    manager.add_controller(Controller("doing", Doing(world), workers=3, sources=[for_object(world.wishes)]))
    mirror_sources = [for_object(world.wishes), for_owner(world.mirrors, CONFIG_MAPS)]
    manager.add_controller(Controller("mirroring", Mirroring(world), workers=2, sources=mirror_sources))
    async with TaskScope("simulation") as scope:
        scope.start(manager.run(), name="manager")
        world.begin_faults()
        await _disturb(world)
        world.end_faults()
        await world.clock.sleep(QUIET_SECONDS)
        _assert_converged(world)
        manager.stop()
    return world.history


def _assert_converged(world: World) -> None:
    wishes = world.api.objects(CONFIG_MAPS)
    assert [obj.data["done"] for obj in wishes if obj.data] == [obj.data["wish"] for obj in wishes if obj.data]
    assert {key_of(obj) for obj in world.api.objects(SECRETS)} == {key_of(obj) for obj in wishes}
    assert list(world.wishes.list()) == wishes
    assert list(world.mirrors.list()) == world.api.objects(SECRETS)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_a_runtime_converges_whatever_its_server_does_and_a_seed_replays_it(seed: int) -> None:
    first = run_on_virtual_time(_history(seed))
    again = run_on_virtual_time(_history(seed))

    assert first == again
    assert len(first) > 20
