"""Find everything that belongs to one cluster: the Cluster, its Machines, what makes them, and their Secrets."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from kubecapy.api.cluster.v1alpha1 import CLUSTER_NAME_LABEL
from kubecapy.apimachinery.codec import convert
from kubecapy.apimachinery.errors import NotFound
from kubecapy.apimachinery.meta import JsonObject, ObjectKey, ObjectMeta
from kubecapy.apimachinery.resources import GroupVersionKind, Resource, split_api_version
from kubecapy.client.interfaces import Reader
from kubecapy.clusterctl.move.membership import is_member
from kubecapy.clusterctl.objects.provider_specs import find_provider_spec
from kubecapy.clusterctl.objects.raw_resources import (
    RAW_CLUSTERS,
    RAW_MACHINE_CLASSES,
    RAW_MACHINE_DEPLOYMENTS,
    RAW_MACHINE_SETS,
    RAW_MACHINES,
    RAW_SECRETS,
)
from kubecapy.clusterctl.runs.record import ObjectAddress

RESOURCES: Mapping[str, Resource[JsonObject]] = {
    resource.kind: resource
    for resource in (
        RAW_CLUSTERS,
        RAW_MACHINE_DEPLOYMENTS,
        RAW_MACHINE_SETS,
        RAW_MACHINES,
        RAW_MACHINE_CLASSES,
        RAW_SECRETS,
    )
}
"""The kinds that move or are copied."""

_SECRET_REFERENCES = ("cloudsSecret", "userDataSecret", "publicKeySecret")
"""Fields of a providerSpec that name a Secret of the management cluster."""


class Inventory(msgspec.Struct, frozen=True):
    """One cluster as a management cluster holds it."""

    cluster: JsonObject
    sets: tuple[JsonObject, ...]
    """MachineDeployments, then MachineSets."""
    machines: tuple[JsonObject, ...]
    classes: tuple[JsonObject, ...]
    """MachineClasses of the namespace: any cluster may name them, so they are copied and stay."""
    own_secrets: tuple[JsonObject, ...]
    """Labelled with the cluster's name or owned by it or its Machines: they move."""
    shared_secrets: tuple[JsonObject, ...]
    """Only referred to by a providerSpec: they are copied and stay."""

    @property
    def moved(self) -> tuple[JsonObject, ...]:
        """What moves, owners before what they own."""
        return (self.cluster, *self.sets, *self.machines, *self.own_secrets)

    @property
    def copied(self) -> tuple[JsonObject, ...]:
        """What is copied: all of it."""
        return (*self.moved, *self.classes, *self.shared_secrets)


async def take_inventory(reader: Reader, cluster: ObjectKey) -> Inventory:
    """Read the cluster and everything that belongs to it.

    Raises:
        NotFound: there is no such Cluster.
    """
    found = with_kind(RAW_CLUSTERS, await reader.get(RAW_CLUSTERS, cluster))
    clusters = (await reader.list(RAW_CLUSTERS, namespace=cluster.namespace)).items
    is_only = len(clusters) == 1
    sets: list[JsonObject] = []
    machines: list[JsonObject] = []
    for resource, members in ((RAW_MACHINE_DEPLOYMENTS, sets), (RAW_MACHINE_SETS, sets), (RAW_MACHINES, machines)):
        listed = await _list(reader, resource, cluster.namespace)
        members += [obj for obj in listed if is_member(_metadata_of(obj), cluster.name, is_only_cluster=is_only)]
    classes = await _list(reader, RAW_MACHINE_CLASSES, cluster.namespace)
    own_objects = (found, *sets, *machines)
    secrets = [with_kind(RAW_SECRETS, secret) for secret in (await reader.list(RAW_SECRETS)).items]
    own = tuple(secret for secret in secrets if _is_own(secret, cluster, _uids(own_objects)))
    names = {_key(secret) for secret in own}
    referred = set(referred_secrets((*own_objects, *classes), cluster.namespace)) - names
    shared = tuple(secret for secret in secrets if _key(secret) in referred)
    return Inventory(found, tuple(sets), tuple(machines), tuple(classes), own, shared)


async def _list(reader: Reader, resource: Resource[JsonObject], namespace: str) -> Sequence[JsonObject]:
    """Return the objects of a namespace; none where an older management cluster does not serve the kind."""
    try:
        items = (await reader.list(resource, namespace=namespace)).items
    except NotFound:
        return ()
    return [with_kind(resource, obj) for obj in items]


def _metadata_of(obj: JsonObject) -> ObjectMeta:
    """Return what says whose `obj` is: its own metadata, with the labels of its Machines where it is a template's."""
    template = ((obj.get("spec") or {}).get("template") or {}).get("metadata") or {}
    metadata = obj["metadata"]
    labels = {**(template.get("labels") or {}), **(metadata.get("labels") or {})}
    return convert({**metadata, "labels": labels}, ObjectMeta)


def address_of(obj: JsonObject) -> ObjectAddress:
    """Return where `obj` is found."""
    key = _key(obj)
    return ObjectAddress(obj["kind"], key.namespace, key.name)


def key_of_address(address: ObjectAddress) -> ObjectKey:
    """Return the key of the object at `address`."""
    return ObjectKey(address.namespace, address.name)


def with_kind(resource: Resource[JsonObject], obj: JsonObject) -> JsonObject:
    """Return `obj` with the apiVersion and kind that entries of a list may lack."""
    return {"apiVersion": resource.api_version, "kind": resource.kind, **obj}


def _key(obj: JsonObject) -> ObjectKey:
    return ObjectKey(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])


def _uids(objects: Sequence[JsonObject]) -> frozenset[str]:
    return frozenset(obj["metadata"]["uid"] for obj in objects)


def _is_own(secret: JsonObject, cluster: ObjectKey, owners: frozenset[str]) -> bool:
    metadata = secret["metadata"]
    if metadata.get("namespace") != cluster.namespace:
        return False
    labelled = (metadata.get("labels") or {}).get(CLUSTER_NAME_LABEL) == cluster.name
    return labelled or any(owner["uid"] in owners for owner in metadata.get("ownerReferences") or ())


def referred_secrets(objects: Sequence[JsonObject], namespace: str) -> Iterator[ObjectKey]:
    """Yield the Secrets that providerSpecs of `objects` name; those named without a namespace lie in `namespace`."""
    for obj in objects:
        place = find_provider_spec(GroupVersionKind(*split_api_version(obj["apiVersion"]), obj["kind"]), obj)
        value = (place.value if place else None) or {}
        for field in _SECRET_REFERENCES:
            reference = value.get(field)
            if isinstance(reference, dict) and reference.get("name"):
                yield ObjectKey(reference.get("namespace") or namespace, reference["name"])
