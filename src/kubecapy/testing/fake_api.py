"""Be an API client without a server: everything happens in memory, at once and in order.

It passes the same suite as `HttpClient` with the embedded API server. Left out: validation and defaults of kinds,
authorization, and admission; a test that needs them uses the real server.
"""

import contextlib
import random as random_module
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

import msgspec

from kubecapy.apimachinery.codec import decode, encode
from kubecapy.apimachinery.errors import MethodNotAllowed, NotFound
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.names import RandomSource
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Deleted, Delta, Listing, PatchBody, PatchType, Propagation, Unreachable
from kubecapy.client.wire import object_body
from kubecapy.clock import Clock
from kubecapy.testing.fake_requests import address_of, patched, selection
from kubecapy.testing.fake_store import Change, FakeStore

T = TypeVar("T")


class Call(msgspec.Struct, frozen=True):
    """One call of the API, as the ledger keeps it."""

    verb: str
    """get, list, watch, create, patch, delete or request."""
    plural: str
    """Qualified plural, or the path of a request."""
    key: ObjectKey
    """The object; an empty name for list, watch and request."""
    subresource: str = ""
    body: Any = None
    """What create and patch send."""

    @property
    def is_write(self) -> bool:
        """Whether the call changes something."""
        return self.verb in ("create", "patch", "delete")


Interception = Callable[[Call], None]
"""Sees a call and may raise what the caller should meet instead."""


class FakeApi:
    """Implements `kubecapy.client.interfaces.Client` in memory.

    Faults: `before_call` and `after_call` see every call and may raise. What `after_call` raises meets the caller
    although the effect took place, as when a reply is lost.
    """

    def __init__(self, clock: Clock, random: RandomSource | None = None) -> None:
        """Begin empty."""
        self.store = FakeStore(clock, random or random_module.Random(0))  # noqa: S311 - names, no secrets
        self.calls: list[Call] = []
        """Every call since the beginning, in order."""
        self.before_call: Interception = _let_pass
        self.after_call: Interception = _let_pass
        self._breaks = 0
        self._bookmarks = 0

    def put(self, resource: Resource[T], obj: T) -> T:
        """Store `obj` as a test's starting point: status included, no ledger, no faults."""
        return self._typed(resource, self.store.create(resource, object_body(resource, obj), with_status=True))

    def objects(self, resource: Resource[T], namespace: str = "") -> list[T]:
        """Return all objects of a kind, without ledger and faults, for assertions."""
        return [self._typed(resource, obj) for obj in self.store.all(resource, namespace)]

    def writes(self) -> list[Call]:
        """Return the calls that changed something, or tried to."""
        return [call for call in self.calls if call.is_write]

    def compact(self) -> None:
        """Forget the history: watches from before get Gone, open ones included."""
        self.store.compact()

    def break_watches(self) -> None:
        """End every open watch with Unreachable, as a lost connection does."""
        self._breaks += 1
        self.store.wake()

    def send_bookmarks(self) -> None:
        """Send a bookmark of the present revision to every open watch."""
        self._bookmarks += 1
        self.store.wake()

    async def get(self, resource: Resource[T], key: ObjectKey) -> T:
        """Return the object; NotFound where it is absent."""
        with self._recorded(Call("get", resource.qualified_plural, key)):
            return self._typed(resource, self.store.get(resource, key))

    async def find(self, resource: Resource[T], key: ObjectKey) -> T | None:
        """Return the object; None where it is absent."""
        try:
            return await self.get(resource, key)
        except NotFound:
            return None

    async def list(
        self, resource: Resource[T], *, namespace: str = "", labels: str = "", fields: str = ""
    ) -> Listing[T]:
        """Return all matching objects; an empty namespace means all of them."""
        with self._recorded(Call("list", resource.qualified_plural, ObjectKey(namespace, ""))):
            selects = selection(namespace, labels, fields)
            found = tuple(self._typed(resource, obj) for obj in self.store.all(resource) if selects(obj))
            return Listing(found, str(self.store.revision))

    async def create(self, resource: Resource[T], obj: T) -> T:
        """Store `obj` and return what was stored; AlreadyExists where the name is taken."""
        body = object_body(resource, obj)
        meta = body.get("metadata", {})
        key = ObjectKey(meta.get("namespace", ""), meta.get("name", ""))
        with self._recorded(Call("create", resource.qualified_plural, key, "", body)):
            return self._typed(resource, self.store.create(resource, body))

    async def patch(
        self,
        resource: Resource[T],
        key: ObjectKey,
        patch: PatchBody,
        *,
        patch_type: PatchType = "merge",
        subresource: str = "",
    ) -> T:
        """Apply `patch` and return the changed object; Conflict where a resourceVersion inside it is stale."""
        with self._recorded(Call("patch", resource.qualified_plural, key, subresource, patch)):
            old = self.store.get(resource, key)
            new = patched(old, patch, patch_type, resource.gvk)
            return self._typed(resource, self.store.update(resource, key, new, subresource))

    async def delete(
        self, resource: Resource[T], key: ObjectKey, *, uid: str = "", propagation: Propagation = "Background"
    ) -> Deleted[T] | None:
        """Ask for deletion; None where the object was absent. Every `propagation` acts as Background here."""
        with self._recorded(Call("delete", resource.qualified_plural, key, propagation)):
            try:
                deleted = self.store.delete(resource, key, uid)
            except NotFound:
                return None
            is_held = self.store.find(resource, key) is not None
            return Deleted(deleted["metadata"]["uid"], self._typed(resource, deleted) if is_held else None)

    @contextlib.asynccontextmanager
    async def watch(
        self, resource: Resource[T], *, namespace: str = "", resource_version: str, labels: str = "", fields: str = ""
    ) -> AsyncIterator[AsyncIterator[Delta[T]]]:
        """Open a watch from `resource_version`; Gone where the revision is compacted."""
        with self._recorded(Call("watch", resource.qualified_plural, ObjectKey(namespace, ""))):
            self.store.changes(resource, int(resource_version))
        selects = selection(namespace, labels, fields)
        async with contextlib.aclosing(self._deltas(resource, int(resource_version), selects)) as deltas:
            yield deltas

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,  # Any: whatever JSON can say
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> bytes:
        """Return the JSON of one object by its path; health paths say ok. Other methods than GET are refused."""
        del query, body, content_type, accept
        with self._recorded(Call("request", path, ObjectKey("", ""))):
            if method != "GET":
                raise MethodNotAllowed(f"the fake API serves no {method} by path")
            if path in ("/healthz", "/readyz", "/livez"):
                return b"ok"
            return encode(self.store.get(*address_of(path)))

    def stream(
        self, path: str, *, query: Mapping[str, str] | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open a GET whose body arrives in one piece."""
        return self._stream(path, query)

    @contextlib.asynccontextmanager
    async def _stream(self, path: str, query: Mapping[str, str] | None) -> AsyncIterator[AsyncIterator[bytes]]:
        yield _one(await self.request("GET", path, query=query))

    @contextlib.contextmanager
    def _recorded(self, call: Call) -> Iterator[None]:
        self.calls.append(call)
        self.before_call(call)
        try:
            yield
        finally:
            # A refused call has ended too: its process may die, or its refusal be lost.
            self.after_call(call)

    async def _deltas(
        self, resource: Resource[T], revision: int, selects: Callable[[JsonObject], bool]
    ) -> AsyncGenerator[Delta[T], None]:
        breaks, bookmarks = self._breaks, self._bookmarks
        while True:
            if self._breaks != breaks:
                raise Unreachable("the fake API broke the watch")
            # Race: while a delta is handed out, later changes may come; they belong to the next round.
            changes, revision = self.store.changes(resource, revision), self.store.revision
            for change in changes:
                delta = self._delta(resource, change, selects)
                if delta is not None:
                    yield delta
            if self._bookmarks != bookmarks:
                bookmarks = self._bookmarks
                yield Delta("BOOKMARK", None, str(revision))
            if self.store.revision == revision and self._breaks == breaks and self._bookmarks == bookmarks:
                await self.store.wait()

    def _delta(self, resource: Resource[T], change: Change, selects: Callable[[JsonObject], bool]) -> Delta[T] | None:
        """Return how `change` looks through a selector: objects that begin to match are added to what is seen."""
        was = change.old is not None and selects(change.old)
        matches = change.type != "DELETED" and selects(change.object)
        if not was and not matches:
            return None
        obj = self._typed(resource, change.object)
        revision = str(change.revision)
        if not matches:
            return Delta("DELETED", obj, revision)
        return Delta("MODIFIED" if was else "ADDED", obj, revision)

    def _typed(self, resource: Resource[T], obj: JsonObject) -> T:
        """Return `obj` as its kind's type, decoded from bytes as over the wire."""
        value: T = decode(encode(obj), resource.type)
        return value


def _let_pass(call: Call) -> None:
    """Let every call through."""


async def _one(content: bytes) -> AsyncIterator[bytes]:
    yield content
