"""Discovery and OpenAPI: what clients learn about the server, and that it follows the definitions."""

import json
from typing import Any

from tests.apiserver.conftest import Api
from tests.apiserver.widgets import widget_definition
from tests.definitions import DEFINITIONS, established

from kubecapy.apiserver.discovery.versions import by_priority


async def index(api: Api) -> Any:
    """Return the list of schemas, which comes as plain text as it does from kube-apiserver."""
    return json.loads(await api.get("/openapi/v3"))


async def test_plain_discovery_serves_older_clients(api: Api) -> None:
    assert (await api.get("/api"))["versions"] == ["v1"]
    assert "apps" in {group["name"] for group in (await api.get("/apis"))["groups"]}
    listed = await api.get("/api/v1")
    assert listed["groupVersion"] == "v1"
    names = {resource["name"] for resource in listed["resources"]}
    assert {"pods", "pods/log", "pods/status", "serviceaccounts/token", "secrets"} <= names
    assert (await api("GET", "/apis/apps/v9")).status == 404


async def test_discovery_and_schemas_follow_the_definitions_at_once(api: Api) -> None:
    before = await index(api)
    await api.create(DEFINITIONS, widget_definition())
    await established(api, "widgets.example.com")
    during = await index(api)
    url = during["paths"]["apis/example.com/v1"]["serverRelativeURL"]
    schema = (await api.get(url))["components"]["schemas"]["com.example.v1.Widget"]
    await api.delete(f"{DEFINITIONS}/widgets.example.com")
    await api.gone(f"{DEFINITIONS}/widgets.example.com")

    assert "apis/example.com/v1" not in before["paths"]
    assert schema["properties"]["spec"]["required"] == ["size"]
    assert schema["x-kubernetes-group-version-kind"] == [{"group": "example.com", "version": "v1", "kind": "Widget"}]
    assert "apis/example.com/v1" not in (await index(api))["paths"]
    assert before["paths"]["apis/apps/v1"] == during["paths"]["apis/apps/v1"]


def test_versions_are_ordered_as_kubernetes_prefers_them() -> None:
    mixed = ["v1alpha1", "foo1", "v11beta2", "v2", "v10", "v3beta1", "v12alpha1", "bar"]

    assert by_priority(mixed) == ["v10", "v2", "v11beta2", "v3beta1", "v12alpha1", "v1alpha1", "bar", "foo1"]
