"""Find everything that belongs to one cluster: the Cluster, its Machines and the Secrets of both."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from kubecapy.api.cluster.v1alpha1 import CLUSTER_NAME_LABEL
from kubecapy.apimachinery.codec import convert
from kubecapy.apimachinery.meta import JsonObject, ObjectKey, ObjectMeta
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Reader
from kubecapy.clusterctl.move.membership import is_member
from kubecapy.clusterctl.objects.raw_resources import RAW_CLUSTERS, RAW_MACHINES, RAW_SECRETS
from kubecapy.clusterctl.runs.record import ObjectAddress

RESOURCES: Mapping[str, Resource[JsonObject]] = {
    resource.kind: resource for resource in (RAW_CLUSTERS, RAW_MACHINES, RAW_SECRETS)
}
"""The kinds that move."""

_SECRET_REFERENCES = ("cloudsSecret", "userDataSecret")
"""Fields of a providerSpec that name a Secret of the management cluster."""


class Inventory(msgspec.Struct, frozen=True):
    """One cluster as a management cluster holds it."""

    cluster: JsonObject
    machines: tuple[JsonObject, ...]
    own_secrets: tuple[JsonObject, ...]
    """Labelled with the cluster's name or owned by it or its Machines: they move."""
    shared_secrets: tuple[JsonObject, ...]
    """Only referred to by a providerSpec: they are copied and stay."""

    @property
    def moved(self) -> tuple[JsonObject, ...]:
        """What moves, owners before what they own."""
        return (self.cluster, *self.machines, *self.own_secrets)

    @property
    def copied(self) -> tuple[JsonObject, ...]:
        """What is copied: all of it."""
        return (*self.moved, *self.shared_secrets)


async def take_inventory(reader: Reader, cluster: ObjectKey) -> Inventory:
    """Read the cluster and everything that belongs to it.

    Raises:
        NotFound: there is no such Cluster.
    """
    found = with_kind(RAW_CLUSTERS, await reader.get(RAW_CLUSTERS, cluster))
    clusters = (await reader.list(RAW_CLUSTERS, namespace=cluster.namespace)).items
    listed = (await reader.list(RAW_MACHINES, namespace=cluster.namespace)).items
    machines = tuple(
        with_kind(RAW_MACHINES, machine)
        for machine in listed
        if is_member(convert(machine["metadata"], ObjectMeta), cluster.name, is_only_cluster=len(clusters) == 1)
    )
    secrets = [with_kind(RAW_SECRETS, secret) for secret in (await reader.list(RAW_SECRETS)).items]
    own = tuple(secret for secret in secrets if _is_own(secret, cluster, _uids((found, *machines))))
    names = {_key(secret) for secret in own}
    referred = set(_references((found, *machines), cluster.namespace)) - names
    shared = tuple(secret for secret in secrets if _key(secret) in referred)
    return Inventory(found, machines, own, shared)


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


def _references(objects: Sequence[JsonObject], namespace: str) -> Iterator[ObjectKey]:
    for obj in objects:
        value = (obj["spec"].get("providerSpec") or {}).get("value") or {}
        for field in _SECRET_REFERENCES:
            reference = value.get(field)
            if isinstance(reference, dict) and reference.get("name"):
                yield ObjectKey(reference.get("namespace") or namespace, reference["name"])
