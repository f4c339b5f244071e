"""Put one API server together and run it.

store <- registry <- operations <- endpoints <- listener
^- upkeep (garbage, namespaces, definitions, events)
"""

from contextlib import AsyncExitStack, suppress
from random import Random
from types import TracebackType
from typing import Self

from kubecapy.apimachinery.errors import AlreadyExists
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.authentication import Authenticator
from kubecapy.apiserver.authorization import Authorizer, bootstrap_policy
from kubecapy.apiserver.core import ServerCore
from kubecapy.apiserver.endpoints.assembly import make_dispatcher
from kubecapy.apiserver.endpoints.dispatch import Guards
from kubecapy.apiserver.interfaces import ObjectReader, ObjectWriter
from kubecapy.apiserver.listening import TlsListener
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.apiserver.subresources import build
from kubecapy.apiserver.upkeep.runner import Upkeep
from kubecapy.clock import Clock
from kubecapy.tasks import TaskScope


class ApiServer:
    """A running API server for as long as its `async with` block lasts; it stops in less than two seconds."""

    def __init__(self, settings: ApiServerSettings, clock: Clock, random: Random) -> None:
        """Describe the server; nothing is opened before the block is entered.

        Raises:
            OSError: a certificate or key cannot be read.
        """
        self._settings = settings
        self._core = ServerCore(settings, clock, random)
        self._upkeep = Upkeep(self._core, clock)
        reader, writer = self._core.reader, self._core.writer
        authenticator, authorizer = Authenticator(settings, reader, clock), Authorizer(reader)
        self._extensions = build(settings, reader, writer, authenticator, authorizer, clock, random)
        guards = Guards(authenticator, authorizer)
        dispatcher = make_dispatcher(self._core, guards, self._extensions, settings, clock, random)
        self._listener = TlsListener(settings, dispatcher.handle)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open the store, create what every server has, and listen.

        Raises:
            StoreError: the store's file cannot be used.
            OSError: an address cannot be bound.
        """
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._core)
            await self._create_policy()
            await stack.enter_async_context(self._upkeep)
            await stack.enter_async_context(self._listener)
            # Watches and logs end first, so that the listener has no streams to wait for.
            stack.callback(self._core.store.close_subscriptions)
            stack.callback(self._extensions.end_streams)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the watches, stop listening, close the store."""
        await self._stack.__aexit__(kind, error, trace)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._listener.port

    @property
    def url(self) -> str:
        """Where clients reach the server, by its first address."""
        address = self._settings.bind_addresses[0]
        return f"https://[{address}]:{self.port}" if ":" in address else f"https://{address}:{self.port}"

    @property
    def reader(self) -> ObjectReader:
        """Reads what is visible."""
        return self._core.reader

    @property
    def writer(self) -> ObjectWriter:
        """Writes without authorization, for those who run the server."""
        return self._core.writer

    def compact(self) -> None:
        """Forget every earlier state of all objects, as an operator may tell etcd to."""
        self._core.store.compact()

    async def _create_policy(self) -> None:
        # All at once, so that the store commits them together; one after the other, each would wait for the disk.
        async with TaskScope("policy") as scope:
            for group, plural, obj in bootstrap_policy.objects():
                scope.start(self._create_once(group, plural, obj), name=plural)

    async def _create_once(self, group: str, plural: str, obj: JsonObject) -> None:
        # Where it is there already, it was made at an earlier start, and people may have changed it since.
        with suppress(AlreadyExists):
            await self._core.writer.create(group, plural, obj["metadata"].get("namespace", ""), obj)
