"""Empty namespaces that are being deleted, then let them go."""

from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apiserver.core import ServerCore
from kubecapy.apiserver.operations.deleting import DeleteOptions
from kubecapy.apiserver.operations.writing import Update
from kubecapy.apiserver.registry.access import read
from kubecapy.apiserver.registry.strategies.finalizers import NAMESPACE_FINALIZER
from kubecapy.apiserver.storage.records import Change, Record, ResourceId
from kubecapy.apiserver.upkeep.agenda import Agenda

_NAMESPACES = ResourceId("", "namespaces")


class NamespaceEmptier:
    """Deletes what lives in a namespace that is ending."""

    def __init__(self, core: ServerCore) -> None:
        """Work in the store of `core`."""
        self._core = core
        self._ending: set[str] = set()
        self.agenda: Agenda[str] = Agenda()
        """Names of namespaces to look at."""

    def start(self) -> None:
        """Take in the namespaces that are stored and follow every change from now on."""
        for record in self._core.store.collection(_NAMESPACES).records():
            self._note(record)
        self._core.store.add_listener(self._on_change)

    async def work(self, name: str) -> None:
        """Delete everything in the namespace; where nothing is left, release it.

        Raises:
            StatusError: a write is refused.
        """
        is_empty = True
        for kind in list(self._core.registry):
            if not kind.namespaced or kind.is_virtual or kind.storage_version not in ("", kind.version):
                continue
            for record in list(self._core.store.collection(kind.resource).records(name)):
                options = DeleteOptions(propagation="Background")
                if "deletionTimestamp" not in record.decode()["metadata"]:
                    await self._core.deleting.delete(kind, record.key, options)
                is_empty = is_empty and self._core.store.latest(kind.resource, record.key) is None
        if is_empty:
            await self._release(name)

    def _on_change(self, resource: ResourceId, change: Change) -> None:
        if resource == _NAMESPACES:
            if change.type == "DELETED":
                self._ending.discard(change.record.key.name)
            else:
                self._note(change.record)
        elif change.record.key.namespace in self._ending:
            self.agenda.add([change.record.key.namespace])

    def _note(self, record: Record) -> None:
        if read(record.decode(), "metadata", "deletionTimestamp"):
            self._ending.add(record.key.name)
            self.agenda.add([record.key.name])

    async def _release(self, name: str) -> None:
        kind = self._core.registry.storage_kind(_NAMESPACES)
        if kind is not None:
            update = Update(change=_without_finalizer, part="finalize")
            await self._core.writing.update(kind, ObjectKey("", name), update)


def _without_finalizer(namespace: JsonObject) -> JsonObject:
    finalizers = read(namespace, "spec", "finalizers") or []
    namespace["spec"] = {"finalizers": [name for name in finalizers if name != NAMESPACE_FINALIZER]}
    return namespace
