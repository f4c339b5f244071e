"""Name the faces of an API client, so that a user of one asks for no more than it needs.

Every method raises `kubecapy.apimachinery.errors.StatusError` (its subclasses say what to do) for a reply that is
not a success, and `Unreachable` where no reply came.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic, Literal, Protocol, TypeVar

import msgspec

from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.resources import Resource

T = TypeVar("T")

PatchType = Literal["merge", "json", "strategic"]
Propagation = Literal["Background", "Foreground", "Orphan"]
PatchBody = JsonObject | list[JsonObject]
"""A merge or strategic merge patch, or the operations of a JSON patch."""


class Unreachable(Exception):
    """No reply came: connection refused, reset, timed out or TLS refused; retry later or tell the person.

    The message names the server's URL and what the transport said, and holds no credentials.
    """


class Listing(msgspec.Struct, Generic[T], frozen=True):
    """A consistent list of objects."""

    items: tuple[T, ...]
    resource_version: str
    """Watch from here to see every later change."""


class Delta(msgspec.Struct, Generic[T], frozen=True):
    """One change that a watch reports."""

    type: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
    object: T | None
    """The object after the change, before it where it was deleted; None for a bookmark."""
    resource_version: str
    """Resume from here."""


class Deleted(msgspec.Struct, Generic[T], frozen=True):
    """What became of an object whose deletion was asked for."""

    uid: str
    """Of the object that was deleted."""
    remaining: T | None = None
    """The object as it waits for its finalizers, or for its grace period to end; None where it is gone."""


class Reader(Protocol):
    """Reads objects from the server itself, never from a cache."""

    async def get(self, resource: Resource[T], key: ObjectKey) -> T:
        """Return the object; NotFound where it is absent."""
        ...

    async def find(self, resource: Resource[T], key: ObjectKey) -> T | None:
        """Return the object; None where it is absent."""
        ...

    async def list(
        self, resource: Resource[T], *, namespace: str = "", labels: str = "", fields: str = ""
    ) -> Listing[T]:
        """Return all matching objects, read page by page; an empty namespace means all of them."""
        ...


class Writer(Protocol):
    """Changes objects. A decoded object is never written back whole: changes are patches."""

    async def create(self, resource: Resource[T], obj: T) -> T:
        """Store `obj` and return what was stored; AlreadyExists where the name is taken."""
        ...

    async def patch(
        self,
        resource: Resource[T],
        key: ObjectKey,
        patch: PatchBody,
        *,
        patch_type: PatchType = "merge",
        subresource: str = "",
    ) -> T:
        """Apply `patch` and return the changed object.

        A `metadata.resourceVersion` inside a merge patch makes it conditional: Conflict where it is stale.
        """
        ...

    async def delete(
        self, resource: Resource[T], key: ObjectKey, *, uid: str = "", propagation: Propagation = "Background"
    ) -> Deleted[T] | None:
        """Ask for deletion; return what became of the object, None where it was absent. A wrong `uid` is Conflict."""
        ...


class Watcher(Protocol):
    """Follows changes."""

    def watch(
        self, resource: Resource[T], *, namespace: str = "", resource_version: str, labels: str = "", fields: str = ""
    ) -> AbstractAsyncContextManager[AsyncIterator[Delta[T]]]:
        """Open a watch from `resource_version`; iterate its deltas until the server ends it.

        Raises Gone, on opening or while iterating, where the revision is compacted: list again.
        """
        ...


class Raw(Protocol):
    """Sends any request, for what has no typed verb: discovery, logs, subresources, health."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> bytes:
        """Return the reply's body; `body` is encoded as JSON unless it is bytes."""
        ...

    def stream(
        self, path: str, *, query: Mapping[str, str] | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open a GET whose body is read piece by piece, such as `pods/log?follow=true`."""
        ...


class Client(Reader, Writer, Watcher, Raw, Protocol):
    """Everything a client can do."""
