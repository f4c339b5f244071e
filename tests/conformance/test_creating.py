"""New objects: what is stored of them, where they may be put, and what no body may be."""

import re
from typing import Any

import pytest
from tests.conformance.comparing import bad_request, invalid, not_found, stored, told
from tests.conformance.statuses import failure
from tests.conformance.things import serve_things, thing
from tests.raw_api import Api

TYPE_META = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
ACCEPTED = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
UNREADABLE = "the object provided is unrecognized (must be of type ConfigMap): "


@pytest.fixture
def maps(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/configmaps"


async def test_a_new_object_is_stored_as_go_would_write_it(api: Api, maps: str, namespace: str) -> None:
    empty = {"name": "a", "labels": {"x": None}, "annotations": {}, "finalizers": [], "ownerReferences": None}

    reply = await api("POST", maps, {"metadata": empty, "data": {"a": None}, "binaryData": {}, "immutable": None})

    assert reply.status == 201
    assert stored(reply.body) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": namespace, "labels": {"x": ""}},
        "data": {"a": ""},
    }
    assert await api.get(f"{maps}/a") == reply.body


async def test_what_only_the_server_sets_is_taken_from_nobody(api: Api, maps: str, namespace: str) -> None:
    sent = {
        "name": "a",
        "uid": "mine",
        "creationTimestamp": "2020-01-01T00:00:00Z",
        "deletionTimestamp": "2020-01-01T00:00:00Z",
        "deletionGracePeriodSeconds": 3,
        "selfLink": "/x",
        "resourceVersion": "not a number",
    }

    made = await api.create(maps, {"metadata": sent})

    assert stored(made)["metadata"] == {"name": "a", "namespace": namespace}
    assert made["metadata"]["uid"] != "mine"
    assert not made["metadata"]["creationTimestamp"].startswith("2020")


async def test_a_custom_object_gets_a_generation_and_no_status(api: Api, group: str, namespace: str) -> None:
    things = await serve_things(api, group, namespace)

    made = await api.create(things, thing(group, spec={"text": "t"}, status={"phase": "x"}))

    assert stored(made) == thing(group, metadata={"namespace": namespace, "generation": 1}, spec={"text": "t"})


async def test_a_name_is_generated_where_none_is_given(api: Api, maps: str) -> None:
    made = await api.create(maps, {"metadata": {"generateName": "web-"}})
    named = await api.create(maps, {"metadata": {"generateName": "web-", "name": "own"}})

    assert re.fullmatch("web-[bcdfghjklmnpqrstvwxz2456789]{5}", made["metadata"]["name"])
    assert (made["metadata"]["generateName"], named["metadata"]["name"]) == ("web-", "own")


async def test_a_long_prefix_is_cut(api: Api, maps: str) -> None:
    made = await api.create(maps, {"metadata": {"generateName": "x" * 200}})

    assert re.fullmatch("x{58}[bcdfghjklmnpqrstvwxz2456789]{5}", made["metadata"]["name"])


async def test_an_object_without_a_name_is_refused(api: Api, maps: str) -> None:
    required = ("metadata.name", "Required", "Required value: name or generateName is required")

    for body in ({}, {"metadata": {}}, {"metadata": None}, None):
        reply = await api("POST", maps, b"null" if body is None else body)
        assert told(reply) == invalid("ConfigMap", "", required)


async def test_a_name_is_taken_only_once(api: Api, maps: str) -> None:
    await api.create(maps, {"metadata": {"name": "a"}})

    assert told(await api("POST", maps, {"metadata": {"name": "a"}})) == failure(
        409, "AlreadyExists", 'configmaps "a" already exists', details={"name": "a", "kind": "configmaps"}
    )


async def test_a_custom_object_exists_under_the_full_name_of_its_kind(api: Api, group: str, namespace: str) -> None:
    things = await serve_things(api, group, namespace)
    await api.create(things, thing(group))

    assert told(await api("POST", things, thing(group))) == failure(
        409,
        "AlreadyExists",
        f'things.{group} "a" already exists',
        details={"name": "a", "group": group, "kind": "things"},
    )


async def test_an_object_belongs_where_it_is_sent(api: Api, maps: str) -> None:
    elsewhere = await api("POST", maps, {"metadata": {"name": "a", "namespace": "other"}})
    absent = await api("POST", "/api/v1/namespaces/absent/configmaps", {"metadata": {"name": "a"}})

    assert told(elsewhere) == bad_request(
        "the namespace of the provided object does not match the namespace sent on the request"
    )
    assert told(absent) == not_found("namespaces", "absent")


async def test_a_new_object_cannot_be_sent_to_a_name_or_to_all_namespaces(api: Api, maps: str) -> None:
    refused = failure(
        405, "MethodNotAllowed", "the server does not allow this method on the requested resource", details={}
    )

    for method, path in (
        ("POST", f"{maps}/a"),
        ("PUT", maps),
        ("POST", "/api/v1/configmaps"),
        ("DELETE", "/api/v1/configmaps"),
    ):
        assert told(await api(method, path, {"metadata": {"name": "a"}})) == refused


async def test_a_kind_is_not_served_where_its_scope_does_not_allow_it(api: Api, namespace: str) -> None:
    refused = failure(404, "NotFound", "the server could not find the requested resource", details={})

    for path in (f"/api/v1/namespaces/{namespace}/nodes", f"/api/v1/namespaces/{namespace}/nope"):
        assert told(await api("POST", path, {"metadata": {"name": "a"}})) == refused


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"kind": "Secret"}, 'Secret in version "v1" {}: converting (v1.Secret) to (core.ConfigMap): {}'),
        (
            {"kind": "Deployment", "apiVersion": "apps/v1"},
            'Deployment in version "v1" {}: converting (v1.Deployment) to (core.ConfigMap): {}',
        ),
        ({"kind": "Nope"}, 'Nope in version "v1" {}: no kind "Nope" is registered for version "v1" in scheme "{}"'),
        (
            {"apiVersion": "v2"},
            'ConfigMap in version "v2" {}: no kind "ConfigMap" is registered for version "v2" in scheme "{}"',
        ),
        (
            {"apiVersion": "nope/v1"},
            'ConfigMap in version "v1" {}: no kind "ConfigMap" is registered for version "nope/v1" in scheme "{}"',
        ),
    ],
)
async def test_a_body_of_another_kind_is_refused(api: Api, maps: str, stated: Any, message: str) -> None:
    why = "unknown conversion" if "converting" in message else "pkg/runtime/scheme.go:111"

    reply = await api("POST", maps, {"metadata": {"name": "a"}, **stated})

    assert told(reply) == bad_request(message.format("cannot be handled as a ConfigMap", why))


async def test_a_custom_object_says_what_it_is(api: Api, group: str, namespace: str) -> None:
    things = await serve_things(api, group, namespace)
    expected = f"does not match the expected API version ({group}/v1)"

    nameless = await api("POST", things, b'{"metadata":{"name":"a"}}')
    versionless = await api("POST", things, {"kind": "Thing", "metadata": {"name": "a"}})
    other_version = await api("POST", things, thing(group) | {"apiVersion": f"{group}/v2"})
    other_kind = await api("POST", things, thing(group) | {"kind": "Nope"})

    assert told(nameless) == bad_request(
        "the object provided is unrecognized (must be of type Thing): Object 'Kind' is missing in"
        """ '{"metadata":{"name":"a"}}' ({"metadata":{"name":"a"}})"""
    )
    assert told(versionless) == bad_request(f"the API version in the data () {expected}")
    assert told(other_version) == bad_request(f"the API version in the data ({group}/v2) {expected}")
    assert told(other_kind) == invalid(
        f"Nope.{group}", "a", ("kind", "Invalid", 'Invalid value: "Nope": must be Thing')
    )


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "unexpected end of JSON input ({)"),
        (b"{} {}", "invalid character '{' after top-level value ({} {})"),
        (b"\xff\xfe", "invalid character 'ÿ' looking for beginning of value (fffe)"),
        (b"[]", f"json: cannot unmarshal array into Go value of type {TYPE_META} (5b5d)"),
        (b"1", f"json: cannot unmarshal number into Go value of type {TYPE_META} (31)"),
        (b'"x"', f"json: cannot unmarshal string into Go value of type {TYPE_META} (227822)"),
        (b'{"kind": 1}', 'json: cannot unmarshal number into Go struct field .kind of type string ({"kind": 1})'),
        (
            b'{"apiVersion": {}, "metadata": {"name": "a"}}',
            (
                "json: cannot unmarshal object into Go struct field .apiVersion of type string"
                ' ({"apiVersion": {}, "metadata": ...)'
            ),
        ),
    ],
    ids=["cut off", "two", "no text", "list", "number", "text", "kind", "version"],
)
async def test_a_body_that_is_no_object_is_shown(api: Api, maps: str, body: bytes, why: str) -> None:
    assert told(await api("POST", maps, body)) == bad_request(
        f"{UNREADABLE}couldn't get version/kind; json parse error: {why}"
    )


async def test_an_empty_body_is_no_object(api: Api, maps: str) -> None:
    assert told(await api("POST", maps, b"")) == bad_request(
        f"{UNREADABLE}couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)"
    )


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"a: [", "yaml: line 1: did not find expected node content (613a205b)"),
        (
            b"- a",
            (
                "couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type"
                f" {TYPE_META} (2d2061)"
            ),
        ),
    ],
    ids=["broken", "list"],
)
async def test_yaml_that_is_no_object_is_shown(api: Api, maps: str, body: bytes, why: str) -> None:
    assert told(await api("POST", maps, body, type_="application/yaml")) == bad_request(UNREADABLE + why)


@pytest.mark.parametrize("type_", ["application/yaml", "application/json; charset=utf-8", "APPLICATION/JSON"])
async def test_json_and_yaml_are_read(api: Api, maps: str, type_: str) -> None:
    reply = await api("POST", maps, {"metadata": {"name": "a"}, "data": {"b": "c"}}, type_=type_)

    assert (reply.status, reply.body["data"]) == (201, {"b": "c"})


async def test_of_several_yaml_documents_the_first_counts(api: Api, maps: str) -> None:
    reply = await api("POST", maps, b"metadata: {name: a}\n---\nmetadata: {name: b}\n", type_="application/yaml")

    assert (reply.status, reply.body["metadata"]["name"]) == (201, "a")


@pytest.mark.parametrize(
    "type_", ["application/xml", "text/plain", "nonsense", "application/octet-stream", "application/json;x"]
)
async def test_other_media_types_are_refused(api: Api, maps: str, type_: str) -> None:
    message = f"the body of the request was in an unknown format - accepted media types include: {ACCEPTED}"

    reply = await api("POST", maps, {"metadata": {"name": "a"}}, type_=type_)

    assert told(reply) == failure(415, "UnsupportedMediaType", message)


async def test_a_body_has_at_most_three_mebibytes(api: Api, maps: str) -> None:
    reply = await api("POST", maps, {"metadata": {"name": "a"}, "data": {"x": "y" * 3 * 2**20}})

    assert told(reply) == failure(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728")


async def test_an_object_with_owners_named_twice_keeps_one(api: Api, maps: str) -> None:
    uid = (await api.create(maps, {"metadata": {"name": "owner"}}))["metadata"]["uid"]
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}
    warning = (
        '299 - ".metadata.ownerReferences contains duplicate entries{}; API server dedups owner references in 1.20+,'
        " and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed:"
        f' {uid}"'
    )

    made = await api("POST", maps, {"metadata": {"name": "a", "ownerReferences": [owner, owner]}})
    patch = {"metadata": {"ownerReferences": [owner, {**owner, "controller": False}, owner]}}
    patched = await api("PATCH", f"{maps}/a", patch, type_="application/merge-patch+json")

    assert (made.status, made.body["metadata"]["ownerReferences"]) == (201, [owner])
    assert made.warnings == (warning.format(""),)
    assert patched.body["metadata"]["ownerReferences"] == [owner, {**owner, "controller": False}]
    assert patched.warnings == (warning.format(" after mutating admission happens"),)


async def test_nothing_new_begins_in_a_namespace_that_ends(api: Api, maps: str, namespace: str) -> None:
    await api.create(maps, {"metadata": {"name": "held", "finalizers": ["x.example.com/y"]}})
    await api.delete(f"/api/v1/namespaces/{namespace}")

    reply = await api("POST", maps, {"metadata": {"name": "a"}})
    await api.merge(f"{maps}/held", {"metadata": {"finalizers": None}})

    cause = {
        "reason": "NamespaceTerminating",
        "message": f"namespace {namespace} is being terminated",
        "field": "metadata.namespace",
    }
    assert told(reply) == failure(
        403,
        "Forbidden",
        f'configmaps "a" is forbidden: unable to create new content in namespace {namespace} because it is being'
        " terminated",
        details={"name": "a", "kind": "configmaps", "causes": [cause]},
    )


async def test_what_is_found_twice_is_told_once(api: Api, namespace: str) -> None:
    annotations = {"a b": "c", "A B": "c"}
    same = {
        "metadata": {"name": "a", "annotations": annotations},
        "spec": {"containers": [{"name": "c", "image": "i"}] * 3},
    }

    reply = await api("POST", f"/api/v1/namespaces/{namespace}/pods", same)

    assert reply.status == 422
    assert reply.body["message"].count("spec.containers") == 2
    assert reply.body["message"].count('Duplicate value: "c"') == 2
