"""Find the Node that runs on a Machine; pure."""

from collections.abc import Iterable

from kubecapy.api.cluster.v1alpha1 import NODE_MACHINE_ANNOTATION, Machine
from kubecapy.api.core import Node
from kubecapy.apimachinery.meta import ObjectKey, annotations_of, key_of

DEFAULT_NAMESPACE = "default"
"""Namespace of the Machine that an annotation without one means; Cluster API v0.1.10, pkg/controller/node."""


def find_node(machine: Machine, nodes: Iterable[Node]) -> Node | None:
    """Return the Node whose whole providerID is the machine's, else the one that names the machine by annotation.

    An annotation counts only on a Node that says no other providerID: scripts write it, clouds know better.
    """
    wanted = machine.spec.provider_id
    candidates = list(nodes)
    if wanted:
        same = [node for node in candidates if node.spec.provider_id == wanted]
        if same:
            return same[0]
    unclaimed = (node for node in candidates if not node.spec.provider_id or not wanted)
    return next((node for node in unclaimed if named_machine(node) == key_of(machine)), None)


def named_machine(node: Node) -> ObjectKey | None:
    """Return the Machine that the annotation of `node` names; None where there is none."""
    namespace, _, name = annotations_of(node).get(NODE_MACHINE_ANNOTATION, "").rpartition("/")
    return ObjectKey(namespace or DEFAULT_NAMESPACE, name) if name else None
