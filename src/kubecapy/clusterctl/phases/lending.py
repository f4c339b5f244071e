"""Borrow an existing bootstrap cluster: add what is missing, and give it back as it was."""

from base64 import b64encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial

from kubecapy.apimachinery.errors import AlreadyExists, NotFound
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Client
from kubecapy.clusterctl.bootstrap_cluster.choice import BootstrapChoice
from kubecapy.clusterctl.bootstrap_cluster.loan import LoanBook
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.inputs.components import in_order, key_of_object, secrets_of
from kubecapy.clusterctl.move.inventory import referred_secrets, with_kind
from kubecapy.clusterctl.move.sides import Side
from kubecapy.clusterctl.objects.discovery import Discovery
from kubecapy.clusterctl.objects.raw_resources import RAW_CLUSTERS, RAW_MACHINES, RAW_SECRETS
from kubecapy.clusterctl.phases.stack import apply_objects
from kubecapy.clusterctl.runs.record import ObjectAddress
from kubecapy.clusterctl.runs.run import Run
from kubecapy.clusterctl.runs.waiting import NotYet, Waiter

LOAN_LIMIT_SECONDS = 900.0
"""Giving a cluster back takes as long as its namespaces take to end."""
REMOVAL_LIMIT_SECONDS = 900.0
"""A namespace ends when everything in it has, pods with their grace periods last."""


async def put_stack(
    client: Client,
    components: Sequence[JsonObject],
    choice: BootstrapChoice,
    run: Run,
    copies: Sequence[JsonObject] = (),
) -> None:
    """Apply `components` to the bootstrap cluster of `choice`; an existing one is borrowed, for `give_back`.

    Raises:
        ClusterctlError, StatusError: as for `borrow`.
    """
    if choice.type == "existing":
        await borrow(client, components, run, copies)
        return
    await apply_objects(client, components, run.waiter)


async def borrow(client: Client, components: Sequence[JsonObject], run: Run, copies: Sequence[JsonObject] = ()) -> None:
    """Apply `components` to an existing cluster, and note there which of them were not there before.

    What a move will copy there is noted in the same way: `copies`, after the namespaces they lie in. Where the cluster
    serves other clusters, or other runs work with it, what is there is theirs and stays as it is.

    Order: what will be made is durable before it is made, so that a run that was cut short gives it back too.

    Raises:
        ClusterctlError: others use a Secret of the same name with other content, such as credentials.
        StatusError: an object was refused.
    """
    book = LoanBook(client, run.store.record.key)
    if await _serves_others(client, book, run):
        _refuse_other_secrets(components, await _find_present(client, components))
    run.store.update(has_borrowed=True)
    await run.waiter.wait_for("the bootstrap cluster to be free", book.begin, limit_seconds=LOAN_LIMIT_SECONDS)
    present = await _find_present(client, [*components, *copies])
    made = map(_address_of, in_order([*components, *copies]))
    await book.note(tuple(address for address in made if address not in present))
    kept = present.keys() if await _serves_others(client, book, run) else frozenset()
    if kept:
        run.progress.detail(4, f"The bootstrap cluster serves other clusters: {len(kept)} of its components stay")
    for obj in in_order(components):
        address = _address_of(obj)
        if obj["kind"] == "Secret" and address not in present:
            await _make_secret(client, obj, run.waiter)
        elif address not in kept:
            await apply_objects(client, [obj], run.waiter)


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


async def _serves_others(client: Client, book: LoanBook, run: Run) -> bool:
    """Return whether the cluster manages other clusters, or other runs are about to make some."""
    managed = any(key_of_object(cluster) != run.store.record.key for cluster in await _list_clusters(client))
    return managed or bool(await book.others())


async def _list_clusters(client: Client) -> Sequence[JsonObject]:
    try:
        return (await client.list(RAW_CLUSTERS)).items
    except NotFound:
        # The kind itself is not there yet, or not any more.
        return ()


async def _make_secret(client: Client, secret: JsonObject, waiter: Waiter) -> None:
    """Create `secret`; one that another run made in the meantime is not replaced, for it may hold other credentials."""
    try:
        await client.create(RAW_SECRETS, secret)
    except AlreadyExists:
        live = await client.get(RAW_SECRETS, key_of_object(secret))
        _refuse_other_secrets([secret], {_address_of(secret): live})
    else:
        waiter.progress.detail(4, f"secret/{key_of_object(secret).name} created")


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


async def give_back(bootstrap: Side, run: Run, *, remove: bool) -> None:
    """Start what was stopped, and, as the last borrower, remove what was added where `remove`. Safe to repeat.

    What was added stays while a Cluster needs it, or another run works with it: then that one removes it.

    Raises:
        ClusterctlError: something that was deleted did not go in time; the message names it.
    """
    if not run.store.record.has_borrowed:
        return
    book = LoanBook(bootstrap.client, run.store.record.key)
    if not remove:
        await book.keep()
    if others := await book.others():
        await bootstrap.start_controllers()
        run.progress.detail(4, f"The provider components stay in the bootstrap cluster for {', '.join(others)}")
    if loan := await book.leave():
        await _remove_components(bootstrap, loan.made, run.waiter)
        await bootstrap.start_controllers()
        await book.close()
    run.store.update(has_borrowed=False)


async def _remove_components(bootstrap: Side, components: Sequence[ObjectAddress], waiter: Waiter) -> None:
    """Delete `components`, which were made in that order, backwards; what other clusters need stays.

    Order: the controllers end before their rights go, in peace. Returns once all is gone: whoever borrows the cluster
    next must not meet a namespace that is about to end.
    """
    client = bootstrap.client
    clusters = await _list_clusters(client)
    unneeded = find_unneeded(components, await _list_used_namespaces(client, clusters)) if clusters else components
    if len(unneeded) < len(components):
        waiter.progress.warn("The provider components stay in the bootstrap cluster: it manages other clusters")
    elif components and not clusters:
        await bootstrap.stop_controllers()
    discovery = Discovery(client)
    deleted: list[tuple[ObjectAddress, Resource[JsonObject]]] = []
    for address in reversed(unneeded):
        if resource := await _find_resource(discovery, address):
            waiter.progress.detail(4, f"Deleting {address.kind} {address.namespace}/{address.name}")
            await client.delete(resource, ObjectKey(address.namespace, address.name))
            deleted.append((address, resource))
    for address, resource in deleted:
        look = partial(_look_whether_gone, client, resource, address)
        what = f"{address.kind} {address.namespace}/{address.name} to be removed"
        await waiter.wait_for(what, look, limit_seconds=REMOVAL_LIMIT_SECONDS)


async def _list_used_namespaces(client: Client, clusters: Sequence[JsonObject]) -> set[str]:
    """Return the namespaces of `clusters` and of the Secrets that these and their Machines name."""
    machines = [with_kind(RAW_MACHINES, machine) for machine in (await client.list(RAW_MACHINES)).items]
    users = [*(with_kind(RAW_CLUSTERS, cluster) for cluster in clusters), *machines]
    named = {secret.namespace for user in users for secret in referred_secrets([user], key_of_object(user).namespace)}
    return named | {key_of_object(user).namespace for user in users}


def find_unneeded(made: Sequence[ObjectAddress], used: Collection[str]) -> Sequence[ObjectAddress]:
    """Return what of `made` other clusters, which have namespaces `used`, do not need.

    They share controllers, kinds and rights. A namespace in which none of that was made, but Secrets at most, was one
    cluster's own, and goes with them.
    """
    shared = {address.namespace for address in made if address.kind != "Secret"}
    own = {address.name for address in made if address.kind == "Namespace"}.difference(used, shared)
    return [
        address for address in made if address.namespace in own or (address.kind == "Namespace" and address.name in own)
    ]


async def _find_resource(discovery: Discovery, address: ObjectAddress) -> Resource[JsonObject] | None:
    """Return how the object is reached; None where an earlier attempt removed its kind, and the object with it."""
    try:
        return await discovery.resource_of({"apiVersion": address.api_version, "kind": address.kind})
    except ClusterctlError:
        return None


async def _look_whether_gone(client: Client, resource: Resource[JsonObject], address: ObjectAddress) -> None:
    if await client.find(resource, ObjectKey(address.namespace, address.name)) is not None:
        raise NotYet("it is still there")


def namespaces(names: Iterable[str]) -> list[JsonObject]:
    """Return the Namespaces called `names`, but the one that every cluster has."""
    wanted = sorted(set(names) - {"default"})
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in wanted]


def _address_of(obj: JsonObject) -> ObjectAddress:
    key = key_of_object(obj)
    return ObjectAddress(obj["kind"], key.namespace, key.name, obj["apiVersion"])
