"""Let informers see what a write returned, before the watch brings it."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Client, Deleted, Delta, Listing, PatchBody, PatchType, Propagation

T = TypeVar("T")

WriteObserver = Callable[[Resource[Any], Any], None]
"""Is told what a write of a kind returned."""
DeletionObserver = Callable[[Resource[Any], ObjectKey, str], None]
"""Is told of the key and the uid of an object that is gone."""


class WriteThroughClient:
    """Implements `Client` by another one, and tells observers of every object that a write changed or removed."""

    def __init__(self, client: Client, observe: WriteObserver, observe_deletion: DeletionObserver) -> None:
        """Pass everything on to `client`."""
        self._client = client
        self._observe = observe
        self._observe_deletion = observe_deletion

    async def create(self, resource: Resource[T], obj: T) -> T:
        """Store `obj`; see `Writer.create`."""
        stored = await self._client.create(resource, obj)
        self._observe(resource, stored)
        return stored

    async def patch(
        self,
        resource: Resource[T],
        key: ObjectKey,
        patch: PatchBody,
        *,
        patch_type: PatchType = "merge",
        subresource: str = "",
    ) -> T:
        """Apply `patch`; see `Writer.patch`."""
        stored = await self._client.patch(resource, key, patch, patch_type=patch_type, subresource=subresource)
        self._observe(resource, stored)
        return stored

    async def delete(
        self, resource: Resource[T], key: ObjectKey, *, uid: str = "", propagation: Propagation = "Background"
    ) -> Deleted[T] | None:
        """Ask for deletion; see `Writer.delete`."""
        deleted = await self._client.delete(resource, key, uid=uid, propagation=propagation)
        if deleted is None:
            return None
        if deleted.remaining is None:
            self._observe_deletion(resource, key, deleted.uid)
        else:
            self._observe(resource, deleted.remaining)
        return deleted

    async def get(self, resource: Resource[T], key: ObjectKey) -> T:
        """Read from the server; see `Reader.get`."""
        return await self._client.get(resource, key)

    async def find(self, resource: Resource[T], key: ObjectKey) -> T | None:
        """Read from the server; see `Reader.find`."""
        return await self._client.find(resource, key)

    async def list(
        self, resource: Resource[T], *, namespace: str = "", labels: str = "", fields: str = ""
    ) -> Listing[T]:
        """Read from the server; see `Reader.list`."""
        return await self._client.list(resource, namespace=namespace, labels=labels, fields=fields)

    def watch(
        self, resource: Resource[T], *, namespace: str = "", resource_version: str, labels: str = "", fields: str = ""
    ) -> AbstractAsyncContextManager[AsyncIterator[Delta[T]]]:
        """Follow the server; see `Watcher.watch`."""
        return self._client.watch(
            resource, namespace=namespace, resource_version=resource_version, labels=labels, fields=fields
        )

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
        """Send any request; see `Raw.request`."""
        return await self._client.request(
            method, path, query=query, body=body, content_type=content_type, accept=accept
        )

    def stream(
        self, path: str, *, query: Mapping[str, str] | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Read a body piece by piece; see `Raw.stream`."""
        return self._client.stream(path, query=query)
