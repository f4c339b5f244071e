"""What the store promises: order, history, durability."""

import asyncio
import sqlite3
import stat
from pathlib import Path

import pytest

from kubecapy.apimachinery.errors import Gone, InternalError
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apiserver.storage.journal import StoreError
from kubecapy.apiserver.storage.records import ResourceId
from kubecapy.apiserver.storage.sqlite import SqliteJournal
from kubecapy.apiserver.storage.store import Store
from kubecapy.apiserver.storage.subscription import Overflow

THINGS = ResourceId("example.com", "things")


def key(name: str) -> ObjectKey:
    return ObjectKey("default", name)


def thing(name: str, value: int = 0) -> JsonObject:
    return {"metadata": {"namespace": "default", "name": name}, "value": value}


async def test_revisions_grow_with_each_write_and_stand_in_the_object() -> None:
    async with Store(None, 10) as store:
        first = await store.put(THINGS, key("a"), thing("a"))
        second = await store.put(THINGS, key("b"), thing("b"))

        assert second.revision == first.revision + 1 == store.revision
        assert second.decode()["metadata"]["resourceVersion"] == str(second.revision)


async def test_a_subscription_sees_every_change_in_order() -> None:
    async with Store(None, 10) as store:
        with store.subscribe(THINGS, 100) as subscription:
            for value in range(3):
                await store.put(THINGS, key("a"), thing("a", value))
            await store.remove(THINGS, key("a"), thing("a"))

            changes = await subscription.take()

        assert [change.type for change in changes] == ["ADDED", "MODIFIED", "MODIFIED", "DELETED"]
        assert [change.revision for change in changes] == [2, 3, 4, 5]
        assert changes[3].previous == changes[2].record


async def test_a_follower_that_is_too_slow_gets_an_overflow_and_no_gap() -> None:
    async with Store(None, 10) as store:
        with store.subscribe(THINGS, 2) as subscription:
            for value in range(3):
                await store.put(THINGS, key("a"), thing("a", value))

            with pytest.raises(Overflow):
                await subscription.take()


async def test_closing_a_subscription_still_delivers_what_is_buffered() -> None:
    async with Store(None, 10) as store:
        with store.subscribe(THINGS, 10) as subscription:
            await store.put(THINGS, key("a"), thing("a"))
            store.close_subscriptions(THINGS)

            assert [change.type for change in await subscription.take()] == ["ADDED"]
            assert await subscription.take() == []


async def test_the_state_of_an_older_revision_can_be_read_until_it_is_forgotten() -> None:
    async with Store(None, 3) as store:
        await store.put(THINGS, key("a"), thing("a", 1))
        await store.put(THINGS, key("b"), thing("b", 1))
        then = store.revision
        await store.put(THINGS, key("a"), thing("a", 2))
        await store.remove(THINGS, key("b"), thing("b"))
        await store.put(THINGS, key("c"), thing("c"))

        keys, records = store.collection(THINGS).state_at(then)
        assert [(k.name, records[k].decode()["value"]) for k in keys] == [("a", 1), ("b", 1)]

        await store.put(THINGS, key("c"), thing("c", 2))
        await store.put(THINGS, key("c"), thing("c", 3))
        with pytest.raises(Gone):
            store.collection(THINGS).state_at(then - 1)


async def test_everything_is_there_after_a_restart_and_revisions_go_on(tmp_path: Path) -> None:
    async with Store(SqliteJournal(tmp_path / "store"), 10) as store:
        await store.put(THINGS, key("a"), thing("a", 1))
        await store.put(THINGS, key("b"), thing("b", 1))
        gone = await store.remove(THINGS, key("b"), thing("b"))

    async with Store(SqliteJournal(tmp_path / "store"), 10) as store:
        assert [record.key.name for record in store.collection(THINGS).records()] == ["a"]
        assert store.revision == gone.revision
        assert (await store.put(THINGS, key("c"), thing("c"))).revision == gone.revision + 1
        with pytest.raises(Gone):
            store.collection(THINGS).changes_since(gone.revision - 1)


async def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    async with Store(SqliteJournal(tmp_path / "store"), 10) as store:
        await store.put(THINGS, key("a"), thing("a"))

        modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}

    assert modes == {0o600}


async def test_a_second_server_is_kept_from_the_file(tmp_path: Path) -> None:
    async with Store(SqliteJournal(tmp_path / "store"), 10):
        other = SqliteJournal(tmp_path / "store")
        with pytest.raises(StoreError, match="another server uses it"):
            other.open()
        other.close()


async def test_a_file_that_is_no_store_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "store"
    path.write_text("this is no database, " * 100)
    journal = SqliteJournal(path)

    with pytest.raises(StoreError, match=r"opening the store .*/store: file is not a database"):
        journal.open()
    journal.close()


async def test_writes_submitted_together_are_committed_together(tmp_path: Path) -> None:
    async with Store(SqliteJournal(tmp_path / "store"), 1000) as store:
        futures = [store.put(THINGS, key(f"t{index}"), thing("t")) for index in range(200)]
        for future in futures:
            await future

        assert store.statistics().commits <= 2
        assert store.statistics().objects == 200


async def test_a_write_builds_on_the_latest_state_before_it_is_durable(tmp_path: Path) -> None:
    async with Store(SqliteJournal(tmp_path / "store"), 10) as store:
        future = store.put(THINGS, key("a"), thing("a", 1))

        latest = store.latest(THINGS, key("a"))
        assert latest is not None
        assert latest.decode()["value"] == 1
        assert store.collection(THINGS).get(key("a")) is None

        await future
        assert store.collection(THINGS).get(key("a")) == latest


async def test_a_full_disk_fails_the_write_and_loses_nothing(tmp_path: Path) -> None:
    journal = SmallJournal(tmp_path / "store", pages=40)
    async with Store(journal, 10) as store:
        kept = await store.put(THINGS, key("a"), thing("a", 1))
        with pytest.raises(InternalError, match="full"):
            await store.put(THINGS, key("big"), thing("big") | {"data": "x" * 500_000})

        assert store.collection(THINGS).get(key("big")) is None
        assert store.latest(THINGS, key("big")) is None
        after = await store.put(THINGS, key("b"), thing("b"))
        assert after.revision > kept.revision

    async with Store(SqliteJournal(tmp_path / "store"), 10) as store:
        assert [record.key.name for record in store.collection(THINGS).records()] == ["a", "b"]


async def test_writes_behind_a_failed_group_fail_too(tmp_path: Path) -> None:
    journal = SmallJournal(tmp_path / "store", pages=40)
    async with Store(journal, 10) as store:
        big = store.put(THINGS, key("big"), thing("big") | {"data": "x" * 500_000})
        await asyncio.sleep(0)
        behind = store.put(THINGS, key("behind"), thing("behind"))

        for future in (big, behind):
            with pytest.raises(InternalError):
                await future
        assert store.statistics().objects == 0


class SmallJournal(SqliteJournal):
    """A journal on a disk with room for `pages` pages of 4 KiB."""

    def __init__(self, path: Path, pages: int) -> None:
        super().__init__(path)
        self._pages = pages

    def open(self) -> int:
        revision = super().open()
        assert isinstance(self._connection, sqlite3.Connection)
        self._connection.execute(f"PRAGMA max_page_count={self._pages}")
        return revision
