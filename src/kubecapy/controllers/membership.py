"""Tell which machines belong to which cluster.

A Machine names its Cluster by label. The article's machines carry none: the only Cluster of their namespace is meant.
"""

from collections.abc import Sequence

import msgspec

from kubecapy.api.cluster.v1alpha1 import CLUSTER_NAME_LABEL, CLUSTERS, Cluster, Machine, is_control_plane
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta, OwnerReference, is_deleting, key_of, labels_of
from kubecapy.apimachinery.owner_references import owner_reference_to, with_owner


class Membership(msgspec.Struct, frozen=True):
    """The cluster that a machine belongs to, or why there is none."""

    cluster: Cluster | None
    problem: str = ""
    """For people, where `cluster` is None."""


def find_membership(machine: Machine, clusters: Sequence[Cluster]) -> Membership:
    """Return the membership of `machine` among the `clusters` of its namespace."""
    wanted = labels_of(machine).get(CLUSTER_NAME_LABEL, "")
    namespace = machine.metadata.namespace
    if wanted:
        named = [cluster for cluster in clusters if cluster.metadata.name == wanted]
        return Membership(named[0]) if named else Membership(None, f'there is no Cluster "{wanted}" in "{namespace}"')
    if len(clusters) == 1:
        return Membership(clusters[0])
    if not clusters:
        return Membership(None, f'there is no Cluster in "{namespace}"')
    names = ", ".join(sorted(cluster.metadata.name for cluster in clusters))
    return Membership(None, f'label {CLUSTER_NAME_LABEL} is missing, and "{namespace}" has several Clusters: {names}')


def machines_of(cluster: Cluster, machines: Sequence[Machine], clusters: Sequence[Cluster]) -> tuple[Machine, ...]:
    """Return those of `machines` that belong to `cluster`, oldest first; `clusters` are those of its namespace."""
    alone = len(clusters) <= 1
    name = cluster.metadata.name
    own = [
        machine
        for machine in machines
        if machine.metadata.namespace == cluster.metadata.namespace
        and (labels_of(machine).get(CLUSTER_NAME_LABEL) or (name if alone else "")) == name
    ]
    return tuple(sorted(own, key=_age))


def concerned_clusters(machine: Machine, clusters: Sequence[Cluster]) -> tuple[ObjectKey, ...]:
    """Return the keys of those of `clusters`, all of one namespace, that must look when `machine` changes.

    A cluster depends on its control planes alone, and on the end of every machine once it is being deleted. Where a
    machine has no label, every cluster may be meant.
    """
    if not (is_control_plane(machine) or is_deleting(machine)):
        return ()
    named = labels_of(machine).get(CLUSTER_NAME_LABEL)
    return tuple(key_of(cluster) for cluster in clusters if named in (None, "", cluster.metadata.name))


def owned_by_cluster(meta: ObjectMeta, cluster: Cluster) -> ObjectMeta:
    """Return `meta` with `cluster` as an owner that waits for it; references to namesakes of before are dropped.

    A reference to a Cluster that was made anew would let garbage collection remove the machine.
    """
    owner = owner_reference_to(cluster, CLUSTERS, block=True)
    kept = tuple(known for known in meta.owner_references if not _is_stale(known, owner))
    if kept != meta.owner_references:
        meta = msgspec.structs.replace(meta, owner_references=kept)
    return with_owner(meta, owner)


def _is_stale(known: OwnerReference, owner: OwnerReference) -> bool:
    same_name = (known.kind, known.name) == (owner.kind, owner.name)
    return same_name and known.api_version == owner.api_version and known.uid != owner.uid


def _age(machine: Machine) -> tuple[str, str]:
    return machine.metadata.creation_timestamp or "", machine.metadata.name
