"""Answer what tools ask; see `kubecapy.contract.provider.ProviderTooling` for what each method promises."""

from collections.abc import Sequence
from typing import Literal

from kubecapy.api.cluster.v1alpha1 import Cluster
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.contract.provider import GenerateRequest, Leftover, ProviderManifests
from kubecapy.providers.openstack.actuators.cluster_scope import owner_of_cluster
from kubecapy.providers.openstack.api.cluster_status import read_cluster_status
from kubecapy.providers.openstack.api.specs import (
    decode_cluster_spec,
    decode_machine_spec,
    find_credentials,
    value_of,
)
from kubecapy.providers.openstack.plugin import components, templates
from kubecapy.providers.openstack.plugin.credentials import credentials_secrets
from kubecapy.providers.openstack.plugin.preflight import find_obstacles
from kubecapy.providers.openstack.services.marks import find_marked
from kubecapy.providers.openstack.services.projects import Projects


class OpenStackTooling:
    """Offers the provider to command lines; only `preflight` and `find_leftovers` talk to a cloud."""

    def __init__(self, projects: Projects) -> None:
        """Ask in the projects that the objects' credentials mean."""
        self._projects = projects

    def generate(self, request: GenerateRequest) -> ProviderManifests:
        """Return the provider's manifests with the chosen cloud's credentials."""
        secrets = credentials_secrets(request, components.NAMESPACE)
        return ProviderManifests(
            cluster=templates.cluster(),
            machines=templates.machines(request.operating_system),
            namespace=components.NAMESPACE,
            components=(components.namespace(), *secrets, *components.controllers()),
        )

    def validate_spec(self, kind: Literal["Cluster", "Machine"], value: JsonObject, path: str) -> Sequence[FieldError]:
        """Return what is wrong with a providerSpec value."""
        if kind == "Cluster":
            return decode_cluster_spec(value, path).errors
        return decode_machine_spec(value, path).errors

    async def preflight(self, cluster: JsonObject, machines: Sequence[JsonObject]) -> Sequence[str]:
        """Ask the cloud whether the objects can be made."""
        return await find_obstacles(self._projects, cluster, machines)

    async def find_leftovers(self, cluster: Cluster) -> Sequence[Leftover]:
        """Return everything that bears the cluster's mark."""
        credentials = find_credentials(value_of(cluster.spec.provider_spec))
        project = await self._projects.find(credentials, cluster.metadata.namespace)
        owner = owner_of_cluster(cluster, read_cluster_status(cluster.status.provider_status))
        return await find_marked(project, owner.mark)
