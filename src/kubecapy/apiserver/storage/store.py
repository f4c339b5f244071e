"""Store objects by revision: every acknowledged write is durable, every change is seen in order.

How a write goes: the caller reads `latest` and submits the next state in one step without suspending, so two writers
never decide on the same state. Submitting gives the write its revision. One writer task commits everything that was
submitted during the last commit as one group; only then does the group become visible to readers and watchers, and
the callers' futures resolve. A failed group fails the writes submitted behind it too, because they may build on it.
Without a journal a write is visible at once.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import Self

import msgspec

from kubecapy.apimachinery.errors import InternalError
from kubecapy.apimachinery.json_codec import encode
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apiserver.storage.collection import Collection
from kubecapy.apiserver.storage.journal import Journal, StoreError, Write
from kubecapy.apiserver.storage.records import Change, Record, ResourceId, make_change
from kubecapy.apiserver.storage.subscription import Subscription
from kubecapy.tasks import TaskScope, run_blocking
from kubecapy.telemetry.logs import get_logger

Listener = Callable[[ResourceId, Change], None]
"""Told of every change, in revision order, right after it became visible; must be quick and must not raise."""

_log = get_logger(__name__)


class StoreStatistics(msgspec.Struct, frozen=True):
    """What the store holds and has done."""

    revision: int
    objects: int
    subscriptions: int
    commits: int
    """Groups that the journal committed."""


class Store:
    """Objects of all kinds, in memory, over an optional journal."""

    def __init__(self, journal: Journal | None, history: int, first_revision: int = 1) -> None:
        """Keep `history` changes a kind; `journal` None keeps nothing over a restart.

        Revisions begin behind `first_revision`, or behind the last one of the journal.
        """
        self._journal = journal
        self._history = history
        self._collections: dict[ResourceId, Collection] = {}
        self._subscriptions: dict[ResourceId, set[Subscription]] = {}
        self._listeners: list[Listener] = []
        self._revision = self._submitted = self._floor = first_revision
        self._pending: dict[tuple[ResourceId, ObjectKey], Write] = {}
        self._queue: list[tuple[Write, asyncio.Future[Record]]] = []
        self._wake = asyncio.Event()
        self._stopping = False
        self._commits = 0
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._scope = TaskScope("store")

    async def __aenter__(self) -> Self:
        """Load what is stored and start the writer.

        Raises:
            StoreError: the journal cannot be opened or read.
        """
        if self._journal is not None:
            try:
                await run_blocking(self._executor, partial(self._load, self._journal))
            except BaseException:
                await self._close_journal()
                self._executor.shutdown(wait=False)
                raise
        await self._scope.__aenter__()
        if self._journal is not None:
            self._scope.start(self._write_groups(self._journal), name="writer")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what was submitted, end all subscriptions and close the file."""
        self._stopping = True
        self._wake.set()
        self.close_subscriptions()
        try:
            await self._scope.__aexit__(None, None, None)
        finally:
            await self._close_journal()
            self._executor.shutdown(wait=False)

    @property
    def revision(self) -> int:
        """The revision of the last visible change."""
        return self._revision

    def collection(self, resource: ResourceId) -> Collection:
        """Return what is visible of one kind; empty where nothing was ever stored."""
        found = self._collections.get(resource)
        if found is None:
            found = self._collections[resource] = Collection(self._floor, self._history)
        return found

    def resources(self) -> tuple[ResourceId, ...]:
        """Return the kinds that have or had objects."""
        return tuple(self._collections)

    def latest(self, resource: ResourceId, key: ObjectKey) -> Record | None:
        """Return the state that the next write builds on: submitted, maybe not durable yet. For writers only."""
        pending = self._pending.get((resource, key))
        if pending is not None:
            return None if pending.deleted else pending.record
        return self.collection(resource).get(key)

    def put(self, resource: ResourceId, key: ObjectKey, obj: JsonObject) -> asyncio.Future[Record]:
        """Submit `obj` as the next state and return a future of what is stored; the object is encoded at once."""
        return self._submit(resource, key, obj, deleted=False)

    def remove(self, resource: ResourceId, key: ObjectKey, last: JsonObject) -> asyncio.Future[Record]:
        """Submit the removal of an object whose last state is `last`."""
        return self._submit(resource, key, last, deleted=True)

    @contextmanager
    def subscribe(self, resource: ResourceId, limit: int) -> Iterator[Subscription]:
        """Give every change of one kind, from now on, to the subscription, until the block ends."""
        subscription = Subscription(limit)
        followers = self._subscriptions.setdefault(resource, set())
        followers.add(subscription)
        try:
            yield subscription
        finally:
            followers.discard(subscription)

    def close_subscriptions(self, resource: ResourceId | None = None) -> None:
        """End the subscriptions of one kind, or all of them."""
        for candidate, followers in self._subscriptions.items():
            if resource is None or candidate == resource:
                for subscription in followers:
                    subscription.close()

    def add_listener(self, listener: Listener) -> None:
        """Tell `listener` of every change from now on."""
        self._listeners.append(listener)

    def compact(self) -> None:
        """Forget every earlier state at once, as etcd's compaction does: older revisions answer 410 Gone."""
        self._floor = self._revision
        for collection in self._collections.values():
            collection.forget(self._revision)

    def find_failure(self) -> str:
        """Return why nothing can be read and written; empty where all is well. A full disk is no such failure."""
        return "the store is closed" if self._stopping else ""

    def statistics(self) -> StoreStatistics:
        """Return what the store holds and has done."""
        return StoreStatistics(
            revision=self._revision,
            objects=sum(len(collection) for collection in self._collections.values()),
            subscriptions=sum(len(followers) for followers in self._subscriptions.values()),
            commits=self._commits,
        )

    def _load(self, journal: Journal) -> None:
        self._revision = self._submitted = self._floor = max(journal.open(), self._floor)
        for resource, record in journal.load():
            self.collection(resource).load(record)

    async def _close_journal(self) -> None:
        if self._journal is None:
            return
        try:
            await run_blocking(self._executor, self._journal.close)
        except StoreError as error:
            # What was acknowledged is durable all the same: the next start reads it from the log.
            _log.error("Failed to end the store in good order: %s", error)

    def _submit(
        self, resource: ResourceId, key: ObjectKey, obj: JsonObject, *, deleted: bool
    ) -> asyncio.Future[Record]:
        self._submitted += 1
        obj["metadata"]["resourceVersion"] = str(self._submitted)
        write = Write(resource, Record(key, self._submitted, encode(_with_kind_first(obj))), deleted)
        future: asyncio.Future[Record] = asyncio.get_running_loop().create_future()
        if self._journal is None:
            self._publish(write)
            future.set_result(write.record)
            return future
        self._pending[resource, key] = write
        self._queue.append((write, future))
        self._wake.set()
        return future

    async def _write_groups(self, journal: Journal) -> None:
        while self._queue or not self._stopping:
            self._wake.clear()
            if self._queue:
                group, self._queue = self._queue, []
                await self._write_group(journal, group)
            else:
                await self._wake.wait()

    async def _write_group(self, journal: Journal, group: list[tuple[Write, asyncio.Future[Record]]]) -> None:
        try:
            await run_blocking(self._executor, partial(journal.commit, [write for write, _ in group]))
        except StoreError as error:
            _log.error("Failed to commit writes: %s", error)
            self._fail(group, error)
            return
        self._commits += 1
        for write, future in group:
            self._publish(write)
            if not future.done():
                future.set_result(write.record)

    def _fail(self, group: list[tuple[Write, asyncio.Future[Record]]], error: StoreError) -> None:
        behind, self._queue = self._queue, []
        self._pending.clear()
        for _, future in (*group, *behind):
            if not future.done():
                future.set_exception(InternalError(f"storing the object failed: {error}"))

    def _publish(self, write: Write) -> None:
        key = write.record.key
        if self._pending.get((write.resource, key)) is write:
            del self._pending[write.resource, key]
        collection = self.collection(write.resource)
        change = make_change(write.record, collection.get(key), deleted=write.deleted)
        collection.apply(change)
        self._revision = write.record.revision
        for subscription in self._subscriptions.get(write.resource, ()):
            subscription.offer(change)
        for listener in self._listeners:
            listener(write.resource, change)


def _with_kind_first(obj: JsonObject) -> JsonObject:
    """Return `obj` beginning with what it is, so that lists can leave that out of their items without decoding them."""
    return {name: obj[name] for name in ("kind", "apiVersion") if name in obj} | obj
