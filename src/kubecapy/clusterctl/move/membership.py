"""Tell which Machines belong to a cluster, as the controllers have it.

A Machine names its Cluster by the owner reference that it gets when it is taken up, before that by label; without
either, the only Cluster of its namespace is meant.
"""

from collections.abc import Sequence

from kubecapy.api.cluster.v1alpha1 import CLUSTER_NAME_LABEL, CLUSTERS, MACHINES, Machine
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta
from kubecapy.client.interfaces import Reader


def is_member(machine: ObjectMeta, cluster: str, *, is_only_cluster: bool) -> bool:
    """Return whether the Machine with that metadata belongs to `cluster` of its own namespace."""
    kind = (CLUSTERS.api_version, CLUSTERS.kind)
    owners = (owner.name for owner in machine.owner_references if (owner.api_version, owner.kind) == kind)
    named = next(owners, "") or (machine.labels or {}).get(CLUSTER_NAME_LABEL, "")
    return named == cluster if named else is_only_cluster


async def list_machines(reader: Reader, cluster: ObjectKey) -> Sequence[Machine]:
    """Return the Machines of `cluster`, which may be gone itself."""
    clusters = (await reader.list(CLUSTERS, namespace=cluster.namespace)).items
    others = [other for other in clusters if other.metadata.name != cluster.name]
    machines = (await reader.list(MACHINES, namespace=cluster.namespace)).items
    return [machine for machine in machines if is_member(machine.metadata, cluster.name, is_only_cluster=not others)]
