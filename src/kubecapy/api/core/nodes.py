"""Describe Nodes.

Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/node-v1/.
"""

from collections.abc import Mapping

import msgspec

from kubecapy.apimachinery.meta import ObjectMeta, Value, always_written
from kubecapy.apimachinery.resources import Resource


class Taint(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Keeps pods off a Node (core/v1 Taint)."""

    key: str
    value: str = ""
    effect: str
    """NoSchedule, PreferNoSchedule or NoExecute."""
    time_added: str | None = None


class NodeAddress(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One address (core/v1 NodeAddress)."""

    type: str
    """InternalIP, ExternalIP, Hostname, InternalDNS or ExternalDNS."""
    address: str


class NodeCondition(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One finding about a Node; unlike other conditions it has a heartbeat."""

    type: str
    """Ready, MemoryPressure, DiskPressure, PIDPressure or NetworkUnavailable."""
    status: str
    """True, False or Unknown."""
    last_heartbeat_time: str | None = None
    last_transition_time: str | None = None
    reason: str = ""
    message: str = ""


class NodeSystemInfo(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the kubelet says of its host."""

    machine_id: str = msgspec.field(name="machineID", default="")
    system_uuid: str = msgspec.field(name="systemUUID", default="")
    boot_id: str = msgspec.field(name="bootID", default="")
    kernel_version: str = ""
    os_image: str = ""
    container_runtime_version: str = ""
    kubelet_version: str = ""
    kube_proxy_version: str = ""
    operating_system: str = ""
    architecture: str = ""


class DaemonEndpoint(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Where a daemon of the Node listens."""

    port: int = msgspec.field(name="Port")
    """TCP port; the key really begins with an upper case letter."""


class NodeDaemonEndpoints(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Daemons of the Node."""

    kubelet_endpoint: DaemonEndpoint | None = None


class NodeSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the Node is wished to be."""

    pod_cidr: str = msgspec.field(name="podCIDR", default="")
    pod_cidrs: tuple[str, ...] = msgspec.field(name="podCIDRs", default=())
    provider_id: str = msgspec.field(name="providerID", default="")
    """Global name of the server; equals the Machine's `spec.providerID`."""
    taints: tuple[Taint, ...] = ()
    unschedulable: bool | None = None
    """True while no new pods may come."""


class NodeStatus(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What was found."""

    addresses: tuple[NodeAddress, ...] = ()
    allocatable: Mapping[str, str] | None = None
    """Quantities for pods, by resource name."""
    capacity: Mapping[str, str] | None = None
    """Quantities in all, by resource name."""
    conditions: tuple[NodeCondition, ...] = ()
    daemon_endpoints: NodeDaemonEndpoints | None = None
    node_info: NodeSystemInfo | None = None


class Node(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One host that runs pods."""

    api_version: str = always_written("v1")
    kind: str = always_written("Node")
    metadata: ObjectMeta = ObjectMeta()
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


NODES: Resource[Node] = Resource("", "v1", "Node", "nodes", Node, namespaced=False)


def is_ready(node: Node) -> bool:
    """Return whether the Node's Ready condition is True."""
    return any(condition.type == "Ready" and condition.status == "True" for condition in node.status.conditions)
