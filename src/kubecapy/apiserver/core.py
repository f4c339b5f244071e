"""Hold the objects of one server and the operations on them, without any listener."""

from random import Random
from types import TracebackType
from typing import Self

from kubecapy.apiserver.crd.strategy import definition_kind
from kubecapy.apiserver.crd.sync import DefinitionSync
from kubecapy.apiserver.operations.deleting import ObjectDeleting
from kubecapy.apiserver.operations.faces import StoreReader, StoreWriter
from kubecapy.apiserver.operations.writing import ObjectWriting
from kubecapy.apiserver.registry.builtin.core import core_kinds
from kubecapy.apiserver.registry.builtin.groups import group_kinds
from kubecapy.apiserver.registry.builtin.reviews import review_kinds
from kubecapy.apiserver.registry.registry import Registry
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.apiserver.storage.sqlite import SqliteJournal
from kubecapy.apiserver.storage.store import Store
from kubecapy.clock import Clock


class ServerCore:
    """Store, registry and operations, open for as long as the `async with` block lasts."""

    def __init__(self, settings: ApiServerSettings, clock: Clock, random: Random) -> None:
        """Keep objects where `settings` say; times and names come from `clock` and `random`."""
        root_ca = settings.root_ca.read_text() if settings.root_ca else ""
        self.store = _make_store(settings, clock)
        self.registry = Registry([*core_kinds(root_ca), *group_kinds(), *review_kinds()])
        self.registry.add_builtin(definition_kind(clock))
        self.writing = ObjectWriting(self.store, self.registry, clock, random)
        self.deleting = ObjectDeleting(self.store, clock)
        self.reader = StoreReader(self.store)
        self.writer = StoreWriter(self.registry, self.writing, self.deleting)
        self._sync = DefinitionSync(self.store, self.registry)

    async def __aenter__(self) -> Self:
        """Load what is stored and serve what is defined in it."""
        await self.store.__aenter__()
        self._sync.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what was submitted and close the store."""
        await self.store.__aexit__(kind, error, trace)


def _make_store(settings: ApiServerSettings, clock: Clock) -> Store:
    if settings.store is not None:
        return Store(SqliteJournal(settings.store), settings.change_history)
    # What forgets its objects at the end must not give out the revisions of the run before once more: a client that
    # watches on from one of those would miss changes. Microseconds outrun any rate of writes.
    return Store(None, settings.change_history, first_revision=int(clock.now().timestamp() * 1_000_000))
