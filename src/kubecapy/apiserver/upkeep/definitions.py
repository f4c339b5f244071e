"""Bring definitions to where their kinds are served, and let those that end go with their objects."""

from collections.abc import Sequence

from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.times import format_time
from kubecapy.apiserver.core import ServerCore
from kubecapy.apiserver.crd.lifecycle import (
    DELETION_COMPLETED,
    DELETION_IN_PROGRESS,
    NEVER_ESTABLISHED,
    next_status,
    with_condition,
    with_times,
)
from kubecapy.apiserver.crd.strategy import CLEANUP_FINALIZER, DEFINITIONS, write_status
from kubecapy.apiserver.crd.types import ESTABLISHED, Condition, Definition, Status, stored_definition
from kubecapy.apiserver.operations.deleting import DeleteOptions
from kubecapy.apiserver.operations.writing import Update
from kubecapy.apiserver.registry.access import read_list
from kubecapy.apiserver.storage.records import Change, Record, ResourceId
from kubecapy.apiserver.upkeep.agenda import Agenda
from kubecapy.clock import Clock


class DefinitionUpkeep:
    """Writes the status of definitions, and deletes the objects of kinds that are ending."""

    def __init__(self, core: ServerCore, clock: Clock) -> None:
        """Work in the store of `core`; conditions change at the time of `clock`."""
        self._core = core
        self._clock = clock
        self._known: dict[str, Definition] = {}
        self._ending: dict[ResourceId, str] = {}
        self.agenda: Agenda[str] = Agenda()
        """Names of definitions to look at."""

    def start(self) -> None:
        """Take in the definitions that are stored and follow every change from now on."""
        for record in self._core.store.collection(DEFINITIONS).records():
            self._note(record)
        self._core.store.add_listener(self._on_change)

    async def work(self, name: str) -> None:
        """Take the next step with a definition; each step is a write, which puts it on the agenda again.

        Raises:
            StatusError: a write is refused.
        """
        record = self._core.store.latest(DEFINITIONS, ObjectKey("", name))
        if record is None:
            return
        obj = record.decode()
        definition = stored_definition(record.data)
        if definition.is_terminating:
            if CLEANUP_FINALIZER in read_list(obj, "metadata", "finalizers"):
                await self._end(definition)
            return
        status = next_status(definition, self._group(definition), format_time(self._clock.now()))
        if status is not None:
            await self._write(definition, status)

    async def _end(self, definition: Definition) -> None:
        """Delete every object of a definition; where none is left, release it."""
        if not definition.has_condition(ESTABLISHED):
            await self._release(definition, NEVER_ESTABLISHED)
            return
        if not await self._tell(definition, DELETION_IN_PROGRESS):
            return
        resource = _resource_of(definition)
        kind = self._core.registry.storage_kind(resource)
        for record in list(self._core.store.collection(resource).records()) if kind else ():
            if kind and "deletionTimestamp" not in record.decode()["metadata"]:
                await self._core.deleting.delete(kind, record.key, DeleteOptions(propagation="Background"))
        if not len(self._core.store.collection(resource)):
            await self._release(definition, DELETION_COMPLETED)

    async def _tell(self, definition: Definition, condition: Condition) -> bool:
        """Write `condition`; returns whether it stands there already."""
        found = definition.find_condition(condition.type)
        if found is not None and found.reason == condition.reason:
            return True
        await self._write(definition, self._with(definition, condition))
        return False

    async def _release(self, definition: Definition, condition: Condition) -> None:
        await self._write(definition, self._with(definition, condition), releases=True)

    def _with(self, definition: Definition, condition: Condition) -> Status:
        status = with_condition(definition.status, condition)
        return with_times(status, definition.status, format_time(self._clock.now()))

    async def _write(self, definition: Definition, status: Status, *, releases: bool = False) -> None:
        def change(obj: JsonObject) -> JsonObject:
            obj["status"] = write_status(status)
            if releases:
                finalizers = read_list(obj, "metadata", "finalizers")
                obj["metadata"]["finalizers"] = [name for name in finalizers if name != CLEANUP_FINALIZER]
            return obj

        kind = self._core.registry.storage_kind(DEFINITIONS)
        if kind is not None:
            await self._core.writing.update(kind, ObjectKey("", definition.name), Update(change=change, part="status"))

    def _group(self, definition: Definition) -> Sequence[Definition]:
        return [other for other in self._known.values() if other.spec.group == definition.spec.group]

    def _on_change(self, resource: ResourceId, change: Change) -> None:
        if resource in self._ending:
            self.agenda.add([self._ending[resource]])
        if resource != DEFINITIONS:
            return
        if change.type == "DELETED":
            definition = self._known.pop(change.record.key.name)
            self._ending.pop(_resource_of(definition), None)
        else:
            definition = self._note(change.record)
        # A name that was given up may be one that another has waited for.
        self.agenda.add(other.name for other in self._group(definition) if other.name != definition.name)

    def _note(self, record: Record) -> Definition:
        definition = self._known[record.key.name] = stored_definition(record.data)
        if definition.is_terminating:
            self._ending[_resource_of(definition)] = definition.name
        self.agenda.add([definition.name])
        return definition


def _resource_of(definition: Definition) -> ResourceId:
    return ResourceId(definition.spec.group, definition.spec.names.plural)
