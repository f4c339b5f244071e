"""Carry out the contract's verbs for clusters.

A cluster has no cloud resources of its own yet: its machines use networks and security groups that exist. What a spec
asks for beyond that is refused by name.
"""

from kubecapy.api.cluster.v1alpha1 import Cluster
from kubecapy.contract.actuators import ClusterObservation, Deletion
from kubecapy.contract.errors import InvalidConfiguration
from kubecapy.providers.openstack.api.specs import decode_cluster_spec, value_of
from kubecapy.providers.openstack.services.projects import Projects


class OpenStackClusterActuator:
    """Checks clusters; see `kubecapy.contract.actuators.ClusterActuator` for what each verb promises."""

    def __init__(self, projects: Projects) -> None:
        """Act in the projects that the clusters' credentials mean."""
        self._projects = projects

    async def reconcile(self, cluster: Cluster) -> ClusterObservation:
        """Check the spec and the login; there is nothing to make.

        Raises:
            InvalidConfiguration: the spec is wrong, or asks for what is not supported.
            PermissionDenied, Unavailable: the cloud does not let us in.
        """
        decoded = decode_cluster_spec(value_of(cluster.spec.provider_spec))
        if decoded.value is None:
            raise InvalidConfiguration("; ".join(str(error) for error in decoded.errors))
        project = await self._projects.find(decoded.value.credentials, cluster.metadata.namespace)
        await project.client.project_id()
        return ClusterObservation()

    async def delete(self, cluster: Cluster) -> Deletion:  # noqa: ARG002 - the contract's signature
        """Return that nothing is left: nothing was made, and no credentials are needed to know it."""
        return Deletion(gone=True)
