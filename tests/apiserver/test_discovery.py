"""Discovery and OpenAPI: what clients learn about the server, and that it follows the definitions."""

import json
from typing import Any

import pytest
from tests.apiserver.conftest import Api
from tests.apiserver.widgets import widget_definition
from tests.definitions import DEFINITIONS, established

from kubecapy.apiserver.discovery.versions import by_priority


def aggregated(version: str) -> str:
    return f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList,application/json"


async def index(api: Api) -> Any:
    """Return the list of schemas, which comes as plain text as it does from kube-apiserver."""
    return json.loads(await api.get("/openapi/v3"))


def groups_of(document: Any) -> dict[str, list[str]]:
    return {
        item["metadata"].get("name", ""): [version["version"] for version in item["versions"]]
        for item in document["items"]
    }


@pytest.mark.parametrize("version", ["v2"])
async def test_aggregated_discovery_speaks_the_version_that_is_asked_for(api: Api, version: str) -> None:
    reply = await api("GET", "/apis", accept=aggregated(version))

    assert (
        reply.headers["Content-Type"] == f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
    )
    assert reply.body["apiVersion"] == f"apidiscovery.k8s.io/{version}"
    assert groups_of(reply.body)["apps"] == ["v1"]
    assert "" not in groups_of(reply.body)
    assert groups_of(await api.get("/api", accept=aggregated(version))) == {"": ["v1"]}


async def test_a_resource_is_described_with_its_parts(api: Api, widgets: str) -> None:
    document = await api.get("/apis", accept=aggregated("v2"))
    group = next(item for item in document["items"] if item["metadata"]["name"] == "example.com")

    resource = group["versions"][0]["resources"][0]

    assert resource["resource"] == "widgets"
    assert resource["responseKind"] == {"group": "example.com", "version": "v1", "kind": "Widget"}
    assert (resource["scope"], resource["singularResource"]) == ("Namespaced", "widget")
    assert (resource["shortNames"], resource["categories"]) == (["wd"], ["toys"])
    parts = {part["subresource"]: part["responseKind"]["kind"] for part in resource["subresources"]}
    assert parts == {"status": "Widget", "scale": "Scale"}


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


async def test_a_document_may_be_kept_under_its_hash_and_only_there(api: Api) -> None:
    url = (await index(api))["paths"]["api/v1"]["serverRelativeURL"]

    hashed, plain = await api("GET", url), await api("GET", "/openapi/v3/api/v1")

    assert "immutable" in hashed.headers["Cache-Control"]
    assert hashed.headers["Vary"] == "Accept"
    assert "immutable" not in plain.headers["Cache-Control"]


async def test_writes_are_published_with_field_validation_and_the_kind(api: Api) -> None:
    document = await api.get("/openapi/v3/apis/apps/v1")
    item = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]

    assert "fieldValidation" in {parameter["name"] for parameter in item["patch"]["parameters"]}
    assert item["patch"]["x-kubernetes-group-version-kind"]["kind"] == "Deployment"
    assert item["patch"]["x-kubernetes-action"] == "patch"


def test_versions_are_ordered_as_kubernetes_prefers_them() -> None:
    mixed = ["v1alpha1", "foo1", "v11beta2", "v2", "v10", "v3beta1", "v12alpha1", "bar"]

    assert by_priority(mixed) == ["v10", "v2", "v11beta2", "v3beta1", "v12alpha1", "v1alpha1", "bar", "foo1"]
