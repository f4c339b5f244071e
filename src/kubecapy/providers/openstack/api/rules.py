"""Check what types alone cannot say of a providerSpec: required fields, forms, and what is not done yet.

A field that asks for something this provider does not do is refused by name; it is never ignored.
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from typing import Final

from kubecapy.apimachinery.fields import FieldError
from kubecapy.providers.openstack.api.cluster_spec import ClusterProviderSpec, KeyPair
from kubecapy.providers.openstack.api.header import CLUSTER_KIND, MACHINE_KIND, header_errors
from kubecapy.providers.openstack.api.machine_spec import MachineProviderSpec
from kubecapy.providers.openstack.api.secret_reference import SecretReference
from kubecapy.providers.openstack.api.selectors import (
    NetworkSelector,
    SecurityGroupSelector,
    SubnetSelector,
    filter_query,
)

RESERVED_METADATA_PREFIX: Final = "kubecapy"
TAG_CHARACTERS_MAX: Final = 60
"""Limit: a Nova tag has 1 to 60 characters, none of them a comma or slash (compute API, "Server tags")."""
METADATA_CHARACTERS_MAX: Final = 255
"""Limit: a Nova metadata key or value has at most 255 characters (compute API, "Server metadata")."""

_TAG: Final = re.compile(rf"[^,/]{{1,{TAG_CHARACTERS_MAX}}}")


def machine_errors(spec: MachineProviderSpec, path: str) -> tuple[FieldError, ...]:
    """Return what is wrong with a machine's providerSpec whose types are right."""
    return (
        *header_errors(spec.api_version, spec.kind, (MACHINE_KIND,), path),
        *_required({"flavor": spec.flavor, "image": spec.image}, path),
        *_credentials_errors(spec.clouds_secret, spec.cloud_name, path),
        *_each(_network_errors(item, f"{path}.networks[{i}]") for i, item in enumerate(spec.networks)),
        *_each(_group_errors(item, f"{path}.securityGroups[{i}]") for i, item in enumerate(spec.security_groups)),
        *_address_errors(spec.floating_ip, f"{path}.floatingIP"),
        *_tag_errors(spec.tags, path),
        *_metadata_errors(spec.server_metadata, f"{path}.serverMetadata"),
        *_machine_refusals(spec, path),
    )


def cluster_errors(spec: ClusterProviderSpec, path: str) -> tuple[FieldError, ...]:
    """Return what is wrong with a cluster's providerSpec whose types are right."""
    return (
        *header_errors(spec.api_version, spec.kind, (CLUSTER_KIND, MACHINE_KIND), path),
        *_credentials_errors(spec.clouds_secret, spec.cloud_name, path),
        *_tag_errors(spec.tags, path),
        *_cluster_refusals(spec, path),
    )


def _each(groups: Iterable[Iterable[FieldError]]) -> Iterable[FieldError]:
    for group in groups:
        yield from group


def _required(values: Mapping[str, str], path: str) -> Iterable[FieldError]:
    for name, value in values.items():
        if not value:
            yield FieldError(f"{path}.{name}", "FieldValueRequired", f"{name} is required, give its name or id")


def _credentials_errors(secret: SecretReference | None, cloud: str, path: str) -> Iterable[FieldError]:
    if secret is None:
        return
    if not secret.name:
        yield FieldError(f"{path}.cloudsSecret.name", "FieldValueRequired", "the Secret's name is required")
    if not cloud:
        detail = "required where cloudsSecret is set: the entry of its clouds.yaml"
        yield FieldError(f"{path}.cloudName", "FieldValueRequired", detail)


def _network_errors(network: NetworkSelector, path: str) -> Iterable[FieldError]:
    if not network.uuid and not filter_query(network.filter):
        yield FieldError(path, "FieldValueRequired", "give uuid or a filter that selects exactly one network")
    yield from _address_errors(network.fixed_ip, f"{path}.fixedIp")
    if network.fixed_ip and len(network.subnets) > 1:
        detail = "fixedIp is one address, but several subnets are given; give each its own networks entry"
        yield FieldError(f"{path}.fixedIp", "FieldValueInvalid", detail)
    for index, subnet in enumerate(network.subnets):
        yield from _subnet_errors(subnet, f"{path}.subnets[{index}]")


def _subnet_errors(subnet: SubnetSelector, path: str) -> Iterable[FieldError]:
    if not subnet.uuid and not filter_query(subnet.filter):
        yield FieldError(path, "FieldValueRequired", "give uuid or a filter that selects exactly one subnet")


def _group_errors(group: SecurityGroupSelector, path: str) -> Iterable[FieldError]:
    if not group.uuid and not group.name and not filter_query(group.filter):
        detail = "give uuid, name or a filter that selects exactly one security group"
        yield FieldError(path, "FieldValueRequired", detail)


def _address_errors(address: str, path: str) -> Iterable[FieldError]:
    if not address:
        return
    try:
        ipaddress.ip_address(address)
    except ValueError:
        yield FieldError(path, "FieldValueInvalid", f'"{address}" is not an IP address')


def _tag_errors(tags: tuple[str, ...], path: str) -> Iterable[FieldError]:
    for index, tag in enumerate(tags):
        if not _TAG.fullmatch(tag):
            detail = f'"{tag}" is not a tag: 1 to {TAG_CHARACTERS_MAX} characters without commas and slashes'
            yield FieldError(f"{path}.tags[{index}]", "FieldValueInvalid", detail)


def _metadata_errors(metadata: Mapping[str, str], path: str) -> Iterable[FieldError]:
    for key, value in metadata.items():
        if key.startswith(RESERVED_METADATA_PREFIX):
            detail = f'keys that begin with "{RESERVED_METADATA_PREFIX}" mark what is ours, choose another'
            yield FieldError(f"{path}.{key}", "FieldValueForbidden", detail)
        if not key or max(len(key), len(value)) > METADATA_CHARACTERS_MAX:
            detail = f"keys and values have at most {METADATA_CHARACTERS_MAX} characters, keys at least 1"
            yield FieldError(f"{path}.{key}", "FieldValueTooLong", detail)


def _machine_refusals(spec: MachineProviderSpec, path: str) -> Iterable[FieldError]:
    if spec.trunk:
        yield _refusal(path, "trunk", "trunk ports are not supported, set it to false")
    if spec.root_volume is not None and spec.root_volume.disk_size:
        yield _refusal(path, "rootVolume", "booting from a volume is not supported, leave it out or set diskSize to 0")
    kubeadm = spec.kubeadm_configuration
    if kubeadm is not None and (kubeadm.join or kubeadm.init):
        yield _refusal(path, "kubeadmConfiguration", "not supported, change the template in the user-data Secret")


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
            yield _refusal(path, name, detail)


def _is_given(pair: KeyPair | None) -> bool:
    return pair is not None and bool(pair.cert or pair.key)


def _refusal(path: str, name: str, detail: str) -> FieldError:
    return FieldError(f"{path}.{name}", "FieldValueForbidden", detail)
