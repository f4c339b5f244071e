"""Speak to the Kubernetes API over HTTP, with types."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Self, TypeVar

from kubecapy.apimachinery.codec import DecodeError, encode
from kubecapy.apimachinery.errors import Gone, NotFound
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.connection import Connection
from kubecapy.client.interfaces import Deleted, Delta, Listing, PatchBody, PatchType, Propagation, Unreachable
from kubecapy.client.transport import Deadlines, Request, RequestObserver, Transport
from kubecapy.client.wire import (
    CONTENT_TYPES,
    PAGE_SIZE,
    LineSplitter,
    Page,
    decode_deleted,
    decode_delta,
    decode_object,
    decode_page,
    object_body,
    selector_query,
)
from kubecapy.clock import Clock

T = TypeVar("T")

WATCH_TIMEOUT_SECONDS = 300
"""The server ends a watch after so long, so that the load of many watchers spreads over its replicas."""


class HttpClient:
    """Implements `kubecapy.client.interfaces.Client` for one API server; open it with `async with`.

    One connection pool serves any number of tasks at once. `Unreachable` also stands for a reply that is not the
    Kubernetes API's, such as a login page.
    """

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        deadlines: Deadlines | None = None,
        observer: RequestObserver | None = None,
    ) -> None:
        """Keep how to reach the server; nothing is opened yet. `observer` is told of every request."""
        self.connection = connection
        self._deadlines = deadlines or Deadlines()
        self._transport = Transport(connection, clock, self._deadlines, observer)

    async def __aenter__(self) -> Self:
        """Open the connection pool. Raises TlsSettingsError where certificates are unusable."""
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        await self._transport.__aexit__(kind, error, trace)

    async def get(self, resource: Resource[T], key: ObjectKey) -> T:
        """Return the object; NotFound where it is absent."""
        data = await self._transport.send(Request(method="GET", path=resource.path(key.namespace, key.name)))
        return self._decoded(data, resource)

    async def find(self, resource: Resource[T], key: ObjectKey) -> T | None:
        """Return the object; None where it is absent."""
        try:
            return await self.get(resource, key)
        except NotFound:
            return None

    async def list(
        self, resource: Resource[T], *, namespace: str = "", labels: str = "", fields: str = ""
    ) -> Listing[T]:
        """Return all matching objects, read page by page; an empty namespace means all of them.

        Where the list expires between two pages, it is read once more in one piece.
        """
        query = selector_query(labels, fields)
        try:
            return await self._list_pages(resource, namespace, query)
        except Gone:
            page = self._page(await self._list(resource, namespace, query), resource)
            return Listing(page.items or (), page.metadata.resource_version)

    async def create(self, resource: Resource[T], obj: T) -> T:
        """Store `obj` and return what was stored; AlreadyExists where the name is taken."""
        body = object_body(resource, obj)
        path = resource.path(body.get("metadata", {}).get("namespace", ""))
        data = await self._transport.send(Request(method="POST", path=path, body=encode(body)))
        return self._decoded(data, resource)

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
        request = Request(
            method="PATCH",
            path=resource.path(key.namespace, key.name, subresource),
            body=encode(patch),
            content_type=CONTENT_TYPES[patch_type],
        )
        return self._decoded(await self._transport.send(request), resource)

    async def delete(
        self, resource: Resource[T], key: ObjectKey, *, uid: str = "", propagation: Propagation = "Background"
    ) -> Deleted[T] | None:
        """Ask for deletion; return what became of the object, None where it was absent. A wrong `uid` is Conflict."""
        options: JsonObject = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        if uid:
            options["preconditions"] = {"uid": uid}
        path = resource.path(key.namespace, key.name)
        try:
            data = await self._transport.send(Request(method="DELETE", path=path, body=encode(options)))
        except NotFound:
            return None
        try:
            return decode_deleted(data, resource)
        except DecodeError as error:
            raise self._foreign(resource, error) from error

    @contextlib.asynccontextmanager
    async def watch(
        self, resource: Resource[T], *, namespace: str = "", resource_version: str, labels: str = "", fields: str = ""
    ) -> AsyncIterator[AsyncIterator[Delta[T]]]:
        """Open a watch from `resource_version`; iterate its deltas until the server ends it.

        Raises:
            Gone: on opening or while iterating: the revision is compacted, list again.
            Unreachable: the stream broke off, or was silent for longer than the deadlines allow.
        """
        query = {
            **selector_query(labels, fields),
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "timeoutSeconds": str(WATCH_TIMEOUT_SECONDS),
        }
        request = Request(method="GET", path=resource.path(namespace), query=query)
        async with (
            self._transport.open(request, self._deadlines.idle_watch_seconds) as chunks,
            contextlib.aclosing(self._deltas(chunks, resource)) as deltas,
        ):
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
        """Return the reply's body; `body` is encoded as JSON unless it is bytes."""
        content = body if body is None or isinstance(body, bytes) else encode(body)
        return await self._transport.send(
            Request(method=method, path=path, query=query or {}, body=content, content_type=content_type, accept=accept)
        )

    def stream(
        self, path: str, *, query: Mapping[str, str] | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open a GET whose body is read piece by piece; a followed log may be silent for as long as it likes."""
        return self._transport.open(Request(method="GET", path=path, query=query or {}, accept="*/*"), None)

    async def _list_pages(self, resource: Resource[T], namespace: str, query: Mapping[str, str]) -> Listing[T]:
        items: list[T] = []
        token = ""
        while True:
            paging = {"limit": str(PAGE_SIZE), **({"continue": token} if token else {})}
            page = self._page(await self._list(resource, namespace, {**query, **paging}), resource)
            items.extend(page.items or ())
            token = page.metadata.continue_
            if not token:
                return Listing(tuple(items), page.metadata.resource_version)

    async def _list(self, resource: Resource[T], namespace: str, query: Mapping[str, str]) -> bytes:
        return await self._transport.send(Request(method="GET", path=resource.path(namespace), query=query))

    async def _deltas(self, chunks: AsyncIterator[bytes], resource: Resource[T]) -> AsyncGenerator[Delta[T], None]:
        splitter = LineSplitter()
        async for chunk in chunks:
            for line in splitter.feed(chunk):
                try:
                    delta = decode_delta(line, resource)
                except DecodeError as error:
                    raise self._foreign(resource, error) from error
                yield delta

    def _decoded(self, data: bytes, resource: Resource[T]) -> T:
        try:
            return decode_object(data, resource)
        except DecodeError as error:
            raise self._foreign(resource, error) from error

    def _page(self, data: bytes, resource: Resource[T]) -> Page[T]:
        try:
            return decode_page(data, resource)
        except DecodeError as error:
            raise self._foreign(resource, error) from error

    def _foreign(self, resource: Resource[Any], error: DecodeError) -> Unreachable:
        return Unreachable(
            f"{self.connection.server}: its reply about {resource.qualified_plural} is unreadable: {error}"
        )
