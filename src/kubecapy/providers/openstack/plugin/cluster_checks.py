"""Ask the cloud, without changing anything, whether it has what a cluster's spec names, and add up what it takes."""

from collections.abc import Sequence

import msgspec

from kubecapy.api.cluster.v1alpha1 import Cluster
from kubecapy.contract.errors import InvalidConfiguration
from kubecapy.providers.openstack.actuators.cluster_references import resolve_references
from kubecapy.providers.openstack.actuators.cluster_scope import find_overlap
from kubecapy.providers.openstack.api.cluster_spec import ClusterProviderSpec
from kubecapy.providers.openstack.api.cluster_status import Role
from kubecapy.providers.openstack.plugin.machine_checks import sentences_of
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.quotas import Need
from kubecapy.providers.openstack.services.wished_rules import GroupSettings, wished_rules
from kubecapy.providers.openstack.services.zones import list_zones, zone_called

_ROLES: Sequence[Role] = ("control-plane", "worker")


class Shared(msgspec.Struct, frozen=True):
    """What the machines of a cluster are to share."""

    spec: ClusterProviderSpec = ClusterProviderSpec()
    mark: str = ""
    """Empty where nothing in the cloud can bear it yet."""

    @property
    def needs(self) -> Need:
        """What it takes of the project's quotas."""
        spec = self.spec
        managed, routed = int(bool(spec.node_cidr)), int(spec.wants_router)
        need = Need(networks=managed, subnets=managed, routers=routed, ports=int(spec.joins_router))
        if spec.security_groups is None:
            return need
        settings = GroupSettings(spec.security_groups, {role: role for role in _ROLES}, 1, spec.ether_types)
        rules = sum(len(wished_rules(settings, role)) for role in _ROLES)
        return msgspec.structs.replace(need, security_groups=len(_ROLES), security_group_rules=rules)


async def check_shared(project: Project, spec: ClusterProviderSpec, cluster: Cluster) -> Sequence[str]:
    """Return what of the cluster's wishes is not there or cannot be."""

    async def check_ranges() -> None:
        overlap = find_overlap(cluster, spec)
        if overlap:
            raise InvalidConfiguration(overlap)

    async def check_zones() -> None:
        for name in spec.control_plane_availability_zones:
            zone_called(name, await list_zones(project))

    return await sentences_of((check_ranges, lambda: resolve_references(project, spec), check_zones))
