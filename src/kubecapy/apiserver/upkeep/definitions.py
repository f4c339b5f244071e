"""Delete the objects of definitions that are being deleted, then let the definitions go."""

from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apiserver.core import ServerCore
from kubecapy.apiserver.crd.strategy import CLEANUP_FINALIZER, DEFINITIONS
from kubecapy.apiserver.operations.deleting import DeleteOptions
from kubecapy.apiserver.operations.writing import Update
from kubecapy.apiserver.registry.access import read, read_list, read_text
from kubecapy.apiserver.storage.records import Change, Record, ResourceId
from kubecapy.apiserver.upkeep.agenda import Agenda


class DefinitionEmptier:
    """Deletes the objects of kinds that are ending."""

    def __init__(self, core: ServerCore) -> None:
        """Work in the store of `core`."""
        self._core = core
        self._ending: dict[ResourceId, str] = {}
        self.agenda: Agenda[str] = Agenda()
        """Names of definitions to look at."""

    def start(self) -> None:
        """Take in the definitions that are stored and follow every change from now on."""
        for record in self._core.store.collection(DEFINITIONS).records():
            self._note(record)
        self._core.store.add_listener(self._on_change)

    async def work(self, name: str) -> None:
        """Delete every object of the definition; where none is left, release it.

        Raises:
            StatusError: a write is refused.
        """
        resource = next((resource for resource, owner in self._ending.items() if owner == name), None)
        if resource is None:
            return
        kind = self._core.registry.storage_kind(resource)
        for record in list(self._core.store.collection(resource).records()) if kind else ():
            if kind and "deletionTimestamp" not in record.decode()["metadata"]:
                await self._core.deleting.delete(kind, record.key, DeleteOptions(propagation="Background"))
        if not len(self._core.store.collection(resource)):
            await self._release(name)

    def _on_change(self, resource: ResourceId, change: Change) -> None:
        if resource in self._ending:
            self.agenda.add([self._ending[resource]])
        if resource != DEFINITIONS:
            return
        if change.type == "DELETED":
            self._ending.pop(_resource_of(change.record.decode()), None)
        else:
            self._note(change.record)

    def _note(self, record: Record) -> None:
        definition = record.decode()
        if read(definition, "metadata", "deletionTimestamp"):
            self._ending[_resource_of(definition)] = record.key.name
            self.agenda.add([record.key.name])

    async def _release(self, name: str) -> None:
        kind = self._core.registry.storage_kind(DEFINITIONS)
        if kind is not None:
            await self._core.writing.update(kind, ObjectKey("", name), Update(change=_without_finalizer))


def _resource_of(definition: JsonObject) -> ResourceId:
    return ResourceId(read_text(definition, "spec", "group"), read_text(definition, "spec", "names", "plural"))


def _without_finalizer(definition: JsonObject) -> JsonObject:
    finalizers = read_list(definition, "metadata", "finalizers")
    definition["metadata"]["finalizers"] = [name for name in finalizers if name != CLEANUP_FINALIZER]
    return definition
