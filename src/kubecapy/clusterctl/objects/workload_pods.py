"""Find the pods of a Deployment or StatefulSet, and say why they do not run."""

from collections.abc import Iterator, Sequence

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.client.interfaces import Reader
from kubecapy.clusterctl.objects.raw_resources import RAW_PODS

REPLICA_FAILURE = "ReplicaFailure"
"""Condition of a workload whose pods the API refuses, for a quota or a policy; its message is the refusal."""


async def list_pods_of(reader: Reader, workload: JsonObject) -> Sequence[JsonObject]:
    """Return the pods that the labels of the selector of `workload` choose."""
    labels = workload["spec"]["selector"].get("matchLabels") or {}
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    return (await reader.list(RAW_PODS, namespace=workload["metadata"]["namespace"], labels=selector)).items


def why_not_ready(workload: JsonObject, pods: Sequence[JsonObject]) -> str:
    """Return the first reason that `workload` or one of its `pods` gives for not being ready; empty where none does."""
    reasons = (*_refusals(workload), *(reason for pod in pods for reason in _reasons(pod)))
    return next((reason for reason in reasons if reason), "")


def _refusals(workload: JsonObject) -> Iterator[str]:
    for condition in (workload.get("status") or {}).get("conditions") or ():
        if condition["type"] == REPLICA_FAILURE and condition["status"] == "True":
            yield condition.get("message") or condition.get("reason") or ""


def _reasons(pod: JsonObject) -> Iterator[str]:
    """Yield why `pod` has no node, or which of its containers waits for what."""
    status = pod.get("status") or {}
    name = pod["metadata"]["name"]
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            yield f"pod {name}: {condition.get('message') or condition.get('reason')}"
    for container in status.get("containerStatuses") or ():
        waiting = (container.get("state") or {}).get("waiting")
        if waiting:
            words = (waiting.get("reason"), waiting.get("message"))
            yield f"pod {name}: {': '.join(word for word in words if word)}"
