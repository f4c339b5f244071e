"""Get one object: by its path and method, in the form and of the age that the sender asks for."""

import asyncio
from typing import Any

import pytest
import yaml
from tests.apiserver.widgets import config_map, widget, widget_definition
from tests.conformance.definitions import define
from tests.conformance.statuses import NO_METHOD, NO_PAGE, NO_RESOURCE, failure, not_found
from tests.raw_api import Api

FAR = 2**62
META = "v=v1;g=meta.k8s.io"
NOT_PRODUCED = "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml"
NOT_ACCEPTED = "only the following media types are accepted: application/json, application/yaml"


@pytest.fixture
async def maps(api: Api, namespace: str) -> str:
    """The path of the ConfigMaps in the test's own namespace, which hold one called `a`."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    await api.create(path, config_map("a", {"x": "1"}, labels={"app": "web"}))
    return path


@pytest.fixture
async def widgets(api: Api, namespace: str, group: str) -> str:
    """The path of custom objects in the test's own namespace, which hold one called `a`."""
    await define(api, widget_definition(), group)
    path = f"/apis/{group}/v1/namespaces/{namespace}/widgets"
    await api.create(path, widget("a") | {"apiVersion": f"{group}/v1"})
    return path


async def test_an_object_comes_whole(api: Api, maps: str, namespace: str) -> None:
    obj = await api.get(f"{maps}/a")

    metadata = obj["metadata"]
    assert {name: obj[name] for name in ("apiVersion", "kind", "data")} == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "data": {"x": "1"},
    }
    assert (metadata["name"], metadata["namespace"], metadata["labels"]) == ("a", namespace, {"app": "web"})
    assert {"uid", "resourceVersion", "creationTimestamp"} <= metadata.keys()


@pytest.mark.parametrize(
    ("path", "kind", "group"),
    [
        ("/api/v1/namespaces/{}/configmaps/none", "configmaps", ""),
        ("/api/v1/namespaces/{}-none/configmaps/none", "configmaps", ""),
        ("/api/v1/namespaces/none", "namespaces", ""),
        ("/api/v1/namespaces/none/status", "namespaces", ""),
        ("/api/v1/nodes/none", "nodes", ""),
        ("/api/v1/namespaces/{}/pods/none/status", "pods", ""),
        ("/api/v1/namespaces/{}/pods/none/log", "pods", ""),
        ("/apis/apps/v1/namespaces/{}/deployments/none", "deployments", "apps"),
        ("/apis/apps/v1/namespaces/{}/deployments/none/scale", "deployments", "apps"),
        ("/apis/coordination.k8s.io/v1/namespaces/{}/leases/none", "leases", "coordination.k8s.io"),
        ("/apis/rbac.authorization.k8s.io/v1/clusterroles/none", "clusterroles", "rbac.authorization.k8s.io"),
    ],
)
async def test_an_absent_object_is_named_with_its_kind(
    api: Api, namespace: str, path: str, kind: str, group: str
) -> None:
    reply = await api("GET", path.format(namespace))

    assert (reply.status, reply.body) == (404, not_found("none", kind, group))


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/configmaps/a",
        "/api/v1/namespaces/{}/nodes",
        "/api/v1/namespaces/{}/nodes/x",
        "/api/v1/namespaces/{}/configmaps/a/status",
        "/api/v1/namespaces/{}/configmaps/a/b",
        "/api/v1/namespaces/{}/configmaps/a/b/c",
        "/api/v1/namespaces/{}/pods/a/log/x",
        "/apis/authorization.k8s.io/v1/subjectaccessreviews/x",
    ],
)
async def test_a_path_that_no_built_in_kind_has_is_not_there(api: Api, maps: str, namespace: str, path: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        reply = await api(method, path.format(namespace))

        assert (reply.status, reply.body) == (404, NO_RESOURCE)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/configmaps"),
        ("DELETE", "/api/v1/configmaps"),
        ("PUT", "/api/v1/namespaces/{}/configmaps"),
        ("PATCH", "/api/v1/namespaces/{}/configmaps"),
        ("POST", "/api/v1/namespaces/{}/configmaps/a"),
        ("DELETE", "/api/v1/namespaces"),
        ("POST", "/api/v1/nodes/x/status"),
        ("DELETE", "/api/v1/nodes/x/status"),
        ("GET", "/api/v1/namespaces/{}/pods/x/binding"),
        ("GET", "/api/v1/namespaces/{}/finalize"),
        ("GET", "/api/v1/namespaces/{}/serviceaccounts/default/token"),
        ("GET", "/apis/authorization.k8s.io/v1/subjectaccessreviews"),
        ("OPTIONS", "/api/v1/namespaces/{}/configmaps"),
        ("TRACE", "/api/v1/nodes"),
    ],
)
async def test_a_method_that_a_path_has_not_is_not_allowed(api: Api, namespace: str, method: str, path: str) -> None:
    reply = await api(method, path.format(namespace), {} if method in ("POST", "PUT") else None)

    assert (reply.status, reply.body) == (405, NO_METHOD)


async def test_heads_are_for_custom_objects_only(api: Api, maps: str, widgets: str) -> None:
    assert (await api("HEAD", f"{maps}/a")).status == 405
    assert (await api("HEAD", maps)).status == 405
    assert (await api("HEAD", f"{widgets}/a")).status == 200
    assert (await api("HEAD", widgets)).status == 200


async def test_a_slash_at_the_end_changes_nothing(api: Api, maps: str, widgets: str, namespace: str) -> None:
    for path in (f"{maps}/a", maps, f"{widgets}/a", widgets, f"/api/v1/namespaces/{namespace}"):
        assert (await api.get(path))["kind"] == (await api.get(f"{path}/"))["kind"]


@pytest.mark.parametrize(
    "path", ["/v9", "/v9/widgets", "/v1/gadgets", "/v1/gadgets/x", "/v1/widgets/a", "/v1/namespaces/default/gadgets"]
)
async def test_a_path_that_no_definition_made_has_a_page_of_text(api: Api, widgets: str, group: str, path: str) -> None:
    reply = await api("GET", f"/apis/{group}{path}")

    assert (reply.status, reply.body) == (404, NO_PAGE)


@pytest.mark.parametrize("part", ["bogus", "b/c"])
async def test_a_custom_object_without_that_part_is_not_found(api: Api, widgets: str, group: str, part: str) -> None:
    reply = await api("GET", f"{widgets}/a/{part}")

    assert (reply.status, reply.body) == (404, not_found("a", "widgets", group))


@pytest.mark.parametrize(("method", "verb"), [("POST", "create"), ("DELETE", "delete"), ("OPTIONS", "")])
async def test_what_a_part_of_a_custom_object_cannot_do_is_named(
    api: Api, widgets: str, group: str, method: str, verb: str
) -> None:
    reply = await api(method, f"{widgets}/a/status", {} if method == "POST" else None)

    message = f'{verb} is not supported on resources of kind "widgets.{group}"'
    expected = failure(405, "MethodNotAllowed", message, {"group": group, "kind": "widgets"})
    assert (reply.status, reply.body) == (405, expected)


async def test_no_revision_gets_the_newest_state_and_any_known_one_gets_it_in_time(api: Api, maps: str) -> None:
    first = (await api.get(f"{maps}/a"))["metadata"]["resourceVersion"]
    newest = await api.merge(f"{maps}/a", {"data": {"x": "2"}})

    for query in ("", "resourceVersion=", "x=y"):
        assert await api.get(f"{maps}/a?{query}") == newest
    # kube-apiserver answers these from a cache, which may be a moment behind.
    for query in ("resourceVersion=0", f"resourceVersion={first}", "resourceVersion=007"):
        async with asyncio.timeout(10):
            while await api.get(f"{maps}/a?{query}") != newest:
                await asyncio.sleep(0.01)


async def test_a_revision_that_is_still_to_come_times_out(api: Api, maps: str) -> None:
    reply = await api("GET", f"{maps}/a?resourceVersion={FAR}")

    current = reply.body["message"].rpartition(" ")[2]
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    expected = failure(
        504,
        "Timeout",
        f"Timeout: Too large resource version: {FAR}, current: {current}",
        {"causes": [cause], "retryAfterSeconds": 1},
    )
    assert (reply.status, reply.body, reply.headers["Retry-After"]) == (504, expected, "1")
    assert current.isdigit()


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/json",
        "application/json;q=0.1",
        "application/json;charset=utf-8",
        "application/json;stream=watch",
        "text/html,application/json",
        "text/html;q=0.9, application/json;q=0.1",
        "application/cbor, application/json",
        "application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io,application/json",
        "application/json;as=Chart, application/json",
    ],
)
async def test_json_comes_where_it_is_among_the_wishes(api: Api, maps: str, widgets: str, accept: str) -> None:
    for path in (f"{maps}/a", f"{widgets}/a"):
        reply = await api("GET", path, accept=accept)

        assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json")
        assert reply.body["metadata"]["name"] == "a"


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "garbage", "application/*", "text/*, image/png"])
async def test_a_route_names_what_it_produces_where_nothing_of_that_is_wished(api: Api, maps: str, accept: str) -> None:
    for path in (f"{maps}/a", maps, "/api/v1"):
        reply = await api("GET", path, accept=accept)

        assert (reply.status, reply.body["reason"], reply.body["details"]) == (406, "NotAcceptable", {})
        assert reply.body["message"].startswith(NOT_PRODUCED)


@pytest.mark.parametrize("as_", ["as=Chart", "as=Table", "as=Table;g=meta.k8s.io", f"as=Chart;{META}"])
async def test_a_shape_that_is_none_is_not_acceptable(api: Api, maps: str, widgets: str, as_: str) -> None:
    for path in (f"{maps}/a", maps, f"{widgets}/a", widgets):
        reply = await api("GET", path, accept=f"application/json;{as_}")

        assert (reply.status, reply.body["reason"]) == (406, "NotAcceptable")
        assert reply.body["message"].startswith(NOT_ACCEPTED)
        assert "details" not in reply.body


async def test_custom_objects_take_wildcards_and_refuse_in_other_words(api: Api, widgets: str) -> None:
    reply = await api("GET", widgets, accept="text/html")

    assert (reply.status, reply.body["reason"]) == (406, "NotAcceptable")
    assert reply.body["message"].startswith(NOT_ACCEPTED)
    assert (await api.get(widgets, accept="application/*"))["kind"] == "WidgetList"


async def test_yaml_is_served_where_it_is_liked_best(api: Api, maps: str, widgets: str) -> None:
    for path in (f"{maps}/a", maps, f"{widgets}/a", "/api/v1", "/apis", "/apis/apps"):
        expected = await api.get(path)
        for accept in (
            "application/yaml",
            "application/yaml, application/json",
            "application/json;q=0.5, application/yaml",
        ):
            reply = await api("GET", path, accept=accept)

            assert (reply.status, reply.headers["Content-Type"]) == (200, "application/yaml")
            assert yaml.safe_load(reply.body).keys() == expected.keys()
    refused = await api("GET", f"{maps}/none", accept="application/yaml")
    assert yaml.safe_load(refused.body) == not_found("none", "configmaps")


async def test_people_get_indented_json(api: Api, maps: str) -> None:
    async def text(query: str, agent: str) -> str:
        async with api.session.get(f"{api.url}{maps}/a{query}", headers={"User-Agent": agent}) as response:
            return await response.text()

    plain = await text("", "client")

    assert "\n" not in plain.strip()
    for query, agent in (("?pretty=true", "client"), ("", "curl/8"), ("", "Mozilla/5.0 (X11)"), ("?pretty=1", "")):
        assert '\n  "kind": "ConfigMap"' in await text(query, agent)
    for query, agent in (("?pretty=false", "curl/8"), ("?pretty=maybe", "curl/8"), ("?pretty=", "client")):
        assert await text(query, agent) == plain


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
async def test_the_metadata_alone_can_be_asked_for(api: Api, maps: str, widgets: str, version: str) -> None:
    accept = f"application/json;as=PartialObjectMetadata;v={version};g=meta.k8s.io"
    for path in (f"{maps}/a", f"{widgets}/a"):
        whole = await api.get(path)

        assert await api.get(path, accept=accept) == {
            "kind": "PartialObjectMetadata",
            "apiVersion": f"meta.k8s.io/{version}",
            "metadata": whole["metadata"],
        }


@pytest.mark.parametrize(
    ("path", "kind", "found"),
    [
        ("/a", "PartialObjectMetadataList", "not a list (*core.ConfigMap)"),
        ("", "PartialObjectMetadata", "a list (*core.ConfigMapList)"),
    ],
)
async def test_the_metadata_of_a_list_is_a_list(api: Api, maps: str, path: str, kind: str, found: str) -> None:
    reply = await api("GET", f"{maps}{path}", accept=f"application/json;as={kind};{META}")

    message = f"you requested {kind}, but the requested object is {found}"
    assert (reply.status, reply.body) == (406, failure(406, "NotAcceptable", message))


async def test_the_same_bytes_come_to_those_who_take_them_compressed(api: Api, namespace: str, maps: str) -> None:
    await api.create(maps, config_map("large", {"x": "y" * 300_000}))

    async def read(encoding: str) -> Any:
        async with api.session.get(f"{api.url}{maps}", headers={"Accept-Encoding": encoding}) as response:
            return (await response.json())["items"]

    assert await read("gzip") == await read("identity")


async def test_all_namespaces_may_be_said_by_an_empty_one(api: Api, maps: str) -> None:
    listed = await api.get("/api/v1/namespaces//configmaps?labelSelector=app=web")

    assert "a" in [item["metadata"]["name"] for item in listed["items"]]


async def test_a_get_that_says_watch_is_a_get(api: Api, maps: str) -> None:
    assert await api.get(f"{maps}/a?watch=true") == await api.get(f"{maps}/a")
