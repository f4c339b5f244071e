"""Hold a synced, indexed copy of the objects of one kind, and tell of every change.

Read one's own writes: `observe` takes what a write returned. Until the watch has delivered that very revision, older
deltas of the object are left out, so that no pass acts on what it already changed. The wait also ends with the
deletion of that object, with a new list, and after `AWAITED_SECONDS`: a copy that lags is better than one that froze.
`observe_deletion` takes what a write removed: whatever the server still tells of that uid is left out, since a uid
never comes back.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from typing import Generic, TypeVar

import msgspec

from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta
from kubecapy.apimachinery.objects import metadata_of, object_key, revision_of
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Delta
from kubecapy.clock import Clock
from kubecapy.runtime.reflector import ListWatcher, Reflector, Scope
from kubecapy.runtime.store import Change, IndexFunction, Store

T = TypeVar("T")

ChangeHandler = Callable[[Change[T]], None]
"""Is told of a change at once; must neither raise nor take long."""

REMEMBERED_REVISIONS = 1024
"""A reply that comes so many deltas later than its own delta would be taken for news."""
REMEMBERED_DELETIONS = 1024
"""So many deletions later, a state from before one's own deletion would be taken for news."""


AWAITED_SECONDS = 30.0
"""A write whose delta did not come in this time is awaited no more."""


class _Awaited(msgspec.Struct, frozen=True):
    """A write whose delta is still to come."""

    revision: str
    uid: str
    until: float
    """Monotonic seconds."""


class InformerStatistics(msgspec.Struct, frozen=True):
    """What an informer holds and has seen."""

    objects: int
    deltas: int
    """Changes that the watch delivered."""
    lists: int
    """How often everything was listed."""


class Informer(Generic[T]):
    """Follows the objects of one kind; reads are local and cost nothing.

    What it hands out is shared and must not be changed.
    """

    def __init__(self, client: ListWatcher, resource: Resource[T], scope: Scope, clock: Clock, random: Random) -> None:
        """Prepare; nothing is read before `run`."""
        self.resource = resource
        self.scope = scope
        self._store: Store[T] = Store()
        self._handlers: list[ChangeHandler[T]] = []
        self._reflector = Reflector(client, resource, scope, self, clock, random)
        self._synced = asyncio.Event()
        self._clock = clock
        self._awaited: dict[ObjectKey, _Awaited] = {}
        self._seen: deque[str] = deque(maxlen=REMEMBERED_REVISIONS)
        self._deleted: dict[str, None] = {}
        """Uids of objects that are gone by our own doing, oldest first."""
        self._deltas = 0
        self._lists = 0

    @property
    def synced(self) -> bool:
        """Whether everything was listed once: absence in the copy then means absence on the server."""
        return self._synced.is_set()

    async def wait_synced(self) -> None:
        """Return once everything was listed."""
        await self._synced.wait()

    def get(self, key: ObjectKey) -> T | None:
        """Return the object; None where it is absent."""
        return self._store.get(key)

    def list(self, namespace: str = "", *, index: tuple[str, str] | None = None) -> Sequence[T]:
        """Return the objects in order of their keys; with `index`, a name and a value, those filed there.

        An empty namespace means all of them.
        """
        if index is None:
            return self._store.list(namespace)
        found = self._store.by_index(*index)
        return [obj for obj in found if namespace in ("", object_key(obj).namespace)]

    def add_index(self, name: str, function: IndexFunction[T]) -> None:
        """File the objects under the values of `function`; ValueError where the name is taken."""
        self._store.add_index(name, function)

    def add_handler(self, handler: ChangeHandler[T]) -> None:
        """Tell `handler` of every change from now on, and of the objects that are there as added."""
        self._handlers.append(handler)
        for obj in self._store.list():
            handler(Change("ADDED", obj))

    async def run(self) -> None:
        """Follow the server until cancelled."""
        await self._reflector.run()

    def observe(self, obj: T) -> None:
        """Take `obj`, which a write returned, into the copy ahead of the watch."""
        key, revision = object_key(obj), revision_of(obj)
        meta = metadata_of(obj)
        if _is_gone(meta):
            self.observe_deletion(key, meta.uid)
            return
        is_elsewhere = self.scope.namespace not in ("", key.namespace) or self.scope.labels or self.scope.fields
        # Race: the delta of a write may overtake its reply; waiting for it then would freeze the object for ever.
        if not self.synced or is_elsewhere or not revision or revision in self._seen:
            return
        known = self._store.get(key)
        if known is not None and revision_of(known) == revision:
            return
        self._awaited[key] = _Awaited(revision, meta.uid, self._clock.monotonic() + AWAITED_SECONDS)
        self._tell(self._store.put(obj))

    def observe_deletion(self, key: ObjectKey, uid: str) -> None:
        """Drop the object that a write removed, ahead of the watch; another object of its name stays."""
        if not uid:
            return
        # Race: also where the copy does not hold it, since a list or a delta from before may be on its way.
        self._deleted[uid] = None
        if len(self._deleted) > REMEMBERED_DELETIONS:
            del self._deleted[next(iter(self._deleted))]
        known = self._store.get(key)
        if known is not None and metadata_of(known).uid == uid:
            self._awaited.pop(key, None)
            self._tell(self._store.remove(key))

    def replace(self, objects: Sequence[T]) -> None:
        """Hold exactly `objects`; called by the reflector."""
        self._lists += 1
        self._awaited.clear()
        if self._deleted:
            objects = [obj for obj in objects if metadata_of(obj).uid not in self._deleted]
        changes = self._store.replace(objects)
        self._seen.extend(revision_of(change.object) for change in changes)
        # Order: handlers may ask whether the copy is whole.
        self._synced.set()
        for change in changes:
            self._tell(change)

    def apply(self, delta: Delta[T]) -> None:
        """Take one change; called by the reflector."""
        obj = delta.object
        if obj is None:
            return
        self._deltas += 1
        self._seen.append(delta.resource_version)
        if self._deleted and metadata_of(obj).uid in self._deleted:
            return
        if self._awaited and self._is_awaiting(object_key(obj), delta.type, obj):
            return
        if delta.type == "DELETED":
            self._tell(self._store.remove(object_key(obj), obj))
        else:
            self._tell(self._store.put(obj))

    def statistics(self) -> InformerStatistics:
        """Return what the informer holds and has seen."""
        return InformerStatistics(len(self._store), self._deltas, self._lists)

    def _is_awaiting(self, key: ObjectKey, type_: str, obj: T) -> bool:
        """Return whether a delta is older than a write that was observed; ends the wait where it is not."""
        awaited = self._awaited.get(key)
        if awaited is None:
            return False
        # A uid never comes back; the deletion of an earlier object of the same name says nothing about this one.
        is_gone = type_ == "DELETED" and metadata_of(obj).uid == awaited.uid
        if revision_of(obj) != awaited.revision and not is_gone and self._clock.monotonic() < awaited.until:
            return True
        del self._awaited[key]
        return False

    def _tell(self, change: Change[T] | None) -> None:
        if change is not None:
            for handler in self._handlers:
                handler(change)


def _is_gone(meta: ObjectMeta) -> bool:
    """Return whether a write that returned this removed the object: it took the last finalizer of a deleted one.

    Kinds whose deletion waits for more (a Namespace for its content, a Pod for its node) have another grace period.
    Source: kubernetes/apiserver pkg/registry/generic/registry/store.go, ShouldDeleteDuringUpdate.
    """
    return bool(meta.deletion_timestamp) and not meta.finalizers and meta.deletion_grace_period_seconds == 0
