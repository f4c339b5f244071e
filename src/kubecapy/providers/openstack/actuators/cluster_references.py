"""Look up everything that a cluster's spec names, before the first thing is made for it."""

import msgspec

from kubecapy.providers.openstack.api.cluster_spec import ClusterProviderSpec, RouterAddress
from kubecapy.providers.openstack.api.selectors import NetworkReference, merged_query
from kubecapy.providers.openstack.services.existing import find_existing
from kubecapy.providers.openstack.services.kinds import ROUTERS
from kubecapy.providers.openstack.services.networks import find_network, find_subnet
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import Network, Router, Subnet
from kubecapy.providers.openstack.services.routers import GatewayWish


class ClusterReferences(msgspec.Struct, frozen=True):
    """What exists and is named by the spec; None where it names none."""

    network: Network | None = None
    subnet: Subnet | None = None
    router: Router | None = None
    gateway: GatewayWish | None = None
    """Where a router of our own is to lead."""


async def resolve_references(project: Project, spec: ClusterProviderSpec) -> ClusterReferences:
    """Return what the spec names; read-only, and remembered for a while.

    Raises:
        NotFound, Conflict: something is not there, or not there exactly once.
    """
    network = await find_network(project, spec.network) if spec.network else None
    subnet = await find_subnet(project, network.id, spec.subnet) if spec.subnet and network else None
    router = None
    if spec.router is not None:
        router = await find_existing(project, ROUTERS, merged_query(spec.router.filter, id=spec.router.uuid))
    return ClusterReferences(network, subnet, router, await _find_gateway(project, spec))


async def _find_gateway(project: Project, spec: ClusterProviderSpec) -> GatewayWish | None:
    reference = spec.external_network or (
        NetworkReference(uuid=spec.external_network_id) if spec.external_network_id else None
    )
    if reference is None:
        return None
    external = await find_network(project, reference, is_external=True)
    fixed = [await _gateway_address(project, external, address) for address in spec.external_router_ips]
    return GatewayWish(external.id, tuple(fixed))


async def _gateway_address(project: Project, external: Network, address: RouterAddress) -> dict[str, str]:
    given = {"ip_address": address.fixed_ip} if address.fixed_ip else {}
    if address.subnet is None:
        return given
    return {**given, "subnet_id": (await find_subnet(project, external.id, address.subnet)).id}
