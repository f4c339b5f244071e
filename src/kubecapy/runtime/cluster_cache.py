"""Give clients and informers of workload clusters, kept as long as their kubeconfigs stay the same.

The kubeconfig of cluster `namespace/name` is the key `value` of the Secret `<name>-kubeconfig` in its namespace.

    client(cluster) ─► Secret read, at most every SECRET_SECONDS ─► same bytes: the client that is there
                                                                └► other bytes: close, connect anew
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from random import Random
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from kubecapy.api.core import SECRETS, secret_data
from kubecapy.apimachinery.errors import StatusError
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Client, Reader, Unreachable
from kubecapy.clock import Clock
from kubecapy.runtime.informer import Informer
from kubecapy.runtime.reflector import Scope
from kubecapy.runtime.store import Change
from kubecapy.tasks import TaskScope
from kubecapy.telemetry.logs import V, get_logger

T = TypeVar("T")

_log = get_logger(__name__)

SECRET_SECONDS = 10.0
"""A kubeconfig Secret is read again after so long."""
KUBECONFIG_KEY = "value"

Connect = Callable[[bytes], AbstractAsyncContextManager[Client]]
"""Makes a client of a kubeconfig; entering may raise ValueError where the kubeconfig is unusable."""
RemoteHandler = Callable[[ObjectKey, Change[Any]], None]
"""Is told of a change in a workload cluster, and of which cluster."""


class ClusterUnreachable(Exception):
    """The workload cluster has no usable kubeconfig yet, or no more; look again later."""


class ClusterCache:
    """Keeps one client, and one informer of each kind asked for, per workload cluster.

    Open it with `async with`; leaving ends everything. Its clients belong to it: do not close them.
    """

    def __init__(self, reader: Reader, connect: Connect, clock: Clock, random: Random) -> None:
        """Read Secrets through `reader`; nothing is read before the first use."""
        self._reader = reader
        self._connect = connect
        self._clock = clock
        self._random = random
        self._clusters: dict[ObjectKey, _Cluster] = {}
        self._handlers: list[tuple[Resource[Any], RemoteHandler]] = []
        self._scope = TaskScope("clusters")
        self._connecting = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Begin without clusters."""
        await self._scope.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every informer and close every client."""
        self._scope.cancel()
        try:
            await self._scope.__aexit__(kind, error, trace)
        finally:
            for key in tuple(self._clusters):
                await self.forget(key)

    async def client(self, cluster: ObjectKey) -> Client:
        """Return the client of `cluster`; usable until its kubeconfig changes, so ask again in each pass.

        Raises:
            ClusterUnreachable: there is no kubeconfig, or it cannot be used. That the cluster itself does not answer
                shows only when the client is used.
        """
        return (await self._cluster(cluster)).client

    async def informer(self, cluster: ObjectKey, resource: Resource[T]) -> Informer[T]:
        """Return the informer of a kind in `cluster`, started at its first use; see `synced` before trusting absence.

        Raises:
            ClusterUnreachable: as `client`.
        """
        found = await self._cluster(cluster)
        informer = found.informers.get(resource)
        if informer is None:
            informer = Informer(found.client, resource, Scope(), self._clock, self._random)
            found.informers[resource] = informer
            for followed, handler in self._handlers:
                if followed == resource:
                    _attach(informer, cluster, handler)
            name = f"{cluster}/{resource.qualified_plural}"
            found.tasks.append(self._scope.start(informer.run(), name=name))
        # Any: informers of all kinds live in one mapping; the key fixes the type.
        return cast("Informer[T]", informer)

    def source(self, resource: Resource[T], function: Callable[[ObjectKey, T], Iterable[ObjectKey]]) -> "RemoteSource":
        """Return a source for a controller: it looks at what `function` names for a changed object in any cluster.

        Only clusters whose informer of `resource` was asked for are followed.
        """
        return RemoteSource(self, resource, function)

    def add_handler(self, resource: Resource[Any], handler: RemoteHandler) -> None:
        """Tell `handler` of every change of a kind in every cluster that is followed, now and later."""
        self._handlers.append((resource, handler))
        for key, cluster in self._clusters.items():
            if resource in cluster.informers:
                _attach(cluster.informers[resource], key, handler)

    async def forget(self, cluster: ObjectKey) -> None:
        """Close what belongs to `cluster`; the next use begins anew. Absent is success."""
        found = self._clusters.pop(cluster, None)
        if found is not None:
            for task in found.tasks:
                task.cancel()
            await found.stack.aclose()

    async def _cluster(self, key: ObjectKey) -> "_Cluster":
        known = self._clusters.get(key)
        now = self._clock.monotonic()
        if known is not None and now - known.read_at < SECRET_SECONDS:
            return known
        kubeconfig = await self._kubeconfig(key)
        # Race: another pass may connect the same cluster meanwhile. Nothing goes over the network under this lock.
        async with self._connecting:
            known = self._clusters.get(key)
            if known is not None and known.kubeconfig == kubeconfig:
                known.read_at = now
                return known
            await self.forget(key)
            return await self._connected(key, kubeconfig)

    async def _kubeconfig(self, key: ObjectKey) -> bytes:
        name = f"{key.name}-kubeconfig"
        try:
            secret = await self._reader.find(SECRETS, ObjectKey(key.namespace, name))
        except (StatusError, Unreachable) as error:
            raise ClusterUnreachable(f"cluster {key}: cannot read Secret {name}: {error}") from error
        if secret is None:
            await self.forget(key)
            raise ClusterUnreachable(f"cluster {key} has no kubeconfig yet: no Secret {name}")
        try:
            return secret_data(secret)[KUBECONFIG_KEY]
        except (KeyError, ValueError) as error:
            raise ClusterUnreachable(f"cluster {key}: Secret {name} has no usable key {KUBECONFIG_KEY}") from error

    async def _connected(self, key: ObjectKey, kubeconfig: bytes) -> "_Cluster":
        stack = AsyncExitStack()
        try:
            client = await stack.enter_async_context(self._connect(kubeconfig))
        except ValueError as error:
            raise ClusterUnreachable(f"cluster {key}: its kubeconfig is unusable: {error}") from error
        _log.log(V(2), "Connected to workload cluster %s", key)
        cluster = _Cluster(client, kubeconfig, stack, self._clock.monotonic())
        self._clusters[key] = cluster
        return cluster


class RemoteSource:
    """Looks at what a function names for each changed object in any workload cluster."""

    def __init__(
        self, cache: ClusterCache, resource: Resource[T], function: Callable[[ObjectKey, T], Iterable[ObjectKey]]
    ) -> None:
        """Follow `resource` in every cluster of `cache`."""
        self._cache = cache
        self._resource = resource
        # Any: the resource fixes the type of the objects.
        self._function: Callable[[ObjectKey, Any], Iterable[ObjectKey]] = function

    def connect(self, enqueue: Callable[[ObjectKey], None]) -> None:
        """Call `enqueue` for the keys of every change."""

        def forward(cluster: ObjectKey, change: Change[Any]) -> None:
            states = (change.object,) if change.old is None else (change.old, change.object)
            for key in dict.fromkeys(key for state in states for key in self._function(cluster, state)):
                enqueue(key)

        self._cache.add_handler(self._resource, forward)


class _Cluster:
    """One connected workload cluster."""

    def __init__(self, client: Client, kubeconfig: bytes, stack: AsyncExitStack, read_at: float) -> None:
        self.client = client
        self.kubeconfig = kubeconfig
        self.stack = stack
        self.read_at = read_at
        self.informers: dict[Resource[Any], Informer[Any]] = {}
        self.tasks: list[asyncio.Task[None]] = []


def _attach(informer: Informer[Any], cluster: ObjectKey, handler: RemoteHandler) -> None:
    informer.add_handler(lambda change: handler(cluster, change))
