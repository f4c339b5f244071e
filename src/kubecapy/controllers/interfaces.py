"""Name what reconcilers ask of the runtime, so that a test can give as little."""

from collections.abc import Sequence
from typing import Literal, Protocol, TypeVar

from kubecapy.apimachinery.meta import KubernetesObject, ObjectKey
from kubecapy.client.interfaces import Client

T = TypeVar("T", covariant=True)

EventType = Literal["Normal", "Warning"]


class ObjectView(Protocol[T]):
    """Reads a local copy of all objects of one kind; it may be a moment behind the server."""

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


class Recorder(Protocol):
    """Tells people of changes."""

    async def event(self, obj: KubernetesObject, type: EventType, reason: str, message: str) -> None:  # noqa: A002
        """Store an Event about `obj`, best effort; equal ones are counted, not repeated."""
        ...
