"""Describe what the managed security groups of a cluster let through.

Field names are those of cluster-api-provider-openstack v1beta2 (`managedSecurityGroups`); `cni` and
`sshAllowedCIDRs` are ours.
"""

import msgspec


class ExtraRule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A rule that a person adds; what is absent means any."""

    name: str = ""
    """For people; it becomes part of the rule's description."""
    description: str = ""
    """For people, instead of the name."""
    direction: str = "ingress"
    """`ingress` or `egress`."""
    ether_type: str = "IPv4"
    """`IPv4` or `IPv6`."""
    protocol: str = ""
    """Name or number; empty means any."""
    port_range_min: int | None = None
    """First port; for ICMP the type."""
    port_range_max: int | None = None
    """Last port; for ICMP the code."""
    remote_managed_groups: tuple[str, ...] = ()
    """`controlplane`, `worker`, or both: one rule for each."""
    remote_group_id: str = msgspec.field(name="remoteGroupID", default="")
    """Another security group's id."""
    remote_ip_prefix: str = msgspec.field(name="remoteIPPrefix", default="")
    """A range of addresses."""


class ManagedSecurityGroups(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is let through beside the API server, etcd, the kubelets and node ports."""

    allow_all_in_cluster_traffic: bool = False
    """Everything between the cluster's machines, in place of single ports."""
    cni: str = ""
    """Opens what a pod network needs between machines: `calico`, `cilium` or `flannel`."""
    ssh_allowed_cidrs: tuple[str, ...] = msgspec.field(name="sshAllowedCIDRs", default=())
    """Ranges from which the machines are reached by ssh; empty means none."""
    cluster_nodes_security_group_rules: tuple[ExtraRule, ...] = ()
    """Further rules of both groups."""
    control_plane_nodes_security_group_rules: tuple[ExtraRule, ...] = ()
    """Further rules of the control planes' group."""
    worker_nodes_security_group_rules: tuple[ExtraRule, ...] = ()
    """Further rules of the workers' group."""
