"""Check what types alone cannot say of a machine's networks and ports."""

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from kubecapy.apimachinery.fields import FieldError
from kubecapy.providers.openstack.api.ports_spec import AddressPair, FixedAddressWish, PortOptions
from kubecapy.providers.openstack.api.selectors import (
    NetworkReference,
    NetworkSelector,
    SecurityGroupSelector,
    filter_query,
)
from kubecapy.providers.openstack.api.shared_rules import address_errors, each, subnet_errors, tag_errors

VNIC_TYPES: Final = (
    "normal", "direct", "direct-physical", "macvtap", "baremetal", "virtio-forwarder", "vdpa", "smart-nic",
    "remote-managed", "accelerator-direct", "accelerator-direct-physical",
)  # fmt: skip
"""Those of neutron-lib, neutron_lib/api/definitions/portbindings.py."""
SUFFIX_CHARACTERS_MAX: Final = 63

_SUFFIX: Final = re.compile(rf"(?!\d+$)[a-z0-9]([-a-z0-9]{{0,{SUFFIX_CHARACTERS_MAX - 2}}}[a-z0-9])?")
_MAC: Final = re.compile(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")


def network_errors(network: NetworkSelector, path: str) -> Iterable[FieldError]:
    """Return what is wrong with an entry of `networks` at `path`."""
    if not network.uuid and not filter_query(network.filter):
        yield FieldError(path, "FieldValueRequired", "give uuid or a filter that selects exactly one network")
    yield from address_errors(network.fixed_ip, f"{path}.fixedIp")
    if network.fixed_ip and len(network.subnets) > 1:
        detail = "fixedIp is one address, but several subnets are given; give each its own networks entry"
        yield FieldError(f"{path}.fixedIp", "FieldValueInvalid", detail)
    for index, subnet in enumerate(network.subnets):
        yield from subnet_errors(subnet, f"{path}.subnets[{index}]")


def reference_errors(network: NetworkReference | None, path: str) -> Iterable[FieldError]:
    """Return what is wrong with a reference to one network at `path`; an absent one is none."""
    if network is not None and not (network.uuid or network.name or filter_query(network.filter)):
        detail = "give uuid, name or a filter that selects exactly one network"
        yield FieldError(path, "FieldValueRequired", detail)


def group_errors(group: SecurityGroupSelector, path: str) -> Iterable[FieldError]:
    """Return what is wrong with the selector of a security group at `path`."""
    if not group.uuid and not group.name and not filter_query(group.filter):
        detail = "give uuid, name or a filter that selects exactly one security group"
        yield FieldError(path, "FieldValueRequired", detail)


def ports_errors(ports: Sequence[PortOptions], path: str) -> Iterable[FieldError]:
    """Return what is wrong with the list of ports at `path`."""
    yield from each(_port_errors(port, f"{path}[{i}]") for i, port in enumerate(ports))
    counted = Counter(port.name_suffix for port in ports if port.name_suffix)
    for index, port in enumerate(ports):
        if counted[port.name_suffix] > 1:
            detail = f'"{port.name_suffix}" is given to {counted[port.name_suffix]} ports'
            yield FieldError(f"{path}[{index}].nameSuffix", "FieldValueDuplicate", detail)


def _port_errors(port: PortOptions, path: str) -> Iterable[FieldError]:
    yield from reference_errors(port.network, f"{path}.network")
    if port.name_suffix and not _SUFFIX.fullmatch(port.name_suffix):
        detail = f'"{port.name_suffix}" is not a suffix: lower-case letters, digits and hyphens, not a number alone'
        yield FieldError(f"{path}.nameSuffix", "FieldValueInvalid", detail)
    yield from each(_fixed_errors(fixed, f"{path}.fixedIPs[{i}]") for i, fixed in enumerate(port.fixed_ips))
    groups = port.security_groups or ()
    yield from each(group_errors(group, f"{path}.securityGroups[{i}]") for i, group in enumerate(groups))
    pairs = port.allowed_address_pairs
    yield from each(_pair_errors(pair, f"{path}.allowedAddressPairs[{i}]") for i, pair in enumerate(pairs))
    if port.vnic_type and port.vnic_type not in VNIC_TYPES:
        detail = f'"{port.vnic_type}" is none of {", ".join(VNIC_TYPES)}'
        yield FieldError(f"{path}.vnicType", "FieldValueInvalid", detail)
    yield from _mac_errors(port.mac_address, f"{path}.macAddress")
    yield from _security_errors(port, path)
    yield from tag_errors(port.tags, path)


def _fixed_errors(fixed: FixedAddressWish, path: str) -> Iterable[FieldError]:
    if fixed.subnet is None and not fixed.ip_address:
        yield FieldError(path, "FieldValueRequired", "give subnet or ipAddress")
    if fixed.subnet is not None:
        yield from subnet_errors(fixed.subnet, f"{path}.subnet")
    yield from address_errors(fixed.ip_address, f"{path}.ipAddress")


def _pair_errors(pair: AddressPair, path: str) -> Iterable[FieldError]:
    try:
        ipaddress.ip_network(pair.ip_address, strict=False)
    except ValueError:
        detail = f'"{pair.ip_address}" is neither an address nor a range in CIDR notation'
        yield FieldError(f"{path}.ipAddress", "FieldValueInvalid", detail)
    yield from _mac_errors(pair.mac_address, f"{path}.macAddress")


def _mac_errors(address: str, path: str) -> Iterable[FieldError]:
    if address and not _MAC.fullmatch(address):
        detail = f'"{address}" is not a hardware address such as fa:16:3e:00:00:01'
        yield FieldError(path, "FieldValueInvalid", detail)


def _security_errors(port: PortOptions, path: str) -> Iterable[FieldError]:
    """Return what a port without filtering cannot have; Neutron refuses both."""
    if port.enable_port_security is not False:
        return
    for name, value in (
        ("securityGroups", port.security_groups),
        ("allowedAddressPairs", port.allowed_address_pairs),
    ):
        if value:
            detail = "means nothing where enablePortSecurity is false, leave one of them out"
            yield FieldError(f"{path}.{name}", "FieldValueForbidden", detail)
