"""Derive the names and marks by which everything we make in a cloud is found again.

Identity is the namespace and name of the Cluster plus the name of the Machine, never a uid: moving objects to another
management cluster gives them new uids, and the cloud's resources must still be theirs. A Machine lives in the
namespace of its Cluster, so the two names identify it.

The mark of a cluster is a short hash, so that every field that must carry it can: `a-b`/`c` and `a`/`b-c` differ
(the hashed text keeps the slash), and Nova's tag limit of 60 characters holds. It is written in the same request that
makes a thing: as tag and metadata of a server, as description of a port, since Neutron takes tags only afterwards.
Inside a cluster a thing is told by its exact name.
"""

import hashlib
import re
from typing import Final

import msgspec

OWNED_TAG: Final = "kubecapy"
"""Tag of every server that we make."""
METADATA_CLUSTER: Final = "kubecapy-cluster"
"""Server metadata key that holds the mark."""
METADATA_MACHINE: Final = "kubecapy-machine"
"""Server metadata key that names the Machine for people."""
PROVIDER_ID_PREFIX: Final = "openstack:///"

_DESCRIPTION_MAX: Final = 255
_HOSTNAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


class Owner(msgspec.Struct, frozen=True):
    """A machine as the cloud knows it."""

    namespace: str
    cluster: str
    machine: str

    @property
    def mark(self) -> str:
        """The mark of its cluster."""
        return cluster_mark(self.namespace, self.cluster)

    @property
    def description(self) -> str:
        """The description of its ports, equal for all ports of the cluster so that one list finds them."""
        return port_description(self.namespace, self.cluster)

    def owns_port_name(self, name: str) -> bool:
        """Return whether a port of the cluster with `name` is the machine's."""
        return name == self.machine or name.startswith(f"{self.machine}_")

    def __str__(self) -> str:
        """Return `Machine namespace/name`."""
        return f"Machine {self.namespace}/{self.machine}"


def cluster_mark(namespace: str, name: str) -> str:
    """Return the mark of a cluster: 29 characters, the same in every management cluster."""
    digest = hashlib.sha256(f"{namespace}/{name}".encode()).hexdigest()
    return f"{OWNED_TAG}-{digest[:20]}"


def port_description(namespace: str, name: str) -> str:
    """Return the description of a cluster's ports: the mark, then the cluster's name for people."""
    return f"{cluster_mark(namespace, name)} cluster {namespace}/{name}"[:_DESCRIPTION_MAX]


def port_name(machine: str, index: int) -> str:
    """Return the name of a machine's port: the machine's for the first, as the original had it.

    Later ones end in an underscore and their index; no Kubernetes name holds an underscore, so that the second port
    of `node` is never taken for the first one of `node-1`.
    """
    return machine if index == 0 else f"{machine}_{index}"


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
