"""Check what types alone cannot say of a machine's providerSpec: required fields, forms, and what is not done yet."""

from collections.abc import Iterable, Mapping
from typing import Final

from kubecapy.apimachinery.fields import FieldError
from kubecapy.providers.openstack.api.header import MACHINE_KIND, header_errors
from kubecapy.providers.openstack.api.machine_spec import MachineProviderSpec
from kubecapy.providers.openstack.api.selectors import NetworkSelector, SecurityGroupSelector, filter_query
from kubecapy.providers.openstack.api.shared_rules import (
    address_errors,
    credentials_errors,
    each,
    refusal,
    subnet_errors,
    tag_errors,
)

RESERVED_METADATA_PREFIX: Final = "kubecapy"
METADATA_CHARACTERS_MAX: Final = 255
"""Limit: a Nova metadata key or value has at most 255 characters (compute API, "Server metadata")."""


def machine_errors(spec: MachineProviderSpec, path: str) -> tuple[FieldError, ...]:
    """Return what is wrong with a machine's providerSpec whose types are right."""
    return (
        *header_errors(spec.api_version, spec.kind, (MACHINE_KIND,), path),
        *_required({"flavor": spec.flavor, "image": spec.image}, path),
        *credentials_errors(spec.clouds_secret, spec.cloud_name, path),
        *each(_network_errors(item, f"{path}.networks[{i}]") for i, item in enumerate(spec.networks)),
        *each(_group_errors(item, f"{path}.securityGroups[{i}]") for i, item in enumerate(spec.security_groups)),
        *address_errors(spec.floating_ip, f"{path}.floatingIP"),
        *tag_errors(spec.tags, path),
        *_metadata_errors(spec.server_metadata, f"{path}.serverMetadata"),
        *_machine_refusals(spec, path),
    )


def _required(values: Mapping[str, str], path: str) -> Iterable[FieldError]:
    for name, value in values.items():
        if not value:
            yield FieldError(f"{path}.{name}", "FieldValueRequired", f"{name} is required, give its name or id")


def _network_errors(network: NetworkSelector, path: str) -> Iterable[FieldError]:
    if not network.uuid and not filter_query(network.filter):
        yield FieldError(path, "FieldValueRequired", "give uuid or a filter that selects exactly one network")
    yield from address_errors(network.fixed_ip, f"{path}.fixedIp")
    if network.fixed_ip and len(network.subnets) > 1:
        detail = "fixedIp is one address, but several subnets are given; give each its own networks entry"
        yield FieldError(f"{path}.fixedIp", "FieldValueInvalid", detail)
    for index, subnet in enumerate(network.subnets):
        yield from subnet_errors(subnet, f"{path}.subnets[{index}]")


def _group_errors(group: SecurityGroupSelector, path: str) -> Iterable[FieldError]:
    if not group.uuid and not group.name and not filter_query(group.filter):
        detail = "give uuid, name or a filter that selects exactly one security group"
        yield FieldError(path, "FieldValueRequired", detail)


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
        yield refusal(path, "trunk", "trunk ports are not supported, set it to false")
    if spec.root_volume is not None and spec.root_volume.disk_size:
        yield refusal(path, "rootVolume", "booting from a volume is not supported, leave it out or set diskSize to 0")
    kubeadm = spec.kubeadm_configuration
    if kubeadm is not None and (kubeadm.join or kubeadm.init):
        yield refusal(path, "kubeadmConfiguration", "not supported, change the template in the user-data Secret")
