"""Say on a workload for which moves it is stopped, and how many pods it had; pure.

Two moves out of one management cluster may overlap. The workload itself remembers, for no run knows of the other: the
first to stop it notes its size, the last to release it gives it back.
"""

from collections.abc import Collection

from kubecapy.apimachinery.meta import JsonObject

STOPPED_FOR = "clusterctl.cluster.k8s.io/stopped-for"
"""Clusters on the move, `namespace/name`, separated by commas."""
REPLICAS = "clusterctl.cluster.k8s.io/replicas"
"""How many pods the workload had before the first of them."""


def holders_of(workload: JsonObject) -> frozenset[str]:
    """Return for whose moves `workload` is stopped."""
    text = _annotations(workload).get(STOPPED_FOR, "")
    return frozenset(text.split(",")) if text else frozenset()


def plan_hold(workload: JsonObject, holder: str) -> JsonObject | None:
    """Return the patch that stops `workload` for `holder`; None where that is done."""
    holders = holders_of(workload)
    replicas = workload["spec"].get("replicas", 1)
    if holder in holders and not replicas:
        return None
    known = _annotations(workload).get(REPLICAS) if holders else None
    annotations = {STOPPED_FOR: _joined({*holders, holder}), REPLICAS: known or str(replicas)}
    return {"metadata": _metadata(workload, annotations), "spec": {"replicas": 0}}


def plan_release(workload: JsonObject, holder: str) -> JsonObject | None:
    """Return the patch that ends the hold of `holder`, and the stop with the last hold; None where it holds nothing."""
    holders = holders_of(workload)
    if holder not in holders:
        return None
    if others := holders - {holder}:
        return {"metadata": _metadata(workload, {STOPPED_FOR: _joined(others)})}
    replicas = int(_annotations(workload).get(REPLICAS, "1"))
    gone = {STOPPED_FOR: None, REPLICAS: None}
    return {"metadata": _metadata(workload, gone), "spec": {"replicas": replicas}}


def _metadata(workload: JsonObject, annotations: JsonObject) -> JsonObject:
    """Return metadata for a patch that only holds for the state that was read."""
    return {"resourceVersion": workload["metadata"]["resourceVersion"], "annotations": annotations}


def _annotations(workload: JsonObject) -> JsonObject:
    annotations: JsonObject = workload["metadata"].get("annotations") or {}
    return annotations


def _joined(holders: Collection[str]) -> str:
    return ",".join(sorted(holders))
