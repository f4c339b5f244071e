"""Tell which Machines belong to a cluster, as the controllers have it.

A Machine names its Cluster by label; without a label, the only Cluster of its namespace is meant.
"""

from collections.abc import Mapping, Sequence

from kubecapy.api.cluster.v1alpha1 import CLUSTER_NAME_LABEL, CLUSTERS, MACHINES, Machine
from kubecapy.apimachinery.meta import ObjectKey, labels_of
from kubecapy.client.interfaces import Reader


def is_member(labels: Mapping[str, str], cluster: str, *, is_only_cluster: bool) -> bool:
    """Return whether a Machine with `labels` belongs to `cluster` of its own namespace."""
    label = labels.get(CLUSTER_NAME_LABEL)
    return label == cluster if label else is_only_cluster


async def list_machines(reader: Reader, cluster: ObjectKey) -> Sequence[Machine]:
    """Return the Machines of `cluster`, which may be gone itself."""
    clusters = (await reader.list(CLUSTERS, namespace=cluster.namespace)).items
    others = [other for other in clusters if other.metadata.name != cluster.name]
    machines = (await reader.list(MACHINES, namespace=cluster.namespace)).items
    return [machine for machine in machines if is_member(labels_of(machine), cluster.name, is_only_cluster=not others)]
