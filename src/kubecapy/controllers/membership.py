"""Tell which machines belong to which cluster.

A Machine names its Cluster by label. The article's machines carry none: the only Cluster of their namespace is meant.
Once a machine is taken up its owner reference says it for good.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from kubecapy.api.cluster.v1alpha1 import CLUSTER_NAME_LABEL, CLUSTERS, Cluster, Machine, is_control_plane
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta, OwnerReference, is_deleting, key_of, labels_of
from kubecapy.apimachinery.owner_references import owner_reference_to, with_owner

_CLUSTER_API: Final = CLUSTERS.api_version


class Membership(msgspec.Struct, frozen=True):
    """The cluster that a machine belongs to, and what is wrong with that."""

    cluster: Cluster | None
    problem: str = ""
    """For people: why there is none, or why nothing is made in this one; empty where all is well."""


def find_membership(machine: Machine, clusters: Sequence[Cluster]) -> Membership:
    """Return the membership of `machine` among the `clusters` of its namespace.

    The owner reference, which is stored before the first thing is made, outlives any change of labels and Clusters:
    what was made in the cloud bears the name of that cluster and would not be found under another.
    """
    wanted = _wanted_cluster(machine)
    namespace = machine.metadata.namespace
    if wanted:
        named = next((cluster for cluster in clusters if cluster.metadata.name == wanted), None)
        return Membership(named, _problem_of(machine, wanted, is_there=named is not None))
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
        and (_wanted_cluster(machine) or (name if alone else "")) == name
    ]
    return tuple(sorted(own, key=_age))


def concerned_clusters(machine: Machine, clusters: Sequence[Cluster]) -> tuple[ObjectKey, ...]:
    """Return the keys of those of `clusters`, all of one namespace, that must look when `machine` changes.

    A cluster depends on its control planes alone, and on the end of every machine once it is being deleted. Where a
    machine has neither owner nor label, every cluster may be meant.
    """
    if not (is_control_plane(machine) or is_deleting(machine)):
        return ()
    wanted = _wanted_cluster(machine)
    return tuple(key_of(cluster) for cluster in clusters if wanted in ("", cluster.metadata.name))


def _owner(machine: Machine) -> str:
    """Return the name of the Cluster that owns `machine`; empty where none does yet."""
    owners = machine.metadata.owner_references
    return next(
        (owner.name for owner in owners if owner.kind == CLUSTERS.kind and owner.api_version == _CLUSTER_API), ""
    )


def _wanted_cluster(machine: Machine) -> str:
    return _owner(machine) or labels_of(machine).get(CLUSTER_NAME_LABEL, "")


def _problem_of(machine: Machine, wanted: str, *, is_there: bool) -> str:
    owner, label = _owner(machine), labels_of(machine).get(CLUSTER_NAME_LABEL, "")
    if owner and label and owner != label:
        return (
            f'label {CLUSTER_NAME_LABEL} names "{label}", but the machine was made for "{owner}"; '
            "set the label back, or delete the machine and create it anew"
        )
    if is_there:
        return ""
    if owner:
        return f'Cluster "{owner}", which the machine was made for, is gone; delete the machine'
    return f'there is no Cluster "{wanted}" in "{machine.metadata.namespace}"'


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
