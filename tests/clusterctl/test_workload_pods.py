"""What is told of a workload whose pods do not run."""

from typing import Any

import pytest

from kubecapy.clusterctl.objects.workload_pods import why_not_ready

REFUSAL = 'pods "c-x" is forbidden: violates PodSecurity "restricted:latest"'
UNSCHEDULED = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes are ready"}


def workload(**condition: str) -> dict[str, Any]:
    return {"metadata": {"name": "c"}, "status": {"conditions": [condition] if condition else []}}


def pod(*conditions: dict[str, str], **state: Any) -> dict[str, Any]:
    statuses = [{"name": "manager", "state": state}] if state else []
    return {"metadata": {"name": "c-x"}, "status": {"conditions": list(conditions), "containerStatuses": statuses}}


@pytest.mark.parametrize(
    ("of", "pods", "why"),
    [
        (workload(), [], ""),
        (workload(type="ReplicaFailure", status="True", message=REFUSAL), [], REFUSAL),
        (workload(), [pod(UNSCHEDULED)], "pod c-x: 0/1 nodes are ready"),
        (workload(), [pod(waiting={"reason": "ErrImagePull", "message": "m:1"})], "pod c-x: ErrImagePull: m:1"),
        (workload(), [pod(waiting={"reason": "ContainerCreating"})], "pod c-x: ContainerCreating"),
        (workload(), [pod(running={}), pod(waiting={"reason": "A"})], "pod c-x: A"),
        (workload(), [{"metadata": {"name": "c-x"}}], ""),
    ],
)
def test_the_first_reason_that_is_given_is_told(of: dict[str, Any], pods: list[dict[str, Any]], why: str) -> None:
    assert why_not_ready(of, pods) == why
