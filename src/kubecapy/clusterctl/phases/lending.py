"""Borrow an existing bootstrap cluster: note what is added to it, and give it back as it was."""

from collections.abc import Sequence

from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.client.interfaces import Client
from kubecapy.clusterctl.move.sides import Side
from kubecapy.clusterctl.objects.applying import Applied
from kubecapy.clusterctl.objects.discovery import Discovery
from kubecapy.clusterctl.objects.raw_resources import RAW_CLUSTERS
from kubecapy.clusterctl.phases.stack import apply_objects
from kubecapy.clusterctl.runs.progress import Progress
from kubecapy.clusterctl.runs.record import ObjectAddress, RecordStore, RunRecord
from kubecapy.clusterctl.runs.waiting import Waiter


async def apply_made_components(
    client: Client, components: Sequence[JsonObject], store: RecordStore, waiter: Waiter
) -> None:
    """Apply `components` and record which of them were not there before."""
    applied = await apply_objects(client, components, waiter)
    made = [_address(one) for one in applied if one.outcome == "created"]
    if made:
        store.update(made_components=(*store.record.made_components, *made))


def is_to_be_given_back(record: RunRecord) -> bool:
    """Return whether an existing bootstrap cluster was changed by the run and not given back yet."""
    stopped = record.move is not None and bool(record.move.replicas)
    return stopped or bool(record.made_components)


async def give_back(bootstrap: Side, store: RecordStore, progress: Progress, *, remove: bool) -> None:
    """Remove what the run added, where `remove` and no Cluster needs it, and start what it stopped. Safe to repeat."""
    if remove:
        await _remove_components(bootstrap.client, store.record.made_components, progress)
    await bootstrap.start_controllers()
    store.update(made_components=())
    store.update_move(replicas={})


async def _remove_components(client: Client, components: Sequence[ObjectAddress], progress: Progress) -> None:
    """Delete `components`, which were made in that order, backwards; other clusters need the same ones."""
    if components and (await client.list(RAW_CLUSTERS)).items:
        progress.warn("The provider components stay in the bootstrap cluster: it manages other clusters")
        return
    discovery = Discovery(client)
    for address in reversed(components):
        resource = await discovery.resource_of({"apiVersion": address.api_version, "kind": address.kind})
        progress.detail(4, f"Deleting {address.kind} {address.namespace}/{address.name}")
        await client.delete(resource, ObjectKey(address.namespace, address.name))


def _address(applied: Applied) -> ObjectAddress:
    metadata = applied.object["metadata"]
    resource = applied.resource
    return ObjectAddress(resource.kind, metadata.get("namespace", ""), metadata["name"], resource.api_version)
