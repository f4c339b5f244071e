"""Check what types alone cannot say of a cluster's providerSpec: forms, fields that exclude each other, refusals."""

from collections.abc import Iterable
from typing import Final

from kubecapy.apimachinery.fields import FieldError
from kubecapy.providers.openstack.api.cluster_spec import ClusterProviderSpec, KeyPair
from kubecapy.providers.openstack.api.endpoints import endpoint_errors
from kubecapy.providers.openstack.api.header import CLUSTER_KIND, MACHINE_KIND, header_errors
from kubecapy.providers.openstack.api.managed_group_rules import group_errors
from kubecapy.providers.openstack.api.managed_network_rules import managed_network_errors
from kubecapy.providers.openstack.api.port_rules import reference_errors
from kubecapy.providers.openstack.api.selectors import filter_query
from kubecapy.providers.openstack.api.shared_rules import credentials_errors, misfit, refusal, subnet_errors, tag_errors

_BALANCER_FIELDS: Final = {
    "useOctavia": "use_octavia",
    "managedAPIServerLoadBalancer": "managed_api_server_load_balancer",
    "apiServerLoadBalancerFloatingIP": "api_server_load_balancer_floating_ip",
    "apiServerLoadBalancerPort": "api_server_load_balancer_port",
    "apiServerLoadBalancerAdditionalPorts": "api_server_load_balancer_additional_ports",
    "apiServerLoadBalancer": "api_server_load_balancer",
}
_KEY_PAIR_FIELDS: Final = {
    "caKeyPair": "ca_key_pair",
    "etcdCAKeyPair": "etcd_ca_key_pair",
    "frontProxyCAKeyPair": "front_proxy_ca_key_pair",
    "saKeyPair": "sa_key_pair",
}


def cluster_errors(spec: ClusterProviderSpec, path: str) -> tuple[FieldError, ...]:
    """Return what is wrong with a cluster's providerSpec whose types are right."""
    return (
        *header_errors(spec.api_version, spec.kind, (CLUSTER_KIND, MACHINE_KIND), path),
        *credentials_errors(spec.clouds_secret, spec.cloud_name, path),
        *tag_errors(spec.tags, path),
        *managed_network_errors(spec, path),
        *_existing_network_errors(spec, path),
        *_group_errors(spec, path),
        *endpoint_errors(spec, path),
        *_zone_errors(spec, path),
        *_refusals(spec, path),
    )


def _existing_network_errors(spec: ClusterProviderSpec, path: str) -> Iterable[FieldError]:
    """Check the selectors of what exists; each must select something, and fit what is managed."""
    yield from reference_errors(spec.network, f"{path}.network")
    if spec.router is not None and not spec.router.uuid and not filter_query(spec.router.filter):
        detail = "give uuid or a filter that selects exactly one router"
        yield FieldError(f"{path}.router", "FieldValueRequired", detail)
    if spec.subnet is not None:
        yield from subnet_errors(spec.subnet, f"{path}.subnet")
        if spec.network is None:
            yield misfit(path, "subnet", "a subnet lies on a network, name that as well")
    if spec.network is not None and spec.node_cidr:
        detail = "nodeCidr asks for a network of our own, and network names an existing one; leave one of them out"
        yield misfit(path, "network", detail)
    if spec.router is not None and spec.network is None and not spec.node_cidr:
        yield misfit(path, "router", "a router belongs to a network, give nodeCidr or network as well")
    if spec.router is not None and spec.wants_router:
        detail = "the network to which an existing router leads is its own matter; leave router or the external one out"
        yield misfit(path, "router", detail)


def _group_errors(spec: ClusterProviderSpec, path: str) -> Iterable[FieldError]:
    groups = spec.security_groups
    if groups is None:
        return
    if spec.disable_port_security:
        # Neutron refuses ports with security groups there: "Port security must be enabled ... in order to use".
        yield misfit(path, "managedSecurityGroups", "they have no effect without port security, leave one of them out")
    yield from group_errors(groups, f"{path}.managedSecurityGroups")


def _zone_errors(spec: ClusterProviderSpec, path: str) -> Iterable[FieldError]:
    for index, zone in enumerate(spec.control_plane_availability_zones):
        if not zone:
            detail = "a zone has a name, see `openstack availability zone list --compute`"
            yield FieldError(f"{path}.controlPlaneAvailabilityZones[{index}]", "FieldValueRequired", detail)


def _refusals(spec: ClusterProviderSpec, path: str) -> Iterable[FieldError]:
    """Refuse what is not done; each thing once, by the first field that asks for it."""
    balancer = [name for name, attribute in _BALANCER_FIELDS.items() if getattr(spec, attribute)]
    if balancer:
        others = f" (and {', '.join(balancer[1:])})" if balancer[1:] else ""
        detail = f"load balancers are a later piece of work, leave it out{others}"
        yield refusal(path, balancer[0], f"{detail}; give the first control plane a floatingIP")
    if spec.bastion and spec.bastion.get("enabled") is not False:
        yield refusal(path, "bastion", "bastions are a later piece of work, leave it out")
    for name, attribute in _KEY_PAIR_FIELDS.items():
        if _is_given(getattr(spec, attribute)):
            yield refusal(path, name, "keys in the spec are not supported, put them into the cluster's Secrets")


def _is_given(pair: KeyPair | None) -> bool:
    return pair is not None and bool(pair.cert or pair.key)
