"""Derive the names and descriptions of what the machines of a cluster share.

Names are those of cluster-api-provider-openstack, for people; nothing is ever looked for by them, since two clusters
may have the same: `a-b`/`c` and `a`/`b-c`. What is ours begins its description with the cluster's mark.
"""

import msgspec

from kubecapy.providers.openstack.api.cluster_status import Role
from kubecapy.providers.openstack.naming import OWNED_TAG, cluster_description

_TEXT_MAX = 255
"""Limit: Neutron's names and descriptions have at most 255 characters (neutron_lib.db.constants)."""
_GROUP_SUFFIXES = {"control-plane": "controlplane", "worker": "worker"}


class ClusterOwner(msgspec.Struct, frozen=True):
    """A cluster as the cloud knows it."""

    namespace: str
    name: str
    mark: str

    @property
    def description(self) -> str:
        """The description of everything of which a cluster has one, and of its ports: one list finds them."""
        return cluster_description(self.mark, self.namespace, self.name)

    @property
    def shared_name(self) -> str:
        """The name of the network, the subnet and the router."""
        return f"k8s-clusterapi-cluster-{self.namespace}-{self.name}"[:_TEXT_MAX]

    @property
    def interface_name(self) -> str:
        """The name of the port by which the router is joined to the subnet; no machine's port can have it."""
        return f"{self.shared_name}_router"[-_TEXT_MAX:]

    def group_name(self, role: Role) -> str:
        """Return the name of the security group of machines of `role`."""
        return f"k8s-cluster-{self.namespace}-{self.name}-secgroup-{_GROUP_SUFFIXES[role]}"[-_TEXT_MAX:]

    def group_description(self, role: Role) -> str:
        """Return the description of the security group of machines of `role`."""
        return f"{self.mark} {role} of cluster {self.namespace}/{self.name}"[:_TEXT_MAX]

    def rule_description(self, purpose: str) -> str:
        """Return the description of a rule: it tells ours from those that people and other controllers add."""
        return f"{self.mark} {purpose}"[:_TEXT_MAX]

    def tags_with(self, tags: tuple[str, ...]) -> tuple[str, ...]:
        """Return what is written on everything of the cluster that takes tags: ours, then those of people."""
        return tuple(dict.fromkeys((OWNED_TAG, self.mark, *tags)))

    def owns(self, description: str | None) -> bool:
        """Return whether a thing of this description was made for the cluster."""
        return (description or "").startswith(self.mark)

    def __str__(self) -> str:
        """Return `Cluster namespace/name`."""
        return f"Cluster {self.namespace}/{self.name}"
