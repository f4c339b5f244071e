"""Check what a cluster's spec says of its managed security groups."""

import ipaddress
from collections.abc import Iterable
from typing import Final

from kubecapy.apimachinery.fields import FieldError
from kubecapy.providers.openstack.api.managed_groups import ExtraRule, ManagedSecurityGroups
from kubecapy.providers.openstack.api.shared_rules import each, unsupported

CNIS: Final = ("calico", "cilium", "flannel")
ROLES: Final = ("controlplane", "worker")
"""The spelling of `remoteManagedGroups` in later versions of the provider."""
PORT_MAX: Final = 65535
PROTOCOL_NUMBER_MAX: Final = 255
NAMED_PROTOCOLS: Final = (
    "ah", "dccp", "egp", "esp", "gre", "hopopt", "icmp", "igmp", "ip", "ipip", "ipv6-encap", "ipv6-frag", "ipv6-icmp",
    "ipv6-nonxt", "ipv6-opts", "ipv6-route", "ospf", "pgm", "rsvp", "sctp", "tcp", "udp", "udplite", "vrrp",
)  # fmt: skip
"""What Neutron takes beside numbers (neutron_lib.constants.IP_PROTOCOL_MAP)."""
PORT_PROTOCOLS: Final = ("tcp", "udp", "sctp", "dccp", "udplite")

_DIRECTIONS: Final = ("ingress", "egress")
_ETHER_TYPES: Final = ("IPv4", "IPv6")


def group_errors(groups: ManagedSecurityGroups, path: str) -> Iterable[FieldError]:
    """Return what is wrong with the wish for managed security groups at `path`."""
    if groups.cni not in ("", *CNIS):
        yield unsupported(f"{path}.cni", groups.cni, CNIS)
    for index, prefix in enumerate(groups.ssh_allowed_cidrs):
        yield from _prefix_errors(prefix, f"{path}.sshAllowedCIDRs[{index}]")
    lists = {
        "clusterNodesSecurityGroupRules": groups.cluster_nodes_security_group_rules,
        "controlPlaneNodesSecurityGroupRules": groups.control_plane_nodes_security_group_rules,
        "workerNodesSecurityGroupRules": groups.worker_nodes_security_group_rules,
    }
    for name, rules in lists.items():
        yield from each(_rule_errors(rule, f"{path}.{name}[{index}]") for index, rule in enumerate(rules))


def _rule_errors(rule: ExtraRule, path: str) -> Iterable[FieldError]:
    if not rule.name:
        yield FieldError(f"{path}.name", "FieldValueRequired", "name the rule, so that people know what it is for")
    if rule.direction not in _DIRECTIONS:
        yield unsupported(f"{path}.direction", rule.direction, _DIRECTIONS)
    if rule.ether_type not in _ETHER_TYPES:
        yield unsupported(f"{path}.etherType", rule.ether_type, _ETHER_TYPES)
    yield from _protocol_errors(rule, path)
    yield from _remote_errors(rule, path)


def _protocol_errors(rule: ExtraRule, path: str) -> Iterable[FieldError]:
    protocol = rule.protocol.lower()
    is_number = protocol.isdecimal() and int(protocol) <= PROTOCOL_NUMBER_MAX
    if protocol and protocol != "any" and not is_number and protocol not in NAMED_PROTOCOLS:
        yield unsupported(f"{path}.protocol", rule.protocol, (*NAMED_PROTOCOLS, "a number"))
    low, high = rule.port_range_min, rule.port_range_max
    if low is None and high is None:
        return
    if protocol in ("", "any"):
        yield FieldError(f"{path}.protocol", "FieldValueRequired", "ports belong to a protocol, name it")
    elif protocol in PORT_PROTOCOLS and (low is None or high is None or not 0 < low <= high <= PORT_MAX):
        detail = f"give portRangeMin and portRangeMax, 1 to {PORT_MAX}, the smaller first"
        yield FieldError(f"{path}.portRangeMin", "FieldValueInvalid", detail)


def _remote_errors(rule: ExtraRule, path: str) -> Iterable[FieldError]:
    given = [bool(rule.remote_managed_groups), bool(rule.remote_group_id), bool(rule.remote_ip_prefix)]
    if sum(given) > 1:
        detail = "give one of remoteManagedGroups, remoteGroupID and remoteIPPrefix; none means anywhere"
        yield FieldError(path, "FieldValueInvalid", detail)
    for index, role in enumerate(rule.remote_managed_groups):
        if role not in ROLES:
            yield unsupported(f"{path}.remoteManagedGroups[{index}]", role, ROLES)
    if rule.remote_ip_prefix:
        yield from _prefix_errors(rule.remote_ip_prefix, f"{path}.remoteIPPrefix", rule.ether_type)


def _prefix_errors(text: str, path: str, ether_type: str = "") -> Iterable[FieldError]:
    try:
        block = ipaddress.ip_network(text, strict=False)
    except ValueError:
        yield FieldError(path, "FieldValueInvalid", f'"{text}" is not a range of addresses')
        return
    if ether_type in _ETHER_TYPES and ether_type != f"IPv{block.version}":
        yield FieldError(path, "FieldValueInvalid", f"{text} is not {ether_type}, set etherType to IPv{block.version}")
