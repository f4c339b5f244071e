"""Derive the names and marks by which everything we make in a cloud is found again.

A mark is a short hash of an object's identity, namespace and name. The identity is the object's own for life and moves
with it (`kubecapy.api.cluster.v1alpha1.identity`): another object of the same name has another mark, and a copy of a
manifest under another name has one too. Short, because every field that must carry it can: Nova's limit of 60
characters for a tag holds.

    server   tags and metadata: mark of the cluster, mark of the machine
    port     description: mark of the cluster, one list for all of them; name: the machine's, with digits of its mark
    others   description: mark of the cluster, then that of the machine where one machine owns the thing

All are written in the request that makes a thing; Neutron takes tags only afterwards.
"""

import hashlib
import re
from typing import Final

import msgspec

from kubecapy.api.cluster.v1alpha1 import identity_of
from kubecapy.apimachinery.meta import KubernetesObject

OWNED_TAG: Final = "kubecapy"
"""Tag of every server that we make, and the beginning of every mark."""
METADATA_CLUSTER: Final = "kubecapy-cluster"
"""Server metadata key that holds the cluster's mark."""
METADATA_MACHINE: Final = "kubecapy-machine"
"""Server metadata key that names the Machine for people."""
METADATA_MACHINE_MARK: Final = "kubecapy-machine-mark"
"""Server metadata key that holds the machine's mark."""
METADATA_KEPT: Final = "kubecapy-kept"
"""Volume metadata key whose presence says that the volume outlives its machine."""
PROVIDER_ID_PREFIX: Final = "openstack:///"

_MARK_PREFIX: Final = f"{OWNED_TAG}-"
_MARK_DIGITS: Final = 20
_PORT_DIGITS: Final = 8
_DESCRIPTION_MAX: Final = 255
_HOSTNAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


class Owner(msgspec.Struct, frozen=True):
    """A machine as the cloud knows it."""

    namespace: str
    cluster: str
    """Name of its Cluster; empty where nothing tells it any more."""
    machine: str
    mark: str
    """The mark of its cluster; empty where nothing tells it any more."""
    machine_mark: str

    @property
    def description(self) -> str:
        """The description of its ports, equal for all ports of the cluster so that one list finds them.

        Empty where the cluster's mark is unknown.
        """
        return cluster_description(self.mark, self.namespace, self.cluster) if self.mark else ""

    @property
    def own_description(self) -> str:
        """The description of a thing that the machine has for itself alone."""
        return f"{self.mark} {self.machine_mark} {self}"[:_DESCRIPTION_MAX]

    def owns(self, description: str | None) -> bool:
        """Return whether a thing with this description was made for the machine alone."""
        marks = (description or "").split(" ")[:2]
        return len(marks) == 2 and marks[0].startswith(_MARK_PREFIX) and marks[1] == self.machine_mark

    def port_name(self, suffix: str = "") -> str:
        """Return the name of a port; the machine's first one has no suffix.

        No Kubernetes name holds an underscore, so that no port of `node` is ever taken for one of `node-1`.
        """
        digits = self.machine_mark.removeprefix(_MARK_PREFIX)[:_PORT_DIGITS]
        first = f"{self.machine}_{digits}"
        return f"{first}_{suffix}" if suffix else first

    def volume_name(self, name: str) -> str:
        """Return the name of a volume in the cloud, by its name in the machine."""
        return self.port_name(name)

    def owns_port(self, name: str, description: str | None) -> bool:
        """Return whether a port of this name and description was made for the machine."""
        first = self.port_name()
        is_named = name == first or name.startswith(f"{first}_")
        return is_named and (description or "").startswith(self.mark or _MARK_PREFIX)

    def __str__(self) -> str:
        """Return `Machine namespace/name`."""
        return f"Machine {self.namespace}/{self.machine}"


def mark_of(obj: KubernetesObject) -> str:
    """Return the mark of a Cluster or Machine, the same in every management cluster that it moves to."""
    return mark(identity_of(obj), obj.metadata.namespace, obj.metadata.name)


def mark(identity: str, namespace: str, name: str) -> str:
    """Return the mark of an object: 29 characters."""
    digest = hashlib.sha256(f"{identity}/{namespace}/{name}".encode()).hexdigest()
    return f"{_MARK_PREFIX}{digest[:_MARK_DIGITS]}"


def cluster_description(cluster_mark: str, namespace: str, name: str) -> str:
    """Return the description of a thing that a cluster's machines share: its mark, then its name for people."""
    return f"{cluster_mark} cluster {namespace}/{name}"[:_DESCRIPTION_MAX]


def provider_id(server_id: str) -> str:
    """Return the global name of a server."""
    return f"{PROVIDER_ID_PREFIX}{server_id}"


def server_id_of(provider_id_: str | None) -> str:
    """Return the server id inside a providerID, with three slashes or the four of the original; else empty."""
    if not provider_id_ or not provider_id_.startswith(PROVIDER_ID_PREFIX):
        return ""
    return provider_id_.removeprefix(PROVIDER_ID_PREFIX).lstrip("/")


def is_host_name(name: str) -> bool:
    """Return whether Nova gives a server of this name the same host name: one DNS label of at most 63 characters."""
    return _HOSTNAME.fullmatch(name) is not None
