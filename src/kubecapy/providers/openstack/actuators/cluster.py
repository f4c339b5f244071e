"""Carry out the contract's verbs for clusters: what the machines share is made before them, and goes after them."""

from kubecapy.api.cluster.v1alpha1 import Cluster
from kubecapy.contract.actuators import ClusterObservation, Deletion
from kubecapy.providers.openstack.actuators.cluster_deletion import delete_shared, may_have_made_something
from kubecapy.providers.openstack.actuators.cluster_references import resolve_references
from kubecapy.providers.openstack.actuators.cluster_scope import owner_of_cluster, read_cluster_scope
from kubecapy.providers.openstack.actuators.cluster_steps import ClusterWork, run_steps
from kubecapy.providers.openstack.api.cluster_status import read_cluster_status
from kubecapy.providers.openstack.api.endpoints import api_port_of, endpoint_of
from kubecapy.providers.openstack.api.specs import find_credentials, value_of
from kubecapy.providers.openstack.services.projects import Projects


class OpenStackClusterActuator:
    """Makes clusters; see `kubecapy.contract.actuators.ClusterActuator` for what each verb promises."""

    def __init__(self, projects: Projects) -> None:
        """Act in the projects that the clusters' credentials mean."""
        self._projects = projects

    async def reconcile(self, cluster: Cluster) -> ClusterObservation:
        """Find or make the next thing that is missing; where nothing is, mend what changed.

        A cluster at rest looks at lists that all clusters of its project share.

        Raises:
            InvalidConfiguration: the spec is wrong, or asks for what is not supported.
            NotFound, Conflict: something that the spec names is not there exactly once, or is not as it says.
            PermissionDenied, Unavailable: the cloud does not let us in.
        """
        scope = read_cluster_scope(cluster)
        project = await self._projects.find(scope.spec.credentials, cluster.metadata.namespace)
        await project.client.project_id()
        freshness = project.freshness
        references = await resolve_references(project, scope.spec)
        age = freshness.resting if scope.record.ready else freshness.changing
        record, is_done = await run_steps(ClusterWork(project, scope, references, age))
        return ClusterObservation(
            endpoint=endpoint_of(scope.spec),
            api_port=api_port_of(scope.spec),
            provider_status=record.to_json(),
            waiting_for="" if is_done else "the rest of what the machines share",
            retry_after_seconds=0.0,
        )

    async def delete(self, cluster: Cluster) -> Deletion:
        """Remove what bears the cluster's mark; no credentials are needed where nothing can have been made."""
        record = read_cluster_status(cluster.status.provider_status)
        value = value_of(cluster.spec.provider_spec)
        if not may_have_made_something(record, value):
            return Deletion(gone=True)
        project = await self._projects.find(find_credentials(value), cluster.metadata.namespace)
        return await delete_shared(project, owner_of_cluster(cluster, record))
