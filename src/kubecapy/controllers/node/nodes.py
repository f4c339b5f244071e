"""Read the Nodes of workload clusters from copies that are kept up to date."""

import contextlib
from collections.abc import Iterable, Sequence

from kubecapy.api.core import NODES, Node
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.clock import Clock
from kubecapy.controllers.node.pulse import Pulse
from kubecapy.controllers.node_matching import named_machine
from kubecapy.runtime.cluster_cache import ClusterCache

_PROVIDER_ID = "providerID"
_MACHINE = "machine"


class CachedNodes:
    """Implements `WorkloadNodes` on a cluster cache."""

    def __init__(self, cache: ClusterCache, clock: Clock) -> None:
        """Read from `cache`, which its owner opens and closes."""
        self._cache = cache
        self._pulse = Pulse(clock)

    async def find_nodes(self, cluster: ObjectKey, provider_id: str, machine: ObjectKey) -> Sequence[Node] | None:
        """Return the Nodes of the machine; None while the cluster's Nodes were never listed.

        Order: the cluster is asked whether it answers before its Nodes are followed. A follower that fails waits ever
        longer, and a copy of what was seen last says nothing of a cluster that is down.

        Raises:
            ClusterUnreachable: there is no way to the cluster.
            Unreachable: its API server does not answer.
            StatusError: its API server is not ready.
        """
        await self._pulse.check(cluster, await self._cache.client(cluster))
        informer = await self._cache.informer(cluster, NODES)
        with contextlib.suppress(ValueError):
            # The informer may be new: its kubeconfig may have changed.
            informer.add_index(_PROVIDER_ID, _provider_ids)
            informer.add_index(_MACHINE, _named_machines)
        if not informer.synced:
            return None
        by_id = informer.list(index=(_PROVIDER_ID, provider_id)) if provider_id else ()
        return (*by_id, *informer.list(index=(_MACHINE, str(machine))))

    async def forget(self, cluster: ObjectKey) -> None:
        """Close what belongs to `cluster`."""
        self._pulse.forget(cluster)
        await self._cache.forget(cluster)


def _provider_ids(node: Node) -> Iterable[str]:
    return (node.spec.provider_id,) if node.spec.provider_id else ()


def _named_machines(node: Node) -> Iterable[str]:
    named = named_machine(node)
    return (str(named),) if named else ()
