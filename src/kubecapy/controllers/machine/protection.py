"""Keep a controller from deleting the machine that it runs on."""

from kubecapy.api.cluster.v1alpha1 import Machine
from kubecapy.api.core import NODES
from kubecapy.apimachinery.errors import StatusError
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.client.interfaces import Reader, Unreachable


async def hosts_this_controller(machine: Machine, node_name: str, reader: Reader) -> bool:
    """Return whether `machine` carries the Node `node_name` that this process runs on.

    Another cluster may have a Node of the same name: where the management cluster's own Node can be read, its uid
    decides. Where it cannot be read, the machine is kept: a delete can be asked for again, a server cannot come back.
    """
    node_ref = machine.status.node_ref
    if not node_name or node_ref is None or node_ref.name != node_name:
        return False
    try:
        node = await reader.find(NODES, ObjectKey("", node_name))
    except (StatusError, Unreachable):
        return True
    return node is not None and (not node_ref.uid or node.metadata.uid == node_ref.uid)
