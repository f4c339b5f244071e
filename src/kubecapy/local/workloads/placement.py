"""Decide on which nodes a pod may run; pure.

Source: https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ and .../assign-pod-node/. Of
affinity, what a pod prefers of its node counts; the rest of it, and resources, are not looked at: nothing here asks.
"""

from collections.abc import Mapping, Sequence

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.selectors import label_selector_from_object
from kubecapy.local.workloads.kinds import is_deleting, is_true, labels_of

HARD_EFFECTS = ("NoSchedule", "NoExecute")


def refusal_of(pod: JsonObject, node: JsonObject, *, must_be_ready: bool = True) -> str:
    """Return why `pod` may not run on `node`, in the scheduler's words; empty where it may."""
    if is_deleting(node) or (must_be_ready and not is_true(node, "Ready")):
        return "node(s) were not ready"
    if must_be_ready and node["spec"].get("unschedulable"):
        return "node(s) were unschedulable"
    taint = untolerated_taint(pod, node["spec"].get("taints") or ())
    if taint is not None:
        return f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
    wanted: Mapping[str, str] = pod["spec"].get("nodeSelector") or {}
    if any(labels_of(node).get(name) != value for name, value in wanted.items()):
        return "node(s) didn't match Pod's node affinity/selector"
    return ""


def untolerated_taint(pod: JsonObject, taints: Sequence[JsonObject]) -> JsonObject | None:
    """Return the first taint that keeps `pod` off; None where it tolerates all of them."""
    tolerations: Sequence[JsonObject] = pod["spec"].get("tolerations") or ()
    for taint in taints:
        if taint.get("effect") in HARD_EFFECTS and not any(_tolerates(item, taint) for item in tolerations):
            return taint
    return None


def _tolerates(toleration: JsonObject, taint: JsonObject) -> bool:
    if toleration.get("effect") and toleration["effect"] != taint.get("effect"):
        return False
    if toleration.get("operator") == "Exists":
        return not toleration.get("key") or toleration["key"] == taint["key"]
    same_value = (toleration.get("value") or "") == (taint.get("value") or "")
    return toleration.get("key") == taint["key"] and same_value


def preference_for(pod: JsonObject, node: JsonObject) -> int:
    """Return the weights, summed up, of the preferred node affinities of `pod` that `node` meets."""
    affinity: JsonObject = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    preferred: Sequence[JsonObject] = affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
    return sum(term["weight"] for term in preferred if _is_selected(term["preference"], labels_of(node)))


def _is_selected(term: JsonObject, labels: Mapping[str, str]) -> bool:
    expressions = term.get("matchExpressions") or []
    return bool(expressions) and label_selector_from_object({"matchExpressions": expressions}).matches(labels)


def choose_node(pod: JsonObject, nodes: Sequence[JsonObject], pods_on: Mapping[str, int]) -> tuple[str, str]:
    """Return the node on which `pod` runs, and why there is none; one of them is empty.

    Of those on which it may run: the one it prefers most, then the one with the fewest pods.
    """
    by_name = {node["metadata"]["name"]: node for node in nodes}
    reasons = {name: refusal_of(pod, node) for name, node in by_name.items()}
    fitting = [name for name, reason in reasons.items() if not reason]
    if fitting:
        return min(fitting, key=lambda name: (-preference_for(pod, by_name[name]), pods_on.get(name, 0), name)), ""
    counted = {reason: sum(other == reason for other in reasons.values()) for reason in reasons.values()}
    listed = ", ".join(f"{count} {reason}" for reason, count in sorted(counted.items()))
    shown = f"0/{len(nodes)} nodes are available: {listed}." if nodes else "no nodes available to schedule pods"
    return "", shown
