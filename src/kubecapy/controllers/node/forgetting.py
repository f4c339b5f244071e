"""Close the connections to clusters that are gone."""

from typing import Protocol

from kubecapy.api.cluster.v1alpha1 import Cluster
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.controllers.interfaces import ObjectView
from kubecapy.runtime.reconciler import DONE, Result


class Connections(Protocol):
    """Keeps connections to workload clusters."""

    async def forget(self, cluster: ObjectKey) -> None:
        """Close what belongs to `cluster`."""
        ...


class ForgetGoneClusters:
    """Reconciles nothing but our own connections: its key is a Cluster."""

    def __init__(self, clusters: ObjectView[Cluster], connections: Connections) -> None:
        """Close in `connections` what `clusters` no longer holds."""
        self._clusters = clusters
        self._connections = connections

    async def reconcile(self, key: ObjectKey) -> Result:
        """Close the connections of a Cluster that is gone."""
        if self._clusters.get(key) is None:
            await self._connections.forget(key)
        return DONE
