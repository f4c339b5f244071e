"""Move one cluster between two management clusters, step by step, in a way that can be stopped after any line.

    pause and stop the source -> copy -> compare -> hand over -> delete on the source

Promise: at no moment do two controllers act on the cluster. The source is stopped before the first copy is made; the
copied Cluster is paused until every copy was compared; and once the destination acts, the source is never started
again with the cluster in it. Each step is recorded before it begins and may be done again from its beginning.
"""

from collections.abc import Awaitable, Callable, Mapping

from kubecapy.apimachinery.errors import NotFound
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.clusterctl.move.copying import Copier
from kubecapy.clusterctl.move.inventory import (
    RESOURCES,
    Inventory,
    address_of,
    key_of_address,
    take_inventory,
)
from kubecapy.clusterctl.move.sides import Side
from kubecapy.clusterctl.objects.raw_resources import RAW_CLUSTERS
from kubecapy.clusterctl.runs.progress import Progress
from kubecapy.clusterctl.runs.record import MoveRecord, MoveStage, ObjectAddress, RecordStore


class Move:
    """Moves the cluster that the record names from `source` to `destination`."""

    def __init__(self, source: Side, destination: Side, store: RecordStore, progress: Progress) -> None:
        """Keep both ends; nothing is done before `run`."""
        self._source = source
        self._destination = destination
        self._store = store
        self._progress = progress
        self._cluster = store.record.key

    async def run(self) -> None:
        """Move, or go on with a move that was begun; returns at once where it is done.

        Raises:
            ClusterctlError: a copy differs from its original; nothing was handed over.
            StatusError, Unreachable: a server refused or did not answer; run again to go on.
        """
        steps: Mapping[MoveStage, Callable[[], Awaitable[MoveStage]]] = {
            "pausing": self._pause,
            "copying": self._copy,
            "switching": self._switch,
            "deleting": self._delete_originals,
        }
        if self._store.record.move is None:
            await self._begin()
        while (stage := self._move.stage) != "done":
            self._progress.detail(4, f"Move of cluster {self._cluster}: {stage}")
            self._store.update_move(stage=await steps[stage]())

    async def abandon(self) -> None:
        """Let the source act again, where the move did not hand over yet; the copies stay paused.

        Raises:
            ValueError: the destination has taken over already.
        """
        move = self._store.record.move
        if move is None:
            return
        if move.stage not in ("pausing", "copying"):
            raise ValueError(f"a move cannot be abandoned while {move.stage}")
        if not move.was_paused:
            await self._set_paused(self._source, paused=False)
        await self._source.start_controllers()
        self._store.update(move=None)

    @property
    def _move(self) -> MoveRecord:
        return self._store.record.move or MoveRecord()

    async def _begin(self) -> None:
        """Note what a person had set before the first change is made."""
        cluster = await self._source.client.get(RAW_CLUSTERS, self._cluster)
        self._store.update_move(was_paused=bool(cluster["spec"].get("paused")))

    async def _pause(self) -> MoveStage:
        self._progress.detail(4, f"Pausing cluster {self._cluster} on the {self._source.name}")
        await self._set_paused(self._source, paused=True)
        self._progress.detail(4, f"Stopping the controllers of the {self._source.name}")
        await self._source.stop_controllers()
        return "copying"

    async def _copy(self) -> MoveStage:
        # A new run begins here with a source that was opened again: make sure that nothing acts.
        await self._source.stop_controllers()
        inventory = await take_inventory(self._source.client, self._cluster)
        copier = Copier(self._destination.client, self._progress)
        await copier.copy(inventory)
        self._progress.detail(4, f"Comparing {len(inventory.copied)} objects on the {self._destination.name}")
        await copier.verify(inventory)
        self._store.update_move(objects=_deletion_order(inventory), deletions=_deletions(inventory))
        return "switching"

    async def _switch(self) -> MoveStage:
        self._progress.detail(4, f"Handing cluster {self._cluster} over to the {self._destination.name}")
        if not self._move.was_paused:
            await self._set_paused(self._destination, paused=False)
        for address in self._move.deletions:
            await self._destination.client.delete(RESOURCES[address.kind], key_of_address(address))
        return "deleting"

    async def _delete_originals(self) -> MoveStage:
        for address in self._move.objects:
            self._progress.detail(4, f"Deleting {address.kind} {address.namespace}/{address.name} on the source")
            await self._delete_original(address)
        return "done"

    async def _delete_original(self, address: ObjectAddress) -> None:
        """Remove one original without its finalizers: what they would undo has been handed over."""
        resource, key = RESOURCES[address.kind], key_of_address(address)
        client = self._source.client
        try:
            await client.patch(resource, key, {"metadata": {"finalizers": None}})
        except NotFound:
            return
        await client.delete(resource, key)

    async def _set_paused(self, side: Side, *, paused: bool) -> None:
        patch: JsonObject = {"spec": {"paused": True if paused else None}}
        await side.client.patch(RAW_CLUSTERS, self._cluster, patch)


def _deletion_order(inventory: Inventory) -> tuple[ObjectAddress, ...]:
    """Return what moved, what is owned before its owners, so that no garbage collector runs ahead."""
    return tuple(address_of(obj) for obj in reversed(inventory.moved))


def _deletions(inventory: Inventory) -> tuple[ObjectAddress, ...]:
    """Return what a person asked to be deleted: a copy carries no deletion timestamp."""
    wished = (*inventory.machines, *inventory.sets, inventory.cluster)
    return tuple(address_of(obj) for obj in wished if "deletionTimestamp" in obj["metadata"])
