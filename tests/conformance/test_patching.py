"""Patches: what they make of an object, and how those are refused that do not fit."""

import json
from typing import Any

import pytest
from tests.conformance.comparing import (
    bad_request,
    conflict,
    invalid,
    not_found,
    patched_and_why,
    stored,
    told,
)
from tests.conformance.statuses import failure
from tests.conformance.things import serve_things, thing
from tests.raw_api import Api, Reply

MERGE = "application/merge-patch+json"
JSON = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
SCHEME = 'in scheme "pkg/runtime/scheme.go:111"'
DOES_NOT_FIT = failure(422, "Invalid", "the server rejected our request due to an error in our request", details={})
OTHER_NAMESPACE = "the namespace of the provided object does not match the namespace sent on the request"


@pytest.fixture
async def path(api: Api, namespace: str) -> str:
    """Make a ConfigMap to patch."""
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    metadata = {"name": "a", "labels": {"x": "y"}, "annotations": {"l": "m"}}
    await api.create(maps, {"metadata": metadata, "data": {"a": "1", "b": "2"}})
    return f"{maps}/a"


async def data_after(api: Api, path: str, patch: Any, type_: str) -> Any:
    reply = await api("PATCH", path, patch, type_=type_)
    assert reply.status == 200, reply.body
    return reply.body.get("data")


async def test_a_merge_patch_sets_and_drops(api: Api, path: str) -> None:
    assert await data_after(api, path, {"data": {"a": "3", "b": None, "c": "4"}}, MERGE) == {"a": "3", "c": "4"}
    assert await data_after(api, path, {"data": None}, MERGE) is None


async def test_nulls_of_a_merge_patch_are_never_stored(api: Api, group: str, namespace: str) -> None:
    things = await serve_things(api, group, namespace)
    await api.create(things, thing(group, spec={"open": {"n": {"m": 1}}, "replicas": 1}))
    open_ = {"n": None, "gone": None, "new": {"a": None, "b": 1}, "list": [None, {"a": None}]}

    patched = await api.merge(f"{things}/a", {"spec": {"open": open_, "replicas": None}})

    assert patched["spec"] == {"open": {"new": {"b": 1}, "list": [None, {}]}}


@pytest.mark.parametrize(
    ("operations", "data"),
    [
        ([{"op": "add", "path": "/data/c", "value": "3"}], {"a": "1", "b": "2", "c": "3"}),
        ([{"op": "add", "path": "/data/a", "value": "3"}], {"a": "3", "b": "2"}),
        ([{"op": "replace", "path": "/data/a", "value": "3"}], {"a": "3", "b": "2"}),
        ([{"op": "replace", "path": "/data/absent", "value": "3"}], {"a": "1", "b": "2", "absent": "3"}),
        ([{"op": "remove", "path": "/data/a"}], {"b": "2"}),
        ([{"op": "move", "from": "/data/a", "path": "/data/c"}], {"b": "2", "c": "1"}),
        ([{"op": "copy", "from": "/data/a", "path": "/data/c"}], {"a": "1", "b": "2", "c": "1"}),
        ([{"op": "copy", "from": "/data/absent", "path": "/data/c"}], {"a": "1", "b": "2", "c": ""}),
        ([{"op": "test", "path": "/data/a", "value": "1"}, {"op": "remove", "path": "/data/b"}], {"a": "1"}),
        ([{"op": "test", "path": "/data/absent"}], {"a": "1", "b": "2"}),
        ([{"op": "test", "path": "/absent", "value": None}], {"a": "1", "b": "2"}),
        ([{"op": "add", "path": "/data"}], None),
        ([], {"a": "1", "b": "2"}),
        (None, {"a": "1", "b": "2"}),
    ],
)
async def test_json_operations_do_what_they_say(api: Api, path: str, operations: Any, data: Any) -> None:
    assert await data_after(api, path, json.dumps(operations).encode(), JSON) == data


async def test_json_operations_reach_into_lists(api: Api, path: str) -> None:
    await api.merge(path, {"metadata": {"finalizers": ["a.b/one", "a.b/two"]}})
    operations = [
        {"op": "add", "path": "/metadata/finalizers/0", "value": "a.b/zero"},
        {"op": "add", "path": "/metadata/finalizers/-", "value": "a.b/three"},
        {"op": "remove", "path": "/metadata/finalizers/-2"},
        {"op": "replace", "path": "/metadata/finalizers/1", "value": "a.b/uno"},
    ]

    reply = await api("PATCH", path, operations, type_=JSON)
    await api.merge(path, {"metadata": {"finalizers": None}})

    assert reply.body["metadata"]["finalizers"] == ["a.b/zero", "a.b/uno", "a.b/three"]


async def test_json_paths_escape_what_would_lead_astray(api: Api, path: str) -> None:
    operations = [{"op": "add", "path": "/metadata/labels/a.b~1c", "value": "d"}]

    reply = await api("PATCH", path, operations, type_=JSON)

    assert reply.body["metadata"]["labels"] == {"x": "y", "a.b/c": "d"}


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "test", "path": "/data/a", "value": "9"}],
        [{"op": "test", "path": "/data/absent", "value": "9"}],
        [{"op": "remove", "path": "/data/absent"}],
        [{"op": "add", "path": "/absent/deeper", "value": "1"}],
        [{"op": "replace", "path": "/absent/deeper", "value": "1"}],
        [{"op": "move", "from": "/data/absent", "path": "/data/c"}],
        [{"op": "add", "path": "/metadata/finalizers/0", "value": "a.b/c"}],
        [{"op": "add", "path": "", "value": {}}],
        [{"op": "remove", "path": ""}],
        [{"op": "jump", "path": "/data"}],
        [{"op": "add"}],
        [{"path": "/data"}],
        [{}],
        [None],
    ],
    ids=json.dumps,
)
async def test_operations_that_do_not_fit_are_refused_together(api: Api, path: str, operations: Any) -> None:
    before = await api.get(path)

    reply = await api("PATCH", path, [{"op": "add", "path": "/data/new", "value": "1"}, *operations], type_=JSON)

    assert told(reply) == DOES_NOT_FIT
    assert await api.get(path) == before


@pytest.mark.parametrize(
    ("patch", "why"),
    [
        (b"", "unexpected end of JSON input"),
        (b"{", "unexpected end of JSON input"),
        (b"[]", "json: cannot unmarshal array into Go value of type map[string]interface {}"),
        (b"1", "json: cannot unmarshal number into Go value of type map[string]interface {}"),
        (b'"x"', "json: cannot unmarshal string into Go value of type map[string]interface {}"),
    ],
)
async def test_a_merge_patch_is_an_object(api: Api, path: str, patch: bytes, why: str) -> None:
    assert told(await api("PATCH", path, patch, type_=MERGE)) == bad_request(f"error decoding patch: {why}")
    assert told(await api("PATCH", path, patch, type_=STRATEGIC)) == bad_request(why)


async def test_null_is_a_strategic_patch_and_no_merge_patch(api: Api, path: str) -> None:
    assert told(await api("PATCH", path, b"null", type_=MERGE)) == bad_request("Invalid JSON Patch")
    assert await data_after(api, path, b"null", STRATEGIC) == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("patch", "why"),
    [
        (b"{", "unexpected end of JSON input"),
        (b"{}", "json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"),
        (b"1", "json: cannot unmarshal number into Go value of type []handlers.jsonPatchOp"),
        (b"[1]", "json: cannot unmarshal number into Go value of type handlers.jsonPatchOp"),
        (b'[{"op": 1}]', "json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string"),
        (b'[{"path": []}]', "json: cannot unmarshal array into Go struct field jsonPatchOp.path of type string"),
    ],
)
async def test_a_json_patch_is_a_list_of_operations(api: Api, path: str, patch: bytes, why: str) -> None:
    assert told(await api("PATCH", path, patch, type_=JSON)) == bad_request(f"error decoding patch: {why}")


async def test_a_json_patch_has_at_most_ten_thousand_operations(api: Api, path: str) -> None:
    reply = await api("PATCH", path, [{"op": "test", "path": "/data/a", "value": "1"}] * 10_001, type_=JSON)

    assert told(reply) == failure(
        413,
        "RequestEntityTooLarge",
        "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001",
    )


@pytest.mark.parametrize("type_", ["application/json", "text/plain", "application/xml;x=y", MERGE.upper()])
async def test_other_types_of_patches_are_refused(api: Api, path: str, type_: str) -> None:
    reply = await api("PATCH", path, {}, type_=type_)

    assert told(reply) == failure(415, "UnsupportedMediaType", "415: Unsupported Media Type", details={})


@pytest.mark.parametrize("type_", [STRATEGIC, "application/json", "text/plain"])
async def test_custom_kinds_name_the_patches_that_they_take(api: Api, group: str, namespace: str, type_: str) -> None:
    things = await serve_things(api, group, namespace)
    await api.create(things, thing(group))

    reply = await api("PATCH", f"{things}/a", {}, type_=type_)

    assert (reply.status, reply.body["reason"]) == (415, "UnsupportedMediaType")
    assert reply.body["message"].startswith(
        f"the body of the request was in an unknown format - accepted media types include: {JSON}, {MERGE}"
    )


@pytest.mark.parametrize("type_", [f"{MERGE}; charset=utf-8", f"{MERGE};charset=UTF-8"])
async def test_a_type_may_have_parameters(api: Api, path: str, type_: str) -> None:
    assert await data_after(api, path, {"data": {"a": "3"}}, type_) == {"a": "3", "b": "2"}


@pytest.mark.parametrize("type_", [MERGE, STRATEGIC])
async def test_nothing_absent_is_patched(api: Api, namespace: str, type_: str) -> None:
    reply = await api("PATCH", f"/api/v1/namespaces/{namespace}/configmaps/absent", {}, type_=type_)

    assert told(reply) == not_found("configmaps", "absent")


@pytest.mark.parametrize("type_", [MERGE, STRATEGIC])
async def test_a_patch_does_not_move_an_object(api: Api, path: str, type_: str) -> None:
    async def refused(metadata: Any) -> Any:
        return told(await api("PATCH", path, {"metadata": metadata}, type_=type_))

    assert await refused({"name": "b"}) == bad_request(
        "the name of the object (b) does not match the name on the URL (a)"
    )
    assert await refused({"name": None}) == bad_request(
        "the name of the object (a based on URL) was undeterminable: name must be provided"
    )
    assert await refused({"namespace": "b"}) == bad_request(OTHER_NAMESPACE)


async def test_a_patch_of_an_old_state_conflicts(api: Api, path: str) -> None:
    old = (await api.get(path))["metadata"]["resourceVersion"]
    await api.merge(path, {"data": {"a": "3"}})
    patch = {"metadata": {"resourceVersion": old}, "data": {"a": "4"}}

    reply = await api("PATCH", path, patch, type_=MERGE)

    why = "the object has been modified; please apply your changes to the latest version and try again"
    assert told(reply) == conflict("configmaps", "a", why)


@pytest.mark.parametrize("type_", [MERGE, JSON])
@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        (
            "apiVersion",
            "v9",
            'no kind "ConfigMap" is registered for version "v9" in scheme "pkg/runtime/scheme.go:111"',
        ),
        ("kind", "Nope", 'no kind "Nope" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"'),
        ("data", 1, "json: cannot unmarshal number into Go struct field ConfigMap.data of type map[string]string"),
        ("immutable", "x", "json: cannot unmarshal string into Go struct field ConfigMap.immutable of type bool"),
    ],
)
async def test_a_patched_object_must_fit_its_kind(
    api: Api, path: str, type_: str, field: str, value: Any, why: str
) -> None:
    patch: Any = {field: value} if type_ == MERGE else [{"op": "add", "path": f"/{field}", "value": value}]
    before = await api.get(path)

    document, said = patched_and_why(await api("PATCH", path, patch, type_=type_))

    document["metadata"].pop("managedFields", None)
    before["metadata"].pop("managedFields", None)
    assert (document, said) == (before | {field: value}, why)


async def test_a_custom_object_stays_what_it_is(api: Api, group: str, namespace: str) -> None:
    things = await serve_things(api, group, namespace)
    await api.create(things, thing(group))

    async def patch(**fields: Any) -> Reply:
        return await api("PATCH", f"{things}/a", fields, type_=MERGE)

    assert told(await patch(kind="Secret")) == invalid(
        f"Secret.{group}", "a", ("kind", "Invalid", 'Invalid value: "Secret": must be Thing')
    )
    assert told(await patch(apiVersion="v9")) == invalid(
        "Thing", "a", ("apiVersion", "Invalid", f'Invalid value: "v9": must be {group}/v1')
    )
    assert patched_and_why(await patch(kind=None))[1].startswith("Object 'Kind' is missing in '{")


@pytest.mark.parametrize(
    ("patch", "outcome"),
    [
        ({"$deleteFromPrimitiveList/finalizers": 3}, ["a.b/c"]),
        ({"$deleteFromPrimitiveList/finalizers": None}, None),
        ({"$deleteFromPrimitiveList/finalizers": ["a.b/c"]}, None),
        ({"$setElementOrder/finalizers": 3}, "expected a []interface {}, but received a int64"),
        ({"$setElementOrder/finalizers": None}, "expected a []interface {}, but received a %!s(<nil>)"),
        (
            {"$setElementOrder/finalizers": ["z.b/c"], "finalizers": ["q.b/c", "z.b/c"]},
            "The order in patch list:\n[q.b/c z.b/c]\n doesn't match $setElementOrder list:\n[z.b/c]\n",
        ),
        (
            {"$setElementOrder/ownerReferences": [{"uid": "q"}], "ownerReferences": []},
            "no elements in any of the given slices",
        ),
    ],
)
async def test_odd_directives_of_strategic_patches(api: Api, namespace: str, patch: Any, outcome: Any) -> None:
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    await api.create(maps, {"metadata": {"name": "held", "finalizers": ["a.b/c"]}})

    reply = await api("PATCH", f"{maps}/held", {"metadata": patch}, type_=STRATEGIC)
    await api.merge(f"{maps}/held", {"metadata": {"finalizers": None}})

    if isinstance(outcome, str):
        assert (reply.status, reply.body["message"]) == (500, outcome)
    else:
        assert (reply.status, reply.body["metadata"].get("finalizers")) == (200, outcome)


async def test_a_strategic_patch_merges_lists_by_key(api: Api, namespace: str) -> None:
    deployments = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    containers = [
        {"name": "one", "image": "i:1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
        {"name": "two", "image": "i:1"},
    ]
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": containers}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    await api.create(deployments, {"metadata": {"name": "d"}, "spec": spec})
    changes = [
        {"name": "one", "image": "i:2", "env": [{"name": "B", "$patch": "delete"}, {"name": "C", "value": "3"}]},
        {"name": "three", "image": "i:1"},
    ]
    patch = {
        "spec": {"template": {"spec": {"containers": changes, "tolerations": [{"key": "k", "operator": "Exists"}]}}}
    }

    reply = await api("PATCH", f"{deployments}/d", patch, type_=STRATEGIC)

    pod = reply.body["spec"]["template"]["spec"]
    shown = [(c["name"], c["image"], [v["name"] for v in c.get("env", [])]) for c in pod["containers"]]
    # The order of the patch, and what it does not name behind what is new.
    assert shown == [("one", "i:2", ["C", "A"]), ("three", "i:1", []), ("two", "i:1", [])]
    assert pod["tolerations"] == [{"key": "k", "operator": "Exists"}]
    assert reply.body["metadata"]["generation"] == 2


async def test_a_field_may_not_be_validated_in_a_way_that_is_not_known(api: Api, path: str) -> None:
    wrong = 'Unsupported value: "Nope": supported values: "", "Ignore", "Strict", "Warn"'
    maps = path.removesuffix("/a")

    for method, place, body, options in (
        ("POST", maps, {"metadata": {"name": "b"}}, "CreateOptions"),
        ("PUT", path, {"metadata": {"name": "a"}}, "UpdateOptions"),
    ):
        reply = await api(method, f"{place}?fieldValidation=Nope", body)
        assert told(reply) == invalid(f"{options}.meta.k8s.io", "", ("fieldValidation", "NotSupported", wrong))
    reply = await api("PATCH", f"{path}?fieldValidation=Nope", {}, type_=MERGE)
    assert told(reply) == invalid("PatchOptions.meta.k8s.io", "", ("fieldValidation", "NotSupported", wrong))


async def test_a_deep_object_is_stored(api: Api, group: str, namespace: str) -> None:
    things = await serve_things(api, group, namespace)
    await api.create(things, thing(group))
    deep: Any = {}
    for _ in range(100):
        deep = {"a": deep, "b": [deep]} if len(str(deep)) < 100 else {"a": deep}

    patched = await api.merge(f"{things}/a", {"spec": {"open": deep}})

    assert stored(patched)["spec"] == {"open": deep}
