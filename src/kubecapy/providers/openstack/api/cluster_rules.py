"""Check what types alone cannot say of a cluster's providerSpec: forms, and what is not done yet."""

from collections.abc import Iterable

from kubecapy.apimachinery.fields import FieldError
from kubecapy.providers.openstack.api.cluster_spec import ClusterProviderSpec, KeyPair
from kubecapy.providers.openstack.api.header import CLUSTER_KIND, MACHINE_KIND, header_errors
from kubecapy.providers.openstack.api.shared_rules import credentials_errors, refusal, tag_errors


def cluster_errors(spec: ClusterProviderSpec, path: str) -> tuple[FieldError, ...]:
    """Return what is wrong with a cluster's providerSpec whose types are right."""
    return (
        *header_errors(spec.api_version, spec.kind, (CLUSTER_KIND, MACHINE_KIND), path),
        *credentials_errors(spec.clouds_secret, spec.cloud_name, path),
        *tag_errors(spec.tags, path),
        *_cluster_refusals(spec, path),
    )


def _cluster_refusals(spec: ClusterProviderSpec, path: str) -> Iterable[FieldError]:
    network = "managed networks are not supported, leave it out and name an existing network in each machine"
    balancer = "load balancers are not supported, leave it out"
    pairs = "keys in the spec are not supported, put them into the cluster's Secrets"
    asked = {
        "nodeCidr": (spec.node_cidr, network),
        "dnsNameservers": (spec.dns_nameservers, network),
        "externalNetworkId": (spec.external_network_id, network),
        "externalRouterIPs": (spec.external_router_ips, network),
        "disablePortSecurity": (spec.disable_port_security, network),
        "managedSecurityGroups": (
            spec.managed_security_groups,
            "managed security groups are not supported, leave it out and name existing groups in each machine",
        ),
        "useOctavia": (spec.use_octavia, balancer),
        "managedAPIServerLoadBalancer": (spec.managed_api_server_load_balancer, balancer),
        "apiServerLoadBalancerFloatingIP": (spec.api_server_load_balancer_floating_ip, balancer),
        "apiServerLoadBalancerPort": (spec.api_server_load_balancer_port, balancer),
        "apiServerLoadBalancerAdditionalPorts": (spec.api_server_load_balancer_additional_ports, balancer),
        "caKeyPair": (_is_given(spec.ca_key_pair), pairs),
        "etcdCAKeyPair": (_is_given(spec.etcd_ca_key_pair), pairs),
        "frontProxyCAKeyPair": (_is_given(spec.front_proxy_ca_key_pair), pairs),
        "saKeyPair": (_is_given(spec.sa_key_pair), pairs),
        "clusterConfiguration": (
            spec.cluster_configuration,
            "not supported, change the template in the user-data Secret",
        ),
    }
    for name, (value, detail) in asked.items():
        if value:
            yield refusal(path, name, detail)


def _is_given(pair: KeyPair | None) -> bool:
    return pair is not None and bool(pair.cert or pair.key)
