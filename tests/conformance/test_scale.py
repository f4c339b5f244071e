"""The scale of an object: what it shows, what of it can be set, and what is no Scale."""

from typing import Any

import pytest
from tests.conformance.comparing import bad_request, conflict, invalid, stored, told
from tests.conformance.statuses import failure
from tests.conformance.things import serve_things, thing
from tests.raw_api import Api, Reply

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
SELECTOR = {
    "matchLabels": {"c": "d", "a": "b"},
    "matchExpressions": [
        {"key": "z", "operator": "DoesNotExist"},
        {"key": "a", "operator": "In", "values": ["b", "a", "b"]},
        {"key": "c", "operator": "Exists"},
        {"key": "y", "operator": "NotIn", "values": ["q"]},
    ],
}
TEXT = "a=b,a in (a,b,b),c=d,c,y notin (q),!z"
NOT_AN_INTEGER = 'Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal {} of type int32'
IN_REPLICAS = "into Go struct field ScaleSpec.spec.replicas"
MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


@pytest.fixture
async def path(api: Api, namespace: str) -> str:
    sets = f"/apis/apps/v1/namespaces/{namespace}/replicasets"
    labels = {"metadata": {"labels": {"a": "b", "c": "d"}}}
    template = {**labels, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    await api.create(sets, {"metadata": {"name": "a"}, "spec": {"selector": SELECTOR, "template": template}})
    return f"{sets}/a/scale"


def scale(namespace: str, wished: int, **status: Any) -> dict[str, Any]:
    """Return a Scale as a reply shows it: what is 0 is left out of what is wished."""
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {"name": "a", "namespace": namespace},
        "spec": {"replicas": wished} if wished else {},
        "status": {"replicas": 0, **status},
    }


async def test_a_selector_of_sets_is_shown_as_text(api: Api, path: str, namespace: str) -> None:
    assert stored(await api.get(path)) == scale(namespace, 1, selector=TEXT)


async def test_replicas_are_set_by_a_whole_scale_and_by_patches(api: Api, path: str, namespace: str) -> None:
    put = await api("PUT", path, {"metadata": {"name": "a"}, "spec": {"replicas": 2}})
    merged = await api.merge(path, {"spec": {"replicas": 3}})
    strategic = await api("PATCH", path, {"spec": None}, type_="application/strategic-merge-patch+json")

    assert [stored(body) for body in (put.body, merged, strategic.body)] == [
        scale(namespace, wished, selector=TEXT) for wished in (2, 3, 0)
    ]
    assert (await api.get(path.removesuffix("/scale")))["spec"]["replicas"] == 0


async def test_what_is_no_scale_of_the_object_is_refused(api: Api, path: str) -> None:
    async def put(spec: Any = None, **metadata: str) -> Any:
        return told(await api("PUT", path, {"metadata": {"name": "a", **metadata}, "spec": spec}))

    negative = ("spec.replicas", "Invalid", "Invalid value: -1: must be greater than or equal to 0")
    elsewhere = "the namespace of the provided object does not match the namespace sent on the request"
    assert await put(name="b") == bad_request("the name of the object (b) does not match the name on the URL (a)")
    assert await put(namespace="b") == bad_request(elsewhere)
    assert await put({"replicas": -1}) == invalid("Scale.autoscaling", "a", negative)
    for value, word in {"x": "string", 3.5: "number 3.5", 2**40: f"number {2**40}"}.items():
        assert await put({"replicas": value}) == bad_request(NOT_AN_INTEGER.format(f"{word} {IN_REPLICAS}"))
    assert await put(resourceVersion="1") == conflict("replicasets.apps", "a", MODIFIED)
    assert (await put(uid="x"))["reason"] == "Conflict"
    assert told(await api("PUT", path, {"kind": "ConfigMap"})) == bad_request(
        'ConfigMap in version "v1" cannot be handled as a Scale: no kind "ConfigMap" is registered for version'
        ' "autoscaling/v1" in scheme "pkg/runtime/scheme.go:111"'
    )


async def test_a_table_shows_what_is_wished_and_what_there_is(api: Api, path: str) -> None:
    assert shown(await api("GET", path, accept=TABLE)) == (
        [("Name", "string", ""), ("Desired", "integer", ""), ("Available", "integer", ""), ("Age", "string", "")],
        ["a", 1, 0],
    )


async def test_a_custom_kind_is_scaled_by_the_paths_of_its_definition(api: Api, group: str, namespace: str) -> None:
    things = await serve_things(api, group, namespace)
    path = f"{things}/a/scale"
    await api.create(things, thing(group))
    absent = await api("GET", path)

    put = await api("PUT", path, {"metadata": {"name": "a"}, "spec": {"replicas": 2}})
    await api.merge(f"{things}/a/status", {"status": {"replicas": 1, "selector": "a=b,c in (d,e)"}})
    merged = await api.merge(path, {"spec": {"replicas": 3}})
    negative = await api("PUT", path, {"metadata": {"name": "a"}, "spec": {"replicas": -1}})
    nameless = await api("PUT", path, {"spec": {"replicas": 2}})

    why = 'the spec replicas field ".spec.replicas" does not exist'
    details = {"causes": [{"message": why}]}
    assert told(absent) == failure(500, "InternalError", f"Internal error occurred: {why}", details)
    assert stored(put.body) == scale(namespace, 2)
    assert stored(merged) == scale(namespace, 3, replicas=1, selector="a=b,c in (d,e)")
    cause = (".spec.replicas", "Invalid", "Invalid value: -1: should be a non-negative integer")
    assert told(negative) == invalid(f"Thing.{group}", "a", cause)
    unnamed = "the name of the object (a based on URL) was undeterminable: name must be provided"
    assert told(nameless) == bad_request(unnamed)
    assert shown(await api("GET", path, accept=TABLE)) == (
        [("Name", "string", "name"), ("Desired", "integer", ""), ("Available", "integer", ""), ("Age", "date", "")],
        ["a", 3, 1],
    )


def shown(reply: Reply) -> tuple[list[tuple[str, str, str]], list[Any]]:
    """Return the columns of a table and the cells of its row before the age."""
    columns = [(column["name"], column["type"], column["format"]) for column in reply.body["columnDefinitions"]]
    [row] = reply.body["rows"]
    return columns, row["cells"][:-1]
