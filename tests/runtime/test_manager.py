"""Controllers in a manager: what a pass returns or raises, and how everything begins and ends."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random

import pytest

from kubecapy.api.core import CONFIG_MAPS, SECRETS, ConfigMap, Secret
from kubecapy.apimachinery.errors import Conflict
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta, OwnerReference
from kubecapy.client.interfaces import Unreachable
from kubecapy.runtime.controller import Controller
from kubecapy.runtime.manager import Manager, ManagerSettings
from kubecapy.runtime.reconciler import DONE, Backoff, Result, TerminalError, Unforeseen
from kubecapy.runtime.sources import for_mapped, for_object, for_owner
from kubecapy.tasks import TaskScope
from kubecapy.testing.fake_api import Call, FakeApi
from kubecapy.testing.virtual_time import VirtualClock, on_virtual_time

KEY = ObjectKey("d", "a")
Step = Callable[[ObjectKey], Awaitable[Result]]


class Reconciler:
    """Notes its passes and plays a list of outcomes, then is done for ever."""

    def __init__(self, *outcomes: Result | Exception) -> None:
        self.passes: list[tuple[ObjectKey, float]] = []
        self._outcomes = list(outcomes)

    async def reconcile(self, key: ObjectKey) -> Result:
        self.passes.append((key, round(VirtualClock().monotonic(), 3)))
        outcome = self._outcomes.pop(0) if self._outcomes else DONE
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    @property
    def times(self) -> list[float]:
        return [seconds for _, seconds in self.passes]


def config_map(name: str = "a") -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, namespace="d"))


def new_manager(api: FakeApi, stop_seconds: float = 20.0) -> Manager:
    return Manager(api, VirtualClock(), Random(1), ManagerSettings(stop_seconds=stop_seconds))


@asynccontextmanager
async def running(manager: Manager) -> AsyncIterator[VirtualClock]:
    async with TaskScope("test") as scope:
        scope.start(manager.run(), name="manager")
        yield VirtualClock()
        manager.stop()


async def passes_of(reconciler: Reconciler, seconds: float = 100.0) -> Manager:
    """Run a reconciler on one object for a time."""
    api = FakeApi(VirtualClock())
    api.put(CONFIG_MAPS, config_map())
    manager = new_manager(api)
    manager.add_controller(Controller("test", reconciler, sources=[for_object(manager.informer(CONFIG_MAPS))]))
    async with running(manager) as clock:
        await clock.sleep(seconds)
    return manager


@on_virtual_time
async def test_every_object_that_is_there_gets_a_pass() -> None:
    reconciler = Reconciler()

    manager = await passes_of(reconciler)

    assert reconciler.passes == [(KEY, 0.0)]
    assert manager.metrics.value("controller_runtime_reconcile_total", controller="test", result="success") == 1


@on_virtual_time
async def test_a_result_can_ask_for_another_look() -> None:
    reconciler = Reconciler(Result(requeue_after_seconds=30.0), Result(requeue_after_seconds=10.0))

    manager = await passes_of(reconciler)

    assert reconciler.times == [0.0, 30.0, 40.0]
    assert manager.metrics.value("controller_runtime_reconcile_total", controller="test", result="requeue_after") == 2


@pytest.mark.parametrize(
    ("error", "result", "errors"),
    [
        (ValueError("bug"), "error", 3),
        (Backoff("told"), "error", 3),
        (Unreachable("down"), "error", 3),
        (Conflict("changed"), "requeue", 0),
    ],
    ids=["bug", "backoff", "unreachable", "conflict"],
)
def test_a_failed_pass_comes_back_after_a_growing_wait(error: Exception, result: str, errors: int) -> None:
    @on_virtual_time
    async def scenario() -> None:
        reconciler = Reconciler(error, error, error)
        manager = await passes_of(reconciler)
        assert reconciler.times == [0.0, 0.005, 0.015, 0.035]
        value = manager.metrics.value
        assert value("controller_runtime_reconcile_total", controller="test", result=result) == 3
        assert value("controller_runtime_reconcile_errors_total", controller="test") == errors
        assert value("workqueue_retries_total", name="test", controller="test") == 3

    scenario()


@on_virtual_time
async def test_success_lets_the_backoff_begin_anew() -> None:
    reconciler = Reconciler(
        ValueError(), ValueError(), Result(requeue_after_seconds=1.0), ValueError(), Result(requeue_after_seconds=1.0)
    )

    await passes_of(reconciler)

    assert reconciler.times == [0.0, 0.005, 0.015, 1.015, 1.02, 2.02]


@on_virtual_time
async def test_a_terminal_error_waits_for_a_change() -> None:
    reconciler = Reconciler(TerminalError("wrong flavor"))

    manager = await passes_of(reconciler, 5000.0)

    assert reconciler.times == [0.0]
    value = manager.metrics.value
    assert value("controller_runtime_reconcile_total", controller="test", result="error") == 1
    assert value("controller_runtime_reconcile_errors_total", controller="test") == 1
    assert value("controller_runtime_terminal_reconcile_errors_total", controller="test") == 1


@on_virtual_time
async def test_only_a_bug_is_logged_with_its_trace(caplog: pytest.LogCaptureFixture) -> None:
    told = Unforeseen("told")
    told.__cause__ = KeyError("bug that was told of")
    errors = (ValueError("bug"), Backoff("told"), told, Conflict("changed"), TerminalError("wrong"))

    await passes_of(Reconciler(*errors))

    failures = [record for record in caplog.records if record.levelno >= logging.ERROR]
    traces = [record.exc_info[0] if record.exc_info else None for record in failures]
    assert traces == [ValueError, KeyError, None]
    assert all("d/a" in record.getMessage() for record in failures)


@on_virtual_time
async def test_owners_and_mapped_objects_are_looked_at() -> None:
    api = FakeApi(VirtualClock())
    reconciler = Reconciler()
    manager = new_manager(api)
    secrets = manager.informer(SECRETS)
    sources = [
        for_owner(secrets, CONFIG_MAPS),
        for_mapped(secrets, lambda secret: [ObjectKey("d", f"by-{secret.metadata.name}")]),
    ]
    manager.add_controller(Controller("test", reconciler, sources=sources))
    owner = OwnerReference(api_version="v1", kind="ConfigMap", name="owner", uid="1", controller=True)

    async with running(manager) as clock:
        await clock.sleep(1)
        api.put(SECRETS, Secret(metadata=ObjectMeta(name="s", namespace="d", owner_references=(owner,))))
        await clock.sleep(1)

    assert [key.name for key, _ in reconciler.passes] == ["owner", "by-s"]


@on_virtual_time
async def test_informers_are_shared_and_limited_to_the_managers_namespace() -> None:
    api = FakeApi(VirtualClock())
    api.put(CONFIG_MAPS, config_map())
    manager = Manager(api, VirtualClock(), Random(1), ManagerSettings(namespace="other"))
    informer = manager.informer(CONFIG_MAPS)

    async with running(manager) as clock:
        await clock.sleep(1)
        assert informer.synced
        with pytest.raises(RuntimeError, match="before the manager runs: secrets"):
            manager.informer(SECRETS)

    assert manager.informer(CONFIG_MAPS) is informer
    assert informer.list() == []


@on_virtual_time
async def test_a_pass_sees_what_the_pass_before_it_wrote() -> None:
    api = FakeApi(VirtualClock())
    api.put(CONFIG_MAPS, config_map())
    manager = new_manager(api)
    informer = manager.informer(CONFIG_MAPS)
    seen: list[object] = []

    class Counting:
        async def reconcile(self, key: ObjectKey) -> Result:
            found = informer.get(key)
            assert found is not None
            seen.append(found.data)
            number = int((found.data or {}).get("n", "0")) + 1
            if number < 4:
                await manager.client.patch(CONFIG_MAPS, key, {"data": {"n": str(number)}})
            return DONE

    manager.add_controller(Controller("test", Counting(), sources=[for_object(informer)]))
    # The watch is down: only its own writes tell the informer anything.
    async with running(manager) as clock:
        await clock.sleep(0.001)
        api.before_call = _refuse_watches
        api.break_watches()
        await clock.sleep(100)

    assert seen == [None, {"n": "1"}, {"n": "2"}, {"n": "3"}]
    assert len(api.writes()) == 3


@on_virtual_time
@pytest.mark.parametrize("finalizers", [(), ("test.io/hold",)])
async def test_a_pass_sees_what_the_pass_before_it_deleted(finalizers: tuple[str, ...]) -> None:
    api = FakeApi(VirtualClock())
    api.put(CONFIG_MAPS, ConfigMap(metadata=ObjectMeta(name="a", namespace="d", finalizers=finalizers)))
    manager = new_manager(api)
    informer = manager.informer(CONFIG_MAPS)
    seen: list[str] = []

    class Deleting:
        async def reconcile(self, key: ObjectKey) -> Result:
            found = informer.get(key)
            if found is None:
                seen.append("gone")
            elif found.metadata.deletion_timestamp:
                seen.append("held")
                await manager.client.patch(CONFIG_MAPS, key, {"metadata": {"finalizers": None}})
            else:
                seen.append("there")
                await manager.client.delete(CONFIG_MAPS, key)
            return DONE

    manager.add_controller(Controller("test", Deleting(), sources=[for_object(informer)]))
    # The watch is down: only its own writes tell the informer anything, and nothing undoes them afterwards.
    async with running(manager) as clock:
        await clock.sleep(0.001)
        api.before_call = _refuse_watches
        api.break_watches()
        await clock.sleep(100)
        meanwhile = list(seen)
        api.before_call = lambda call: None
        await clock.sleep(100)

    assert seen == meanwhile == ["there", *(["held"] if finalizers else []), "gone"]


def _refuse_watches(call: Call) -> None:
    if call.verb == "watch":
        raise Unreachable("down")


@on_virtual_time
async def test_no_pass_begins_before_everything_is_listed() -> None:
    api = FakeApi(VirtualClock())
    api.put(CONFIG_MAPS, config_map())
    reconciler = Reconciler()
    manager = new_manager(api)
    manager.informer(SECRETS)
    manager.add_controller(Controller("test", reconciler, sources=[for_object(manager.informer(CONFIG_MAPS))]))

    def secrets_are_down(call: Call) -> None:
        if call.plural == "secrets":
            raise Unreachable("down")

    api.before_call = secrets_are_down
    async with running(manager) as clock:
        await clock.sleep(10)
        assert (manager.is_ready, reconciler.passes) == (False, [])
        api.before_call = lambda call: None
        await clock.sleep(31)
        assert manager.is_ready

    assert len(reconciler.passes) == 1
    assert not manager.is_ready


@on_virtual_time
async def test_a_manager_that_never_synced_can_be_stopped() -> None:
    api = FakeApi(VirtualClock())

    def down(call: Call) -> None:
        raise Unreachable("down")

    api.before_call = down
    manager = new_manager(api)
    manager.informer(CONFIG_MAPS)

    async with running(manager) as clock:
        await clock.sleep(5)

    assert len(asyncio.all_tasks()) == 1


class Slow:
    """A pass that takes ten seconds."""

    def __init__(self) -> None:
        self.began: list[ObjectKey] = []
        self.ended: list[ObjectKey] = []

    async def reconcile(self, key: ObjectKey) -> Result:
        self.began.append(key)
        await asyncio.sleep(10)
        self.ended.append(key)
        return DONE


@pytest.mark.parametrize(("stop_seconds", "ended"), [(20.0, 1), (5.0, 0)], ids=["in time", "too late"])
def test_stopping_waits_for_running_passes_within_a_limit_and_begins_none(stop_seconds: float, ended: int) -> None:
    @on_virtual_time
    async def scenario() -> None:
        api = FakeApi(VirtualClock())
        for name in ("a", "b", "c"):
            api.put(CONFIG_MAPS, config_map(name))
        slow = Slow()
        manager = new_manager(api, stop_seconds=stop_seconds)
        manager.add_controller(Controller("test", slow, sources=[for_object(manager.informer(CONFIG_MAPS))]))
        async with running(manager) as clock:
            await clock.sleep(1)
        assert len(slow.began) == 1
        assert len(slow.ended) == ended
        assert VirtualClock().monotonic() == min(10.0, 1 + stop_seconds)
        assert len(asyncio.all_tasks()) == 1

    scenario()


@on_virtual_time
async def test_several_workers_take_different_keys() -> None:
    api = FakeApi(VirtualClock())
    for name in ("a", "b", "c"):
        api.put(CONFIG_MAPS, config_map(name))
    slow = Slow()
    manager = new_manager(api)
    manager.add_controller(Controller("test", slow, workers=2, sources=[for_object(manager.informer(CONFIG_MAPS))]))

    async with running(manager) as clock:
        await clock.sleep(1)
        assert [key.name for key in slow.began] == ["a", "b"]
        assert manager.metrics.value("controller_runtime_active_workers", controller="test") == 2
        await clock.sleep(30)

    assert [key.name for key in slow.ended] == ["a", "b", "c"]


@on_virtual_time
async def test_cancelling_a_manager_ends_every_task_at_once() -> None:
    api = FakeApi(VirtualClock())
    api.put(CONFIG_MAPS, config_map())
    manager = new_manager(api)
    manager.add_controller(Controller("test", Slow(), sources=[for_object(manager.informer(CONFIG_MAPS))]))

    async with TaskScope("test") as scope:
        scope.start(manager.run(), name="manager")
        await asyncio.sleep(1)
        scope.cancel()

    assert VirtualClock().monotonic() == 1.0
    assert len(asyncio.all_tasks()) == 1


@on_virtual_time
async def test_a_service_that_fails_ends_the_manager() -> None:
    manager = new_manager(FakeApi(VirtualClock()))

    async def fail() -> None:
        raise OSError("port in use")

    manager.add_service("health", fail)

    with pytest.raises(ExceptionGroup) as caught:
        await manager.run()

    assert caught.value.subgroup(OSError) is not None


def test_a_controller_without_workers_is_refused() -> None:
    with pytest.raises(ValueError, match="controller test needs at least one worker, got 0"):
        Controller("test", Reconciler(), workers=0)


@on_virtual_time
async def test_a_key_can_be_put_into_a_running_controllers_queue() -> None:
    reconciler = Reconciler()
    controller = Controller("test", reconciler)
    manager = new_manager(FakeApi(VirtualClock()))
    manager.add_controller(controller)
    controller.enqueue(ObjectKey("d", "too early"))

    async with running(manager) as clock:
        await clock.sleep(1)
        controller.enqueue(KEY)
        await clock.sleep(1)
        assert controller.statistics().adds == 1

    assert reconciler.passes == [(KEY, 1.0)]
