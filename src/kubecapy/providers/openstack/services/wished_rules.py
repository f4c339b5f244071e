"""Say what the managed security groups of a cluster let through; pure.

Sources: the ports of Kubernetes (https://kubernetes.io/docs/reference/networking/ports-and-protocols/), of Calico
(https://docs.tigera.io/calico/latest/getting-started/kubernetes/requirements), of Cilium
(https://docs.cilium.io/en/stable/operations/system_requirements/) and of flannel
(https://github.com/flannel-io/flannel/blob/master/Documentation/backends.md); the split in two groups is that of
cluster-api-provider-openstack v1beta2.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from kubecapy.providers.openstack.api.cluster_status import Role
from kubecapy.providers.openstack.api.managed_groups import ExtraRule, ManagedSecurityGroups
from kubecapy.providers.openstack.services.rules import WishedRule, content

ETCD_PORTS: Final = (2379, 2380)
KUBELET_PORTS: Final = (10250, 10250)
NODE_PORTS: Final = (30000, 32767)
SSH_PORTS: Final = (22, 22)

_Opening = tuple[str, tuple[int | None, int | None], str]
"""Protocol, ports, and what they are for."""
_ANY: Final = (None, None)
_IPIP: Final = "4"
_CNI_OPENINGS: Final[Mapping[str, Sequence[_Opening]]] = {
    "calico": (("tcp", (179, 179), "BGP"), (_IPIP, _ANY, "IP in IP"), ("udp", (4789, 4789), "VXLAN")),
    "cilium": (("udp", (8472, 8472), "VXLAN"), ("tcp", (4240, 4240), "health checks"), ("icmp", _ANY, "health checks")),
    "flannel": (("udp", (8472, 8472), "VXLAN"),),
}
_ROLES: Final[Mapping[str, Role]] = {"controlplane": "control-plane", "worker": "worker"}


class GroupSettings(msgspec.Struct, frozen=True):
    """What the rules of a cluster's groups depend on."""

    groups: ManagedSecurityGroups
    ids: Mapping[Role, str]
    """Both groups: they let each other through."""
    api_port: int
    ether_types: tuple[str, ...] = ("IPv4",)
    """The families that the machines' network may have."""


def wished_rules(settings: GroupSettings, role: Role) -> tuple[WishedRule, ...]:
    """Return every rule that the group of machines of `role` must have."""
    groups = settings.groups
    own = _control_plane_rules(settings) if role == "control-plane" else _worker_rules(settings)
    further = (
        groups.control_plane_nodes_security_group_rules
        if role == "control-plane"
        else groups.worker_nodes_security_group_rules
    )
    return (
        *_outgoing(),
        *own,
        *_among_machines(settings),
        *_ssh_rules(groups),
        *_further_rules(settings, (*groups.cluster_nodes_security_group_rules, *further)),
    )


def _outgoing() -> Iterable[WishedRule]:
    """Let everything out; Neutron's own two rules of a new group meet this wish."""
    return (WishedRule(content("egress", ether_type), "everything out") for ether_type in ("IPv4", "IPv6"))


def _control_plane_rules(settings: GroupSettings) -> Iterable[WishedRule]:
    port = settings.api_port
    yield from _from_anywhere(settings, "tcp", (port, port), "API server")
    if not settings.groups.allow_all_in_cluster_traffic:
        yield from _from_roles(settings, ("control-plane",), ("tcp", ETCD_PORTS, "etcd"))
        yield from _from_roles(settings, ("control-plane", "worker"), ("tcp", KUBELET_PORTS, "kubelet"))


def _worker_rules(settings: GroupSettings) -> Iterable[WishedRule]:
    for protocol in ("tcp", "udp"):
        yield from _from_anywhere(settings, protocol, NODE_PORTS, "node ports")
    if not settings.groups.allow_all_in_cluster_traffic:
        yield from _from_roles(settings, ("control-plane", "worker"), ("tcp", KUBELET_PORTS, "kubelet"))


def _among_machines(settings: GroupSettings) -> Iterable[WishedRule]:
    if settings.groups.allow_all_in_cluster_traffic:
        yield from _from_roles(settings, ("control-plane", "worker"), ("", _ANY, "everything among machines"))
        return
    for protocol, ports, purpose in _CNI_OPENINGS.get(settings.groups.cni, ()):
        opening = (protocol, ports, f"{settings.groups.cni}: {purpose}")
        yield from _from_roles(settings, ("control-plane", "worker"), opening)


def _ssh_rules(groups: ManagedSecurityGroups) -> Iterable[WishedRule]:
    for prefix in groups.ssh_allowed_cidrs:
        family = "IPv6" if ":" in prefix else "IPv4"
        yield WishedRule(content("ingress", family, "tcp", SSH_PORTS, remote_prefix=prefix), "ssh")


def _further_rules(settings: GroupSettings, rules: Iterable[ExtraRule]) -> Iterable[WishedRule]:
    for rule in rules:
        remotes = [settings.ids[_ROLES[name]] for name in rule.remote_managed_groups] or [rule.remote_group_id]
        for remote in remotes:
            wished = content(
                rule.direction,
                rule.ether_type,
                rule.protocol,
                (rule.port_range_min, rule.port_range_max),
                remote_prefix=rule.remote_ip_prefix,
                remote_group_id=remote,
            )
            yield WishedRule(wished, rule.description or rule.name)


def _from_anywhere(
    settings: GroupSettings, protocol: str, ports: tuple[int, int], purpose: str
) -> Iterable[WishedRule]:
    for ether_type in settings.ether_types:
        yield WishedRule(content("ingress", ether_type, protocol, ports), purpose)


def _from_roles(settings: GroupSettings, roles: Sequence[Role], opening: _Opening) -> Iterable[WishedRule]:
    protocol, ports, purpose = opening
    for ether_type in settings.ether_types:
        for role in roles:
            wished = content("ingress", ether_type, protocol, ports, remote_group_id=settings.ids[role])
            yield WishedRule(wished, purpose)
