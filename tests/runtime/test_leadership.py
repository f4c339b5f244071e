"""A manager with an election: two processes, one acts; the other follows, however the first one ends."""

import asyncio
from random import Random

import pytest

from kubecapy.api.coordination import LEASES
from kubecapy.api.core import CONFIG_MAPS, EVENTS, ConfigMap
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta
from kubecapy.client.interfaces import Unreachable
from kubecapy.runtime.controller import Controller
from kubecapy.runtime.leader_election import ElectionSettings, LeadershipLost
from kubecapy.runtime.manager import Manager, ManagerSettings
from kubecapy.runtime.reconciler import Result
from kubecapy.runtime.sources import for_object
from kubecapy.tasks import TaskScope
from kubecapy.testing.fake_api import Call, FakeApi
from kubecapy.testing.virtual_time import VirtualClock, on_virtual_time


class Acting:
    """Looks at its object every second, and notes who does."""

    def __init__(self, name: str, seen: list[tuple[str, float]], pass_seconds: float = 0.0) -> None:
        self._name = name
        self._seen = seen
        self._pass_seconds = pass_seconds
        self.is_cut_off = False

    async def reconcile(self, key: ObjectKey) -> Result:
        self._seen.append((self._name, round(VirtualClock().monotonic(), 1)))
        try:
            await VirtualClock().sleep(self._pass_seconds)
        except asyncio.CancelledError:
            self.is_cut_off = True
            raise
        return Result(requeue_after_seconds=1.0)


def new_manager(api: FakeApi, name: str, reconciler: Acting) -> Manager:
    election = ElectionSettings(namespace="system", name="controllers", identity=name)
    manager = Manager(api, VirtualClock(), Random(name), ManagerSettings(election=election))
    manager.add_controller(Controller("test", reconciler, sources=[for_object(manager.informer(CONFIG_MAPS))]))
    return manager


def new_api() -> FakeApi:
    api = FakeApi(VirtualClock())
    api.put(CONFIG_MAPS, ConfigMap(metadata=ObjectMeta(name="a", namespace="d")))
    return api


def actors(seen: list[tuple[str, float]]) -> list[str]:
    """Return who acted, in turns."""
    names = [name for name, _ in seen]
    return [name for number, name in enumerate(names) if number == 0 or names[number - 1] != name]


@on_virtual_time
async def test_the_second_manager_is_ready_keeps_its_copy_and_acts_only_after_the_first() -> None:
    api, clock = new_api(), VirtualClock()
    seen: list[tuple[str, float]] = []
    first, second = (new_manager(api, name, Acting(name, seen)) for name in ("first", "second"))

    async with TaskScope("test") as scope:
        running = scope.start(first.run(), name="first")
        await clock.sleep(0.5)
        scope.start(second.run(), name="second")
        await clock.sleep(60)
        assert actors(seen) == ["first"]
        assert second.is_ready
        assert len(second.informer(CONFIG_MAPS).list()) == 1
        assert [m.metrics.value("leader_election_master_status", name="controllers") for m in (first, second)] == [1, 0]
        first.stop()
        await running
        stopped_at = clock.monotonic()
        await clock.sleep(30)
        second.stop()

    assert actors(seen) == ["first", "second"]
    assert next(at for name, at in seen if name == "second") < stopped_at + 2 * 2.2
    assert [m.metrics.value("leader_election_master_status", name="controllers") for m in (first, second)] == [0, 0]
    assert api.objects(LEASES)[0].spec.holder_identity == ""


@on_virtual_time
async def test_a_lease_is_released_only_after_the_last_pass() -> None:
    api, clock = new_api(), VirtualClock()
    seen: list[tuple[str, float]] = []
    slow = new_manager(api, "slow", Acting("slow", seen, pass_seconds=18.0))

    async with TaskScope("test") as scope:
        running = scope.start(slow.run(), name="slow")
        await clock.sleep(1)
        slow.stop()
        await clock.sleep(16)
        # Longer than the lease lasts: it is renewed while the pass ends.
        assert api.objects(LEASES)[0].spec.holder_identity == "slow"
        await running

    assert round(clock.monotonic(), 1) == 18.0
    assert api.objects(LEASES)[0].spec.holder_identity == ""


@on_virtual_time
async def test_a_manager_that_cannot_renew_cuts_its_passes_off_and_ends_before_another_acts() -> None:
    api, clock = new_api(), VirtualClock()
    seen: list[tuple[str, float]] = []
    long_pass = Acting("first", seen, pass_seconds=1e6)
    first = new_manager(api, "first", long_pass)

    def no_leases(call: Call) -> None:
        if call.plural == LEASES.qualified_plural:
            raise Unreachable("down")

    async with TaskScope("first") as scope:
        running = scope.start(_outcome(first), name="first")
        await clock.sleep(5)
        api.before_call = no_leases
        outcome = await running

    assert isinstance(outcome, LeadershipLost)
    assert str(outcome) == "leadership lost: lease system/controllers could not be renewed for 10 s"
    assert long_pass.is_cut_off
    assert clock.monotonic() <= 15.0
    assert len(asyncio.all_tasks()) == 1


async def _outcome(manager: Manager) -> BaseException | None:
    """Return the one error inside the groups that `run` raises."""
    try:
        await manager.run()
    except ExceptionGroup as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            (error,) = error.exceptions
        return error
    return None


@on_virtual_time
async def test_a_standby_can_be_stopped_and_leaves_the_lease_alone() -> None:
    api, clock = new_api(), VirtualClock()
    seen: list[tuple[str, float]] = []
    first, second = (new_manager(api, name, Acting(name, seen)) for name in ("first", "second"))

    async with TaskScope("test") as scope:
        scope.start(first.run(), name="first")
        await clock.sleep(1)
        standby = scope.start(second.run(), name="second")
        await clock.sleep(10)
        second.stop()
        await standby
        assert api.objects(LEASES)[0].spec.holder_identity == "first"
        first.stop()

    assert actors(seen) == ["first"]


@on_virtual_time
async def test_events_tell_of_a_change_of_leaders() -> None:
    api, clock = new_api(), VirtualClock()
    manager = new_manager(api, "me", Acting("me", []))

    async with TaskScope("test") as scope:
        scope.start(manager.run(), name="me")
        await clock.sleep(5)
        manager.stop()

    events = [(event.reason, event.message, event.involved_object.kind) for event in api.objects(EVENTS)]
    assert sorted(events) == [
        ("LeaderElection", "me became leader", "Lease"),
        ("LeaderElection", "me stopped leading", "Lease"),
    ]


@on_virtual_time
async def test_a_server_that_takes_no_events_does_not_delay_the_leader() -> None:
    api, clock = new_api(), VirtualClock()
    seen: list[tuple[str, float]] = []
    manager = new_manager(api, "me", Acting("me", seen))

    def no_events(call: Call) -> None:
        if call.plural == EVENTS.qualified_plural:
            raise Unreachable("down")

    api.before_call = no_events
    async with TaskScope("test") as scope:
        scope.start(manager.run(), name="me")
        await clock.sleep(5)
        manager.stop()

    assert seen[0] == ("me", 0.0)


@on_virtual_time
async def test_a_manager_that_cannot_list_is_no_candidate() -> None:
    api, clock = new_api(), VirtualClock()
    manager = new_manager(api, "me", Acting("me", []))

    def no_lists(call: Call) -> None:
        if call.verb == "list":
            raise Unreachable("down")

    api.before_call = no_lists
    async with TaskScope("test") as scope:
        scope.start(manager.run(), name="me")
        await clock.sleep(60)
        assert api.objects(LEASES) == []
        manager.stop()


@pytest.mark.parametrize("moment", [0.0, 0.5])
def test_a_manager_that_is_stopped_as_it_becomes_leader_releases(moment: float) -> None:
    @on_virtual_time
    async def scenario() -> None:
        api, clock = new_api(), VirtualClock()
        manager = new_manager(api, "me", Acting("me", []))

        def stop_in_the_middle(call: Call) -> None:
            if call.plural == LEASES.qualified_plural and call.verb == "create":
                manager.stop()

        api.after_call = stop_in_the_middle
        async with TaskScope("test") as scope:
            await clock.sleep(moment)
            scope.start(manager.run(), name="me")

        assert api.objects(LEASES)[0].spec.holder_identity == ""

    scenario()
