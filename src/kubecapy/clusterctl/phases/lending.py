"""Borrow an existing bootstrap cluster: note what is added to it, and give it back as it was."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import partial

from kubecapy.apimachinery.errors import NotFound
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Client
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.inputs.components import in_order, key_of_object, secrets_of
from kubecapy.clusterctl.move.sides import Side
from kubecapy.clusterctl.objects.discovery import Discovery
from kubecapy.clusterctl.objects.raw_resources import RAW_CLUSTERS
from kubecapy.clusterctl.phases.stack import apply_objects
from kubecapy.clusterctl.runs.record import ObjectAddress, RecordStore, RunRecord
from kubecapy.clusterctl.runs.waiting import NotYet, Waiter

REMOVAL_LIMIT_SECONDS = 300.0
"""A namespace ends when everything in it has, pods with their grace periods last."""


async def apply_made_components(
    client: Client, components: Sequence[JsonObject], store: RecordStore, waiter: Waiter
) -> None:
    """Apply `components` and record which of them were not there before.

    Where the bootstrap cluster manages other clusters, what is there serves those, and stays as it is.

    Order: what will be made is durable before it is made, so that a run that was cut short gives it back too.

    Raises:
        ClusterctlError: other clusters use a Secret of the same name with other content, such as credentials.
        StatusError: an object was refused.
    """
    present = await _find_present(client, components)
    missing = [obj for obj in in_order(components) if _address_of(obj) not in present]
    known = store.record.made_components
    if made := [address for address in map(_address_of, missing) if address not in known]:
        store.update(made_components=(*known, *made))
    if not await _manages_others(client, store.record):
        await apply_objects(client, components, waiter)
        return
    _refuse_other_secrets(components, present)
    waiter.progress.detail(4, f"The bootstrap cluster manages other clusters: {len(present)} of its components stay")
    await apply_objects(client, missing, waiter)


async def _find_present(client: Client, components: Sequence[JsonObject]) -> Mapping[ObjectAddress, JsonObject]:
    """Return those of `components` that the server holds, as it holds them."""
    discovery = Discovery(client)
    found: dict[ObjectAddress, JsonObject] = {}
    for obj in components:
        try:
            resource = await discovery.resource_of(obj)
        except ClusterctlError:
            # A kind that the components themselves bring.
            continue
        if live := await client.find(resource, key_of_object(obj)):
            found[_address_of(obj)] = live
    return found


async def _manages_others(client: Client, record: RunRecord) -> bool:
    own = ObjectKey(record.namespace, record.cluster)
    return any(key_of_object(cluster) != own for cluster in await _list_clusters(client))


async def _list_clusters(client: Client) -> Sequence[JsonObject]:
    try:
        return (await client.list(RAW_CLUSTERS)).items
    except NotFound:
        # The kind itself is not there yet, or not any more.
        return ()


def _refuse_other_secrets(components: Sequence[JsonObject], present: Mapping[ObjectAddress, JsonObject]) -> None:
    for obj in secrets_of(components):
        live = present.get(_address_of(obj))
        if live is not None and _content(live) != _content(obj):
            raise ClusterctlError(
                f"Secret {key_of_object(obj)} of the provider components differs from the one in the bootstrap "
                "cluster, which manages other clusters with it; name it differently, or use another bootstrap cluster"
            )


def _content(secret: JsonObject) -> Mapping[str, str]:
    texts = secret.get("stringData") or {}
    encoded = {key: b64encode(text.encode()).decode() for key, text in texts.items()}
    return {**(secret.get("data") or {}), **encoded}


def is_to_be_given_back(record: RunRecord) -> bool:
    """Return whether an existing bootstrap cluster was changed by the run and not given back yet."""
    stopped = record.move is not None and bool(record.move.replicas)
    return stopped or bool(record.made_components)


async def give_back(bootstrap: Side, store: RecordStore, waiter: Waiter, *, remove: bool) -> None:
    """Remove what the run added, where `remove` and no Cluster needs it, and start what it stopped. Safe to repeat.

    Raises:
        ClusterctlError: something that was deleted did not go in time; the message names it.
    """
    if remove:
        await _remove_components(bootstrap.client, store.record.made_components, waiter)
    await bootstrap.start_controllers()
    store.update(made_components=())
    store.update_move(replicas={})


async def _remove_components(client: Client, components: Sequence[ObjectAddress], waiter: Waiter) -> None:
    """Delete `components`, which were made in that order, backwards; other clusters need the same ones.

    Returns once they are gone: whoever borrows the cluster next must not meet a namespace that is about to end.
    """
    if components and await _list_clusters(client):
        waiter.progress.warn("The provider components stay in the bootstrap cluster: it manages other clusters")
        return
    discovery = Discovery(client)
    deleted: list[tuple[ObjectAddress, Resource[JsonObject]]] = []
    for address in reversed(components):
        if resource := await _find_resource(discovery, address):
            waiter.progress.detail(4, f"Deleting {address.kind} {address.namespace}/{address.name}")
            await client.delete(resource, ObjectKey(address.namespace, address.name))
            deleted.append((address, resource))
    for address, resource in deleted:
        look = partial(_look_whether_gone, client, resource, address)
        what = f"{address.kind} {address.namespace}/{address.name} to be removed"
        await waiter.wait_for(what, look, limit_seconds=REMOVAL_LIMIT_SECONDS)


async def _find_resource(discovery: Discovery, address: ObjectAddress) -> Resource[JsonObject] | None:
    """Return how the object is reached; None where an earlier attempt removed its kind, and the object with it."""
    try:
        return await discovery.resource_of({"apiVersion": address.api_version, "kind": address.kind})
    except ClusterctlError:
        return None


async def _look_whether_gone(client: Client, resource: Resource[JsonObject], address: ObjectAddress) -> None:
    if await client.find(resource, ObjectKey(address.namespace, address.name)) is not None:
        raise NotYet("it is still there")


def _address_of(obj: JsonObject) -> ObjectAddress:
    key = key_of_object(obj)
    return ObjectAddress(obj["kind"], key.namespace, key.name, obj["apiVersion"])
