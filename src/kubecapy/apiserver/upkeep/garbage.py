"""Collect garbage: an object goes when the last of its owners has gone.

Source: https://kubernetes.io/docs/concepts/architecture/garbage-collection/.
"""

from collections.abc import Callable, Collection

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import GroupVersionKind, split_api_version
from kubecapy.apiserver.core import ServerCore
from kubecapy.apiserver.operations.deleting import DeleteOptions, Propagation
from kubecapy.apiserver.operations.writing import Update
from kubecapy.apiserver.registry.access import read_objects
from kubecapy.apiserver.registry.strategies.finalizers import FOREGROUND_FINALIZER, ORPHAN_FINALIZER
from kubecapy.apiserver.storage.records import Change, ResourceId
from kubecapy.apiserver.upkeep.agenda import Agenda
from kubecapy.apiserver.upkeep.ownership import Node, Owner, OwnerGraph
from kubecapy.telemetry.logs import V, get_logger

_log = get_logger(__name__)


class GarbageCollector:
    """Follows the store's owner references and deletes, orphans or releases what they ask for."""

    def __init__(self, core: ServerCore) -> None:
        """Collect in the store of `core`."""
        self._core = core
        self._graph = OwnerGraph()
        self.agenda: Agenda[str] = Agenda()
        """Uids of objects to look at."""

    def start(self) -> None:
        """Take in what is stored and follow every change from now on."""
        loaded = [
            self._graph.load(resource, record)
            for resource in self._core.store.resources()
            for record in self._core.store.collection(resource).records()
        ]
        self.agenda.add(node.uid for node in loaded if node.owners or node.is_deleting)
        self._core.store.add_listener(self._on_change)

    async def work(self, uid: str) -> None:
        """Bring one object to where its owners, or its own deletion, want it.

        Raises:
            StatusError: a write is refused.
        """
        node = self._graph.find(uid)
        if node is None:
            return
        if node.orphans_dependents:
            await self._orphan(node)
        elif node.waits_for_dependents:
            await self._await_dependents(node)
        elif node.owners and not node.is_deleting:
            await self._follow_owners(node)

    def _on_change(self, resource: ResourceId, change: Change) -> None:
        self.agenda.add(list(self._graph.apply(resource, change)))

    async def _orphan(self, node: Node) -> None:
        for dependent in self._graph.dependents(node.uid):
            await self._drop_owners(dependent, {node.uid})
        await self._drop_finalizer(node, ORPHAN_FINALIZER)

    async def _await_dependents(self, node: Node) -> None:
        dependents = self._graph.dependents(node.uid)
        self.agenda.add(dependent.uid for dependent in dependents if not dependent.is_deleting)
        if not any(node.uid in dependent.blocked for dependent in dependents):
            await self._drop_finalizer(node, FOREGROUND_FINALIZER)

    async def _follow_owners(self, node: Node) -> None:
        absent = {owner.uid for owner in node.owners if self._is_absent(node, owner)}
        found = [self._graph.find(owner.uid) for owner in node.owners if owner.uid not in absent]
        waiting = {owner.uid for owner in found if owner is not None and owner.waits_for_dependents}
        if len(absent) + len(waiting) < len({owner.uid for owner in node.owners}):
            if absent or waiting:
                await self._drop_owners(node, absent | waiting)
            return
        dependents = self._graph.dependents(node.uid) if waiting else []
        if any(dependent.waits_for_dependents for dependent in dependents):
            # Where owners form a circle, each would wait for the next (attemptToDeleteItem of the controller there).
            await self._change(node, _without_blocks)
        await self._delete(node, is_foreground=bool(dependents))

    def _is_absent(self, node: Node, reference: Owner) -> bool:
        """Return whether an owner is known not to exist; of a kind that is not served, nobody can know."""
        owner = self._graph.find(reference.uid)
        if owner is not None:
            return bool(owner.key.namespace) and owner.key.namespace != node.key.namespace
        group, version = split_api_version(reference.api_version)
        return self._core.registry.find_by_kind(GroupVersionKind(group, version, reference.kind)) is not None

    async def _delete(self, node: Node, *, is_foreground: bool) -> None:
        kind = self._core.registry.storage_kind(node.resource)
        if kind is None:
            return
        _log.log(V(4), "Collecting %s %s: its owners are gone", kind.qualified_plural, node.key)
        propagation: Propagation | None = "Foreground" if is_foreground else None
        await self._core.deleting.delete(kind, node.key, DeleteOptions(propagation=propagation, uid=node.uid))

    async def _drop_owners(self, node: Node, uids: Collection[str]) -> None:
        def change(obj: JsonObject) -> JsonObject:
            owners = obj["metadata"].get("ownerReferences", [])
            kept = [owner for owner in owners if owner.get("uid") not in uids]
            # Since clients see what Go writes: it leaves out an empty list.
            if kept:
                obj["metadata"]["ownerReferences"] = kept
            else:
                obj["metadata"].pop("ownerReferences", None)
            return obj

        await self._change(node, change)

    async def _drop_finalizer(self, node: Node, finalizer: str) -> None:
        def change(obj: JsonObject) -> JsonObject:
            finalizers = obj["metadata"].get("finalizers", [])
            obj["metadata"]["finalizers"] = [name for name in finalizers if name != finalizer]
            return obj

        await self._change(node, change)

    async def _change(self, node: Node, change: Callable[[JsonObject], JsonObject]) -> None:
        kind = self._core.registry.storage_kind(node.resource)
        if kind is not None:
            await self._core.writing.update(kind, node.key, Update(change=change))


def _without_blocks(obj: JsonObject) -> JsonObject:
    """Return `obj`, changed in place, so that no deletion of an owner waits for it."""
    for owner in read_objects(obj, "metadata", "ownerReferences"):
        if owner.get("blockOwnerDeletion"):
            owner["blockOwnerDeletion"] = False
    return obj
