"""Say which taints a node has because of its conditions; pure.

A new node is tainted by the API server until it is Ready, and a node that is not Ready takes no new pods.
Source: k8s.io/kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go: doNoScheduleTaintingPass. Pods are
not ended by taints here: `node_lifecycle` ends those of a silent node after the time that Kubernetes gives by default.
"""

from collections.abc import Sequence
from typing import TypeAlias

from kubecapy.apimachinery.meta import JsonObject

NO_SCHEDULE = "NoSchedule"
_BY_VERDICT = (
    ("Ready", "False", "not-ready"),
    ("Ready", "Unknown", "unreachable"),
    ("MemoryPressure", "True", "memory-pressure"),
    ("DiskPressure", "True", "disk-pressure"),
    ("PIDPressure", "True", "pid-pressure"),
    ("NetworkUnavailable", "True", "network-unavailable"),
)
"""Type of the condition, its status, and the key of the taint that follows, below `node.kubernetes.io/`."""
_Place: TypeAlias = tuple[str, str]
"""Key and effect of a taint."""


def plan_taints(node: JsonObject) -> list[JsonObject] | None:
    """Return all taints that `node` should have; None where it has them.

    Taints of other keys and effects are other people's. The API server's taint of a new node stays until its kubelet
    has reported whether it is Ready.
    """
    present: Sequence[JsonObject] = node["spec"].get("taints") or ()
    conditions: Sequence[JsonObject] = (node.get("status") or {}).get("conditions") or ()
    judged, wanted = _judge(conditions, is_unschedulable=bool(node["spec"].get("unschedulable")))
    kept = [taint for taint in present if _place(taint) not in judged or _place(taint) in wanted]
    missing = wanted - {_place(taint) for taint in kept}
    planned = [*kept, *({"key": key, "effect": effect} for key, effect in sorted(missing))]
    return None if planned == list(present) else planned


def _judge(conditions: Sequence[JsonObject], *, is_unschedulable: bool) -> tuple[set[_Place], set[_Place]]:
    """Return of which taints the node's state decides, and which of them it wants."""
    verdicts = {found["type"]: found["status"] for found in conditions}
    keys = {key: verdicts.get(kind) == status for kind, status, key in _BY_VERDICT if kind in verdicts}
    keys["unschedulable"] = is_unschedulable
    places = {(f"node.kubernetes.io/{key}", NO_SCHEDULE): is_wanted for key, is_wanted in keys.items()}
    return set(places), {place for place, is_wanted in places.items() if is_wanted}


def _place(taint: JsonObject) -> _Place:
    return taint["key"], taint.get("effect", "")
