"""Name what reconcilers ask of the runtime, so that a test can give as little."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from kubecapy.api.core import Node
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.client.interfaces import Client

T = TypeVar("T", covariant=True)


class ObjectView(Protocol[T]):
    """Reads a local copy of all objects of one kind; it may be a moment behind the server."""

    def get(self, key: ObjectKey) -> T | None:
        """Return the object; None where it is absent."""
        ...

    def list(self, namespace: str = "") -> Sequence[T]:
        """Return the objects of `namespace`, of all namespaces where it is empty."""
        ...


class WorkloadClusters(Protocol):
    """Reaches the clusters that we made."""

    async def client(self, cluster: ObjectKey) -> Client:
        """Return a client of the cluster's own API server.

        Raises ClusterUnreachable where its kubeconfig Secret is absent or wrong. Whether the server answers is seen
        only by asking it.
        """
        ...


class WorkloadNodes(Protocol):
    """Follows the Nodes of the clusters that we made."""

    async def find_nodes(self, cluster: ObjectKey, provider_id: str, machine: ObjectKey) -> Sequence[Node] | None:
        """Return the Nodes that bear `provider_id`, then those whose annotation names `machine`.

        Returns None while the cluster's Nodes were never listed: then nothing is known of them.
        Raises ClusterUnreachable where there is no way to the cluster, Unreachable or StatusError where it does not
        answer or is not ready.
        """
        ...
