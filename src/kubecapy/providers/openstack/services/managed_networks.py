"""Find or make the network and the subnet of a cluster."""

import ipaddress
from typing import Any

from kubecapy.contract.errors import Conflict
from kubecapy.providers.openstack.api.cluster_spec import ClusterProviderSpec
from kubecapy.providers.openstack.cluster_naming import ClusterOwner
from kubecapy.providers.openstack.services.kinds import NETWORKS, SUBNETS
from kubecapy.providers.openstack.services.owned import OwnedWish, ensure_owned, update_owned
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import Network, Subnet


async def ensure_network(
    project: Project, owner: ClusterOwner, spec: ClusterProviderSpec, recorded_id: str, max_age_seconds: float
) -> Network:
    """Find or make the network."""
    body: dict[str, Any] = {"admin_state_up": True}
    if spec.network_mtu:
        body["mtu"] = spec.network_mtu
    if spec.disable_port_security:
        body["port_security_enabled"] = False
    wish = OwnedWish(owner.shared_name, owner.description, recorded_id, owner.tags_with(spec.tags), body)
    return await ensure_owned(project, NETWORKS, owner, wish, max_age_seconds)


async def ensure_subnet(
    project: Project,
    owner: ClusterOwner,
    spec: ClusterProviderSpec,
    network_id: str,
    recorded_id: str,
    max_age_seconds: float,
) -> Subnet:
    """Find or make the subnet, and carry a change of its name servers over.

    Raises:
        Conflict: the spec wants another range than the subnet has, or another gateway: hosts hold addresses of them.
    """
    body = {**_subnet_body(spec), "network_id": network_id}
    wish = OwnedWish(owner.shared_name, owner.description, recorded_id, owner.tags_with(spec.tags), body)
    subnet = await ensure_owned(project, SUBNETS, owner, wish, max_age_seconds)
    if subnet.cidr != spec.node_cidr or (spec.gateway_ip and subnet.gateway_ip != spec.gateway_ip):
        raise Conflict(
            f"subnet {subnet.name} ({subnet.id}) of {owner} is {subnet.cidr} with gateway {subnet.gateway_ip}, the "
            f"spec wants {spec.node_cidr}{f' with {spec.gateway_ip}' if spec.gateway_ip else ''}; a network is not "
            "moved under its machines, set nodeCidr and gatewayIP back"
        )
    if subnet.dns_nameservers == spec.dns_nameservers:
        return subnet
    return await update_owned(project, SUBNETS, owner, subnet, {"dns_nameservers": list(spec.dns_nameservers)})


def gateway_address(spec: ClusterProviderSpec) -> str:
    """Return the router's address on the subnet: the given one, else the first, as Neutron has it."""
    return spec.gateway_ip or str(next(ipaddress.ip_network(spec.node_cidr).hosts()))


def _subnet_body(spec: ClusterProviderSpec) -> dict[str, Any]:
    """Return what the request that makes the subnet says of its addresses."""
    body: dict[str, Any] = {
        "ip_version": 4,
        "cidr": spec.node_cidr,
        "enable_dhcp": not spec.disable_dhcp,
        "dns_nameservers": list(spec.dns_nameservers),
    }
    if spec.gateway_ip:
        body["gateway_ip"] = spec.gateway_ip
    if spec.allocation_pools:
        body["allocation_pools"] = [{"start": pool.start, "end": pool.end} for pool in spec.allocation_pools]
    return body
