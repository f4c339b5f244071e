"""Read the Nodes of workload clusters from copies that are kept up to date."""

import contextlib
from collections.abc import Iterable, Sequence

from kubecapy.api.core import NODES, Node
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.controllers.node_matching import named_machine
from kubecapy.runtime.cluster_cache import ClusterCache

_PROVIDER_ID = "providerID"
_MACHINE = "machine"


class CachedNodes:
    """Implements `WorkloadNodes` on a cluster cache."""

    def __init__(self, cache: ClusterCache) -> None:
        """Read from `cache`, which its owner opens and closes."""
        self._cache = cache

    async def find_nodes(self, cluster: ObjectKey, provider_id: str, machine: ObjectKey) -> Sequence[Node] | None:
        """Return the Nodes of the machine; None while the cluster's Nodes were never listed.

        Raises:
            ClusterUnreachable: there is no way to the cluster.
        """
        informer = await self._cache.informer(cluster, NODES)
        with contextlib.suppress(ValueError):
            # The informer may be new: its kubeconfig may have changed.
            informer.add_index(_PROVIDER_ID, _provider_ids)
            informer.add_index(_MACHINE, _named_machines)
        if not informer.synced:
            return None
        by_id = informer.list(index=(_PROVIDER_ID, provider_id)) if provider_id else ()
        return (*by_id, *informer.list(index=(_MACHINE, str(machine))))


def _provider_ids(node: Node) -> Iterable[str]:
    return (node.spec.provider_id,) if node.spec.provider_id else ()


def _named_machines(node: Node) -> Iterable[str]:
    named = named_machine(node)
    return (str(named),) if named else ()
