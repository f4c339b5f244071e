"""Follow the objects of one kind: list, then watch, and list again where the watch lost its place.

    list ──► replace everything ──► watch from the list's revision ──► apply each delta
     ▲                                │ ended, broken: watch again from the last revision, after a backoff
     └──── 410 Gone ──────────────────┘

Source: client-go tools/cache/reflector.go.
"""

import logging
from collections.abc import Sequence
from random import Random
from typing import Generic, Protocol, TypeVar

import msgspec

from kubecapy.apimachinery.errors import Gone, StatusError
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Delta, Reader, Unreachable, Watcher
from kubecapy.clock import Clock
from kubecapy.telemetry.logs import V, get_logger

T = TypeVar("T")

_log = get_logger(__name__)

BACKOFF_BASE_SECONDS = 0.8
"""Wait after the first failure; doubled after each further one. client-go's figures."""
BACKOFF_MAX_SECONDS = 30.0
QUIET_WATCH_SECONDS = 1.0
"""A watch that ends sooner than this counts as a failure, so that a confused server is not hammered."""


class ListWatcher(Reader, Watcher, Protocol):
    """Reads and follows objects."""


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Which objects of a kind are followed."""

    namespace: str = ""
    """Empty for all namespaces."""
    labels: str = ""
    """Label selector."""
    fields: str = ""
    """Field selector."""


class Sink(Protocol[T]):
    """Takes what a reflector reads."""

    def replace(self, objects: Sequence[T]) -> None:
        """Hold exactly `objects` from now on."""
        ...

    def apply(self, delta: Delta[T]) -> None:
        """Take one change; never a bookmark."""
        ...


class Reflector(Generic[T]):
    """Keeps a sink up to date with the server."""

    def __init__(
        self, client: ListWatcher, resource: Resource[T], scope: Scope, sink: Sink[T], clock: Clock, random: Random
    ) -> None:
        """Read `resource` through `client` into `sink`; `random` spreads the retries."""
        self._client = client
        self._resource = resource
        self._scope = scope
        self._sink = sink
        self._clock = clock
        self._random = random
        self._failures = 0
        self._revision: str | None = None
        """Where to resume; None where everything has to be listed."""

    async def run(self) -> None:
        """Follow the kind until cancelled; no failure of the server ends it."""
        while True:
            started = self._clock.monotonic()
            failure: Exception | None = None
            try:
                if self._revision is None:
                    self._revision = await self._list()
                await self._watch(self._revision)
            except Gone:
                _log.log(V(4), "Listing %s again: the revision expired", self._resource.qualified_plural)
                self._revision = None
            except (StatusError, Unreachable) as error:
                failure = error
            await self._pause(failure, self._clock.monotonic() - started)

    async def _list(self) -> str:
        scope = self._scope
        listing = await self._client.list(
            self._resource, namespace=scope.namespace, labels=scope.labels, fields=scope.fields
        )
        self._sink.replace(listing.items)
        return listing.resource_version

    async def _watch(self, revision: str) -> None:
        """Apply deltas from `revision` on until the server ends the watch, and remember how far they went."""
        scope = self._scope
        async with self._client.watch(
            self._resource,
            namespace=scope.namespace,
            resource_version=revision,
            labels=scope.labels,
            fields=scope.fields,
        ) as deltas:
            async for delta in deltas:
                if delta.type != "BOOKMARK":
                    self._sink.apply(delta)
                self._revision = delta.resource_version

    async def _pause(self, failure: Exception | None, lasted_seconds: float) -> None:
        """Wait before the next try; not at all after a watch that ended in the course of things."""
        if lasted_seconds >= BACKOFF_MAX_SECONDS:
            self._failures = 0
        if failure is None and lasted_seconds >= QUIET_WATCH_SECONDS:
            return
        delay = min(BACKOFF_BASE_SECONDS * 2.0 ** min(self._failures, 16), BACKOFF_MAX_SECONDS)
        self._failures += 1
        if failure is not None:
            # One line a failure, loud only at first: a server that is away for an hour fills no log.
            level = logging.WARNING if self._failures == 1 else V(4)
            _log.log(level, "Failed to follow %s: %s", self._resource.qualified_plural, failure)
        await self._clock.sleep(delay * (1.0 + self._random.random()) / 2.0)
