"""Discovery and OpenAPI: what clients learn about the server, and how long they may keep it."""

import json
from typing import Any

import pytest
from tests.apiserver.widgets import widget_definition
from tests.conformance.definitions import define
from tests.raw_api import Api

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
ALL = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
STATUS = ["get", "patch", "update"]
RBAC = "rbac.authorization.k8s.io"


def row(
    kind: str, short: str = "", *, namespaced: bool = True, categories: str = "", **parts: list[str]
) -> dict[str, Any]:
    """Return what discovery says of a resource; the parts are the subresources that the suite looks at."""
    return {
        "kind": kind, "namespaced": namespaced, "short": short.split(), "categories": categories.split(),
        "parts": parts,
    }  # fmt: skip


RESOURCES = {
    ("", "configmaps"): row("ConfigMap", "cm"),
    ("", "endpoints"): row("Endpoints", "ep"),
    ("", "events"): row("Event", "ev"),
    ("", "nodes"): row("Node", "no", namespaced=False, status=STATUS),
    ("", "pods"): row("Pod", "po", categories="all", status=STATUS, log=["get"], binding=["create"]),
    ("", "secrets"): row("Secret"),
    ("", "serviceaccounts"): row("ServiceAccount", "sa", token=["create"]),
    ("", "services"): row("Service", "svc", categories="all", status=STATUS),
    ("apps", "daemonsets"): row("DaemonSet", "ds", categories="all", status=STATUS),
    ("apps", "deployments"): row("Deployment", "deploy", categories="all", scale=STATUS, status=STATUS),
    ("apps", "replicasets"): row("ReplicaSet", "rs", categories="all", scale=STATUS, status=STATUS),
    ("apps", "statefulsets"): row("StatefulSet", "sts", categories="all", scale=STATUS, status=STATUS),
    ("coordination.k8s.io", "leases"): row("Lease"),
    (RBAC, "clusterroles"): row("ClusterRole", namespaced=False),
    (RBAC, "clusterrolebindings"): row("ClusterRoleBinding", namespaced=False),
    (RBAC, "roles"): row("Role"),
    (RBAC, "rolebindings"): row("RoleBinding"),
    ("certificates.k8s.io", "certificatesigningrequests"): row(
        "CertificateSigningRequest", "csr", namespaced=False, status=STATUS, approval=STATUS
    ),
    ("apiextensions.k8s.io", "customresourcedefinitions"): row(
        "CustomResourceDefinition", "crd crds", namespaced=False, categories="api-extensions", status=STATUS
    ),
}
OTHER_KINDS = {"scale": ("autoscaling", "v1", "Scale"), "token": ("authentication.k8s.io", "v1", "TokenRequest")}
"""Subresources that speak another group than their resource."""


async def aggregated(api: Api, path: str) -> Any:
    reply = await api("GET", path, accept=f"{AGGREGATED},application/json")
    assert (reply.status, reply.headers["Content-Type"]) == (200, AGGREGATED)
    return reply.body


async def index(api: Api) -> Any:
    """Return the list of schemas, which comes as plain text."""
    return json.loads(await api.get("/openapi/v3"))["paths"]


def group_of(document: Any, name: str) -> Any:
    return next(item for item in document["items"] if item["metadata"].get("name", "") == name)


@pytest.mark.parametrize(("group", "plural"), RESOURCES)
async def test_a_resource_is_described_in_whole(api: Api, group: str, plural: str) -> None:
    expected = RESOURCES[group, plural]
    item = group_of(await aggregated(api, "/apis" if group else "/api"), group)
    version = next(entry for entry in item["versions"] if entry["version"] == "v1")
    resource = next(entry for entry in version["resources"] if entry["resource"] == plural)

    parts = resource.pop("subresources", [])
    described = {
        "resource": plural,
        "responseKind": {"group": "", "version": "", "kind": expected["kind"]},
        "scope": "Namespaced" if expected["namespaced"] else "Cluster",
        "singularResource": expected["kind"].lower(),
        "verbs": ALL,
        **({"shortNames": expected["short"]} if expected["short"] else {}),
        **({"categories": expected["categories"]} if expected["categories"] else {}),
    }
    assert resource == described
    names = [part["subresource"] for part in parts]
    assert names == sorted(names)
    for name, verbs in expected["parts"].items():
        part_kind = "Binding" if name == "binding" else expected["kind"]
        other_group, other_version, kind = OTHER_KINDS.get(name, ("", "", part_kind))
        response = {"group": other_group, "version": other_version, "kind": kind}
        assert {"subresource": name, "responseKind": response, "verbs": verbs} in parts


@pytest.mark.parametrize(("group", "plural"), RESOURCES)
async def test_older_clients_learn_the_same_of_a_resource(api: Api, group: str, plural: str) -> None:
    expected = RESOURCES[group, plural]
    listed = await api.get(f"/apis/{group}/v1" if group else "/api/v1")

    resources = {entry["name"]: entry for entry in listed["resources"]}
    resource = {name: value for name, value in resources[plural].items() if name != "storageVersionHash"}
    assert resource == {
        "name": plural,
        "singularName": expected["kind"].lower(),
        "namespaced": expected["namespaced"],
        "kind": expected["kind"],
        "verbs": ALL,
        **({"shortNames": expected["short"]} if expected["short"] else {}),
        **({"categories": expected["categories"]} if expected["categories"] else {}),
    }
    assert (listed["kind"], listed["groupVersion"]) == ("APIResourceList", f"{group}/v1" if group else "v1")
    assert set(expected["parts"]) <= {name.partition("/")[2] for name in resources if name.startswith(f"{plural}/")}


async def test_a_custom_resource_is_described_as_its_definition_says(api: Api, group: str) -> None:
    await define(api, widget_definition(), group)

    item = group_of(await aggregated(api, "/apis"), group)

    own = {"group": group, "version": "v1", "kind": "Widget"}
    scale = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    [version] = item["versions"]
    [resource] = version["resources"]
    assert item["metadata"] == {"name": group}
    assert (version["version"], version["freshness"]) == ("v1", "Current")
    parts = resource.pop("subresources")
    assert resource == {
        "resource": "widgets",
        "responseKind": own,
        "scope": "Namespaced",
        "singularResource": "widget",
        "verbs": ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
        "shortNames": ["wd"],
        "categories": ["toys"],
    }
    assert sorted(parts, key=lambda part: str(part["subresource"])) == [
        {"subresource": "scale", "responseKind": scale, "verbs": STATUS},
        {"subresource": "status", "responseKind": own, "verbs": STATUS},
    ]
    assert await api.get(f"/apis/{group}") == {
        "kind": "APIGroup",
        "apiVersion": "v1",
        "name": group,
        "versions": [{"groupVersion": f"{group}/v1", "version": "v1"}],
        "preferredVersion": {"groupVersion": f"{group}/v1", "version": "v1"},
    }


async def test_groups_are_listed_with_their_preferred_version(api: Api) -> None:
    groups = {group["name"]: group for group in (await api.get("/apis"))["groups"]}

    version = {"groupVersion": "apps/v1", "version": "v1"}
    assert groups["apps"] == {"name": "apps", "versions": [version], "preferredVersion": version}
    assert await api.get("/apis/apps") == {"kind": "APIGroup", "apiVersion": "v1", **groups["apps"]}
    core = await api.get("/api")
    assert (core["kind"], core["versions"]) == ("APIVersions", ["v1"])


@pytest.mark.parametrize("version", ["v2beta1", "v3"])
async def test_aggregated_discovery_has_one_version(api: Api, version: str) -> None:
    accept = AGGREGATED.replace("v=v2", f"v={version}")
    for path in ("/api", "/apis"):
        assert (await api("GET", path, accept=accept)).status == 406
        assert (await api("GET", path, accept=f"{accept},application/json")).headers[
            "Content-Type"
        ] == "application/json"


@pytest.mark.parametrize("path", ["/api", "/apis"])
async def test_aggregated_discovery_may_be_kept_and_asked_after(api: Api, path: str) -> None:
    first = await api("GET", path, accept=AGGREGATED)
    tag = first.headers["Etag"]

    again = await api("GET", path, accept=AGGREGATED, headers={"If-None-Match": tag})
    other = await api("GET", path, accept=AGGREGATED, headers={"If-None-Match": '"other"'})

    assert (first.headers["Cache-Control"], first.headers["Vary"]) == ("public", "Accept")
    assert (again.status, again.body, again.headers["Etag"]) == (304, "", tag)
    assert (other.status, other.headers["Etag"]) == (200, tag)
    assert tag.startswith('"')


async def test_a_schema_may_be_kept_under_its_hash_and_only_there(api: Api) -> None:
    url = (await index(api))["apis/apps/v1"]["serverRelativeURL"]
    path, _, digest = url.partition("?hash=")

    hashed, plain = await api("GET", url), await api("GET", path)
    stale = await api.session.get(f"{api.url}{path}?hash=OLD", allow_redirects=False)
    again = await api("GET", path, headers={"If-None-Match": hashed.headers["Etag"]})

    assert path == "/openapi/v3/apis/apps/v1"
    assert hashed.headers["Etag"] == f'"{digest}"'
    assert (hashed.headers["Cache-Control"], hashed.headers["Vary"]) == ("public, immutable", "Accept")
    assert hashed.headers["Expires"].endswith(" UTC")
    assert plain.headers["Cache-Control"] == "no-cache, private"
    assert (hashed.body, hashed.headers["Content-Type"]) == (plain.body, "application/json")
    assert (stale.status, stale.headers["Location"]) == (301, url)
    assert again.status == 304


async def test_a_schema_in_another_form_is_not_acceptable(api: Api) -> None:
    for path in ("/openapi/v3/apis/apps/v1", "/openapi/v2"):
        for accept in ("text/html", "application/yaml"):
            reply = await api("GET", path, accept=accept)

            assert (reply.status, reply.body) == (406, "")


async def test_the_old_schema_has_a_tag_in_both_forms(api: Api) -> None:
    protobuf = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
    async with api.session.get(f"{api.url}/openapi/v2", headers={"Accept": protobuf}) as response:
        tag, form = response.headers["Etag"], response.headers["Content-Type"]

    assert form == "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
    assert (await api("GET", "/openapi/v2")).headers["Etag"] == tag
    assert (await api("GET", "/openapi/v2", headers={"If-None-Match": tag})).status == 304


async def test_schemas_tell_what_kubectl_looks_for(api: Api, group: str) -> None:
    await define(api, widget_definition(), group)
    document = await api.get("/openapi/v3/apis/apps/v1")
    item = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]

    assert document["openapi"] == "3.0.0"
    assert "fieldValidation" in {parameter["name"] for parameter in item["patch"]["parameters"]}
    assert item["patch"]["x-kubernetes-action"] == "patch"
    gvk = {"group": "apps", "version": "v1", "kind": "Deployment"}
    assert item["patch"]["x-kubernetes-group-version-kind"] == gvk
    assert document["components"]["schemas"]["io.k8s.api.apps.v1.Deployment"]["x-kubernetes-group-version-kind"] == [
        gvk
    ]
