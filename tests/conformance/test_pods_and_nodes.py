"""What either server adds to a new pod and to a new node, by itself."""

from typing import Any

import pytest
from tests.raw_api import Api

NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


def pod(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    containers = [{"name": f"c{number}", "image": "i", "resources": each} for number, each in enumerate(resources)]
    return {"metadata": {"name": "p"}, "spec": {"containers": containers, **more}}


@pytest.mark.parametrize(
    ("resources", "service_class"),
    [
        ([{}], "BestEffort"),
        ([{"requests": {"cpu": "0"}}], "BestEffort"),
        ([{"requests": {"example.com/card": "1"}, "limits": {"example.com/card": "1"}}], "BestEffort"),
        ([{"requests": {"cpu": "100m"}}], "Burstable"),
        ([{"limits": {"memory": "1Gi"}}], "Burstable"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}}], "Guaranteed"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1000m", "memory": "1024Mi"}}], "Guaranteed"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}], "Burstable"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}}, {}], "Burstable"),
    ],
    ids=["nothing", "zero", "other", "request", "one limit", "limits", "equal", "less", "not all"],
)
async def test_a_pod_has_the_class_of_service_that_its_containers_make(
    api: Api, namespace: str, resources: list[dict[str, Any]], service_class: str
) -> None:
    created = await api.create(f"/api/v1/namespaces/{namespace}/pods", pod(*resources))

    assert created["status"]["qosClass"] == service_class


async def test_a_container_asks_for_its_limits_where_it_says_nothing_else(api: Api, namespace: str) -> None:
    limits = {"cpu": "2", "memory": "1Gi"}
    created = await api.create(
        f"/api/v1/namespaces/{namespace}/pods", pod({"limits": limits, "requests": {"cpu": "1"}})
    )

    assert created["spec"]["containers"][0]["resources"] == {"limits": limits, "requests": limits | {"cpu": "1"}}


async def test_the_class_of_service_does_not_change(api: Api, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/pods"
    await api.create(path, pod({"requests": {"cpu": "1"}}))

    status = {"status": {"qosClass": "BestEffort"}}
    reply = await api("PATCH", f"{path}/p/status", status, type_="application/merge-patch+json")

    assert reply.status == 422
    message = 'Pod "p" is invalid: status.qosClass: Invalid value: "BestEffort": field is immutable'
    assert reply.body["message"] == message


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ([], [NOT_READY]),
        ([{"key": "a", "effect": "NoExecute"}], [{"key": "a", "effect": "NoExecute"}, NOT_READY]),
        ([NOT_READY | {"value": "x"}], [NOT_READY | {"value": "x"}]),
    ],
    ids=["none", "another", "already"],
)
async def test_a_new_node_takes_no_pods(
    api: Api, namespace: str, given: list[dict[str, str]], stored: list[dict[str, str]]
) -> None:
    created = await api.create("/api/v1/nodes", {"metadata": {"name": namespace}, "spec": {"taints": given}})
    await api.delete(f"/api/v1/nodes/{namespace}")

    assert created["spec"]["taints"] == stored
