"""Carry out the contract's verbs for clusters: machines on a shelf share nothing."""

from kubecapy.api.cluster.v1alpha1 import Cluster
from kubecapy.apimachinery.meta import key_of
from kubecapy.contract.actuators import ClusterObservation, Deletion
from kubecapy.contract.errors import InvalidConfiguration
from kubecapy_shelf.client import ShelfClient
from kubecapy_shelf.spec import errors_in


class ShelfClusterActuator:
    """Checks clusters; see `kubecapy.contract.actuators.ClusterActuator` for what each verb promises."""

    def __init__(self, client: ShelfClient) -> None:
        """Act through `client`."""
        self._client = client

    async def reconcile(self, cluster: Cluster) -> ClusterObservation:
        """Check the spec and the key; there is nothing to make."""
        spec = cluster.spec.provider_spec
        errors = errors_in("Cluster", spec.value if spec else None)
        if errors:
            raise InvalidConfiguration("; ".join(str(error) for error in errors))
        await self._client.images(f"trying the key for Cluster {key_of(cluster)}")
        return ClusterObservation()

    async def delete(self, cluster: Cluster) -> Deletion:
        """Return that nothing is left: nothing was made."""
        del cluster
        return Deletion(gone=True)
