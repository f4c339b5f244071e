"""Write nodes: a new one takes no pods before it has been seen ready.

Source: k8s.io/kubernetes/plugin/pkg/admission/nodetaint/admission.go (TaintNodesByCondition, on by default).
"""

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import read_objects, section
from kubecapy.apiserver.registry.kinds import Strategy

_NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


def _prepare_create(node: JsonObject) -> None:
    taints = read_objects(node, "spec", "taints")
    if not any(taint.items() >= _NOT_READY.items() for taint in taints):
        section(node, "spec")["taints"] = [*taints, dict(_NOT_READY)]


NODES = Strategy(has_status=True, is_made_with_status=True, prepare_create=_prepare_create)
