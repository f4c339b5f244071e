"""The synced copy: it follows the server through every failure, and sees its own writes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest

from kubecapy.api.core import CONFIG_MAPS, ConfigMap
from kubecapy.apimachinery.errors import Forbidden, ServiceUnavailable
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta
from kubecapy.client.interfaces import Delta, Unreachable
from kubecapy.runtime.informer import AWAITED_SECONDS, REMEMBERED_DELETIONS, Informer
from kubecapy.runtime.reflector import Scope
from kubecapy.runtime.store import Change
from kubecapy.tasks import TaskScope
from kubecapy.testing.fake_api import Call, FakeApi
from kubecapy.testing.virtual_time import VirtualClock, on_virtual_time

KEY = ObjectKey("d", "a")


def config_map(name: str = "a", revision: str = "", uid: str = "", **data: str) -> ConfigMap:
    meta = ObjectMeta(name=name, namespace="d", resource_version=revision, uid=uid)
    return ConfigMap(metadata=meta, data=data or None)


def new_informer(api: FakeApi, **scope: str) -> Informer[ConfigMap]:
    return Informer(api, CONFIG_MAPS, Scope(**scope), VirtualClock(), Random(1))


@asynccontextmanager
async def running(informer: Informer[ConfigMap]) -> AsyncIterator[VirtualClock]:
    async with TaskScope("informer") as scope:
        scope.start(informer.run(), name="run")
        yield VirtualClock()
        scope.cancel()


def content(informer: Informer[ConfigMap]) -> dict[str, object]:
    return {obj.metadata.name: obj.data for obj in informer.list()}


@on_virtual_time
async def test_it_lists_then_follows_every_change() -> None:
    api = FakeApi(VirtualClock())
    api.put(CONFIG_MAPS, config_map("old"))
    informer = new_informer(api)
    seen: list[Change[ConfigMap]] = []
    informer.add_handler(seen.append)

    async with running(informer) as clock:
        assert not informer.synced
        await informer.wait_synced()
        assert content(informer) == {"old": None}
        await api.create(CONFIG_MAPS, config_map())
        await api.patch(CONFIG_MAPS, KEY, {"data": {"x": "1"}})
        await api.delete(CONFIG_MAPS, ObjectKey("d", "old"))
        await clock.sleep(1)

    assert content(informer) == {"a": {"x": "1"}}
    assert [(change.type, change.object.metadata.name) for change in seen] == [
        ("ADDED", "old"),
        ("ADDED", "a"),
        ("MODIFIED", "a"),
        ("DELETED", "old"),
    ]
    assert informer.statistics().lists == 1


@on_virtual_time
async def test_a_late_handler_is_told_of_what_is_there() -> None:
    api = FakeApi(VirtualClock())
    api.put(CONFIG_MAPS, config_map())
    informer = new_informer(api)
    seen: list[str] = []

    async with running(informer):
        await informer.wait_synced()
        informer.add_handler(lambda change: seen.append(change.type))

    assert seen == ["ADDED"]


@on_virtual_time
async def test_a_broken_watch_goes_on_from_where_it_was() -> None:
    api = FakeApi(VirtualClock())
    informer = new_informer(api)

    async with running(informer) as clock:
        await clock.sleep(5)
        api.break_watches()
        api.put(CONFIG_MAPS, config_map())
        await clock.sleep(5)

    assert content(informer) == {"a": None}
    assert informer.statistics().lists == 1


@on_virtual_time
async def test_a_forgotten_revision_makes_it_list_again_and_tell_what_changed_meanwhile() -> None:
    api = FakeApi(VirtualClock())
    for name in ("gone", "same", "changed"):
        api.put(CONFIG_MAPS, config_map(name))
    informer = new_informer(api)
    seen: list[tuple[str, str]] = []

    async with running(informer) as clock:
        await clock.sleep(5)
        informer.add_handler(lambda change: seen.append((change.type, change.object.metadata.name)))
        seen.clear()
        api.before_call = refuse_watches
        api.break_watches()
        await clock.sleep(1)
        api.store.delete(CONFIG_MAPS, ObjectKey("d", "gone"))
        await api.patch(CONFIG_MAPS, ObjectKey("d", "changed"), {"data": {"x": "1"}})
        api.put(CONFIG_MAPS, config_map("new"))
        api.compact()
        api.before_call = lambda call: None
        await clock.sleep(60)

    assert sorted(seen) == [("ADDED", "new"), ("DELETED", "gone"), ("MODIFIED", "changed")]
    assert content(informer) == {"same": None, "changed": {"x": "1"}, "new": None}
    assert informer.statistics().lists == 2


def refuse_watches(call: Call) -> None:
    if call.verb == "watch":
        raise Unreachable("down")


@pytest.mark.parametrize("error", [Unreachable("down"), Forbidden("not allowed"), ServiceUnavailable("busy")])
def test_a_server_that_fails_is_asked_ever_less_often_until_it_answers(error: Exception) -> None:
    @on_virtual_time
    async def scenario() -> None:
        api = FakeApi(VirtualClock())

        def fail(call: Call) -> None:
            raise error

        api.before_call = fail
        informer = new_informer(api)
        async with running(informer) as clock:
            await clock.sleep(600)
            assert not informer.synced
            # 0.4 to 0.8 s first, doubling to at most 30 s: about 5 tries in the first ten seconds, 30 in the rest.
            assert 20 <= len(api.calls) <= 60
            api.before_call = lambda call: None
            await clock.sleep(31)
            assert informer.synced

    scenario()


@on_virtual_time
async def test_a_scope_limits_what_is_followed() -> None:
    api = FakeApi(VirtualClock())
    informer = new_informer(api, namespace="other")

    async with running(informer) as clock:
        await clock.sleep(1)
        api.put(CONFIG_MAPS, config_map())
        await clock.sleep(1)

    assert content(informer) == {}


@on_virtual_time
async def test_an_index_finds_objects_by_value() -> None:
    api = FakeApi(VirtualClock())
    informer = new_informer(api)
    informer.add_index("x", lambda obj: [(obj.data or {}).get("x", "")])

    async with running(informer) as clock:
        api.put(CONFIG_MAPS, config_map("a", x="1"))
        api.put(CONFIG_MAPS, config_map("b", x="2"))
        await clock.sleep(1)

    assert [obj.metadata.name for obj in informer.list(index=("x", "2"))] == ["b"]
    assert informer.list("other", index=("x", "2")) == []


class Copy:
    """An informer whose watch is played by hand."""

    def __init__(self, uid: str = "") -> None:
        self.clock = VirtualClock()
        self.informer = new_informer(FakeApi(self.clock))
        self.told: list[tuple[str, object]] = []
        self.informer.replace([config_map(revision="1", uid=uid, n="1")])
        self.informer.add_handler(lambda change: self.told.append((change.type, change.object.data)))
        self.told.clear()

    def delta(self, revision: str, uid: str = "", **data: str) -> None:
        self.informer.apply(Delta("MODIFIED", config_map(revision=revision, uid=uid, **data), revision))

    @property
    def data(self) -> object:
        found = self.informer.get(KEY)
        return found.data if found else None


@on_virtual_time
async def test_an_own_write_is_seen_at_once_and_told_once() -> None:
    copy = Copy()

    copy.informer.observe(config_map(revision="3", n="3"))
    assert copy.data == {"n": "3"}
    copy.delta("3", n="3")

    assert copy.told == [("MODIFIED", {"n": "3"})]


@on_virtual_time
async def test_deltas_from_before_an_own_write_do_not_undo_it() -> None:
    copy = Copy()

    copy.informer.observe(config_map(revision="3", n="3"))
    copy.delta("2", n="2")
    assert copy.data == {"n": "3"}
    copy.delta("3", n="3")
    copy.delta("4", n="4")

    assert copy.data == {"n": "4"}


@on_virtual_time
async def test_a_delta_that_overtook_the_reply_of_its_write_freezes_nothing() -> None:
    copy = Copy()

    copy.delta("3", n="3")
    copy.delta("4", n="4")
    copy.informer.observe(config_map(revision="3", n="3"))
    assert copy.data == {"n": "4"}
    copy.delta("5", n="5")

    assert copy.data == {"n": "5"}


@on_virtual_time
async def test_a_write_that_changed_nothing_freezes_nothing() -> None:
    copy = Copy()

    copy.informer.observe(config_map(revision="1", n="1"))
    copy.delta("2", n="2")

    assert copy.data == {"n": "2"}


@on_virtual_time
async def test_two_replies_in_the_wrong_order_are_put_right_by_the_watch() -> None:
    copy = Copy()

    copy.informer.observe(config_map(revision="3", n="3"))
    copy.informer.observe(config_map(revision="2", n="2"))
    copy.delta("2", n="2")
    copy.delta("3", n="3")

    assert copy.data == {"n": "3"}


@on_virtual_time
async def test_a_new_list_ends_every_wait() -> None:
    copy = Copy()

    copy.informer.observe(config_map(revision="3", n="3"))
    copy.informer.replace([config_map(revision="7", n="7")])
    copy.delta("8", n="8")

    assert copy.data == {"n": "8"}
    assert copy.told == [("MODIFIED", {"n": "3"}), ("MODIFIED", {"n": "7"}), ("MODIFIED", {"n": "8"})]


@on_virtual_time
async def test_a_deletion_after_an_own_write_is_seen() -> None:
    copy = Copy()

    copy.informer.observe(config_map(revision="3", n="3"))
    copy.delta("3", n="3")
    copy.informer.apply(Delta("DELETED", config_map(revision="4", n="3"), "4"))

    assert copy.data is None
    assert copy.told[-1] == ("DELETED", {"n": "3"})


@on_virtual_time
async def test_a_deletion_whose_revision_the_reply_did_not_know_is_seen() -> None:
    copy = Copy()

    copy.informer.observe(config_map(revision="3", uid="one"))
    copy.informer.apply(Delta("DELETED", config_map(revision="4", uid="one"), "4"))

    assert copy.informer.get(KEY) is None


@on_virtual_time
async def test_the_deletion_of_an_earlier_object_does_not_take_its_successor_away() -> None:
    copy = Copy()

    copy.informer.observe(config_map(revision="5", uid="two"))
    copy.informer.apply(Delta("DELETED", config_map(revision="4", uid="one"), "4"))
    assert copy.informer.get(KEY) is not None
    copy.informer.apply(Delta("ADDED", config_map(revision="5", uid="two"), "5"))

    assert copy.informer.get(KEY) == config_map(revision="5", uid="two")


@on_virtual_time
async def test_a_delta_that_never_comes_is_not_awaited_for_ever() -> None:
    copy = Copy()

    copy.informer.observe(config_map(revision="lost", n="3"))
    copy.delta("4", n="4")
    assert copy.data == {"n": "3"}
    await copy.clock.sleep(AWAITED_SECONDS)
    copy.delta("5", n="5")

    assert copy.data == {"n": "5"}


@on_virtual_time
async def test_an_own_deletion_is_seen_at_once_and_told_once() -> None:
    copy = Copy("one")

    copy.informer.observe_deletion(KEY, "one")
    assert copy.data is None
    copy.informer.apply(Delta("DELETED", config_map(revision="2", uid="one"), "2"))

    assert copy.told == [("DELETED", {"n": "1"})]


@on_virtual_time
async def test_what_was_before_an_own_deletion_does_not_come_back() -> None:
    copy = Copy("one")

    copy.informer.observe_deletion(KEY, "one")
    copy.delta("2", uid="one", n="2")
    assert copy.data is None
    copy.informer.replace([config_map(revision="2", uid="one", n="2")])

    assert copy.data is None
    assert copy.told == [("DELETED", {"n": "1"})]


@on_virtual_time
async def test_an_object_that_was_deleted_before_the_copy_knew_of_it_never_appears() -> None:
    copy = Copy("one")

    copy.informer.observe_deletion(ObjectKey("d", "b"), "two")
    copy.informer.apply(Delta("ADDED", config_map("b", revision="2", uid="two"), "2"))
    copy.informer.apply(Delta("DELETED", config_map("b", revision="3", uid="two"), "3"))

    assert copy.told == []


@on_virtual_time
async def test_an_own_deletion_hides_no_successor_of_the_same_name() -> None:
    copy = Copy("one")

    copy.informer.observe_deletion(KEY, "one")
    copy.informer.observe(config_map(revision="3", uid="two", n="3"))
    copy.informer.apply(Delta("DELETED", config_map(revision="2", uid="one"), "2"))
    assert copy.data == {"n": "3"}
    copy.delta("3", uid="two", n="3")
    copy.delta("4", uid="two", n="4")

    assert copy.data == {"n": "4"}


@on_virtual_time
async def test_a_late_reply_to_the_deletion_of_an_earlier_object_leaves_its_successor() -> None:
    copy = Copy("two")

    copy.informer.observe_deletion(KEY, "one")

    assert copy.data == {"n": "1"}


@on_virtual_time
async def test_old_deletions_are_forgotten() -> None:
    copy = Copy("one")

    copy.informer.observe_deletion(KEY, "one")
    for number in range(REMEMBERED_DELETIONS):
        copy.informer.observe_deletion(KEY, f"other-{number}")
    copy.delta("2", uid="one", n="2")

    assert copy.data == {"n": "2"}
