"""Create, update, patch: what may change, what is kept, what is refused in which words."""

import asyncio
from typing import Any

import pytest
from tests.apiserver.conftest import Api
from tests.apiserver.widgets import config_map, widget

MERGE = "application/merge-patch+json"
MAPS = "/api/v1/namespaces/default/configmaps"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"


async def test_a_new_object_gets_what_only_the_server_gives(api: Api, widgets: str) -> None:
    made = await api.create(widgets, widget("a", uid="mine", generation=7, creationTimestamp=None))

    metadata = made["metadata"]
    assert metadata["generation"] == 1
    assert metadata["uid"] not in ("", "mine")
    assert metadata["namespace"] == "default"
    assert metadata["creationTimestamp"].endswith("Z")
    assert int(metadata["resourceVersion"]) > 1
    assert made["spec"] == {"size": 1, "color": "red"}


async def test_a_generated_name_continues_the_prefix(api: Api) -> None:
    made = [await api.create(MAPS, {"metadata": {"generateName": "x-"}}) for _ in range(3)]

    found = {item["metadata"]["name"] for item in made}
    assert len(found) == 3
    assert all(name.startswith("x-") and len(name) == 7 for name in found)


async def test_a_taken_name_already_exists(api: Api) -> None:
    await api.create(MAPS, config_map("a"))

    reply = await api("POST", MAPS, config_map("a"))

    assert (reply.status, reply.body["reason"]) == (409, "AlreadyExists")
    assert reply.body["message"] == 'configmaps "a" already exists'


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"metadata": {}}, 422, "metadata.name: Required value: name or generateName is required"),
        ({"metadata": {"name": "Not_Good"}}, 422, 'metadata.name: Invalid value: "Not_Good"'),
        ({"metadata": {"name": "a", "labels": {"x": "b ad"}}}, 422, "metadata.labels: Invalid value"),
        ({"metadata": {"name": "a", "namespace": "other"}}, 400, "the namespace of the provided object does not match"),
        ({"metadata": {"name": "a", "resourceVersion": "5"}}, 400, "resourceVersion should not be set"),
        ({"metadata": {"name": "a", "finalizers": ["x"]}}, 422, "neither a standard finalizer name"),
        ({"metadata": {"name": "a", "labels": {"x": 1}}}, 400, "metadata.labels"),
        ({"metadata": "a"}, 400, "metadata: expected an object"),
        ({"kind": "Secret", "metadata": {"name": "a"}}, 400, "cannot be handled as a ConfigMap"),
        ({"apiVersion": "v2", "metadata": {"name": "a"}}, 400, "does not match the expected API version (v1)"),
        ({"metadata": {"name": "a"}, "data": []}, 400, "data: expected an object"),
        ({"metadata": {"name": "a"}, "data": {"x": 1}}, 422, "data[x]"),
        ([], 400, "the body of the request is no object"),
        (b"{", 400, "the body of the request cannot be read"),
        (b"\xff\xfe", 400, "the body of the request cannot be read"),
        (b"[" * 100_000, 400, "the body of the request cannot be read"),
    ],
)
async def test_a_wrong_object_is_refused_in_one_sentence(api: Api, body: Any, status: int, message: str) -> None:
    reply = await api("POST", MAPS, body)

    assert reply.status == status, reply.body
    assert message in reply.body["message"]


async def test_invalid_fields_are_causes(api: Api, widgets: str) -> None:
    wrong = widget("a") | {"spec": {"size": -1, "color": "green"}}

    reply = await api("POST", widgets, wrong)

    assert (reply.status, reply.body["reason"]) == (422, "Invalid")
    assert reply.body["details"]["kind"] == "Widget"
    assert {cause["field"] for cause in reply.body["details"]["causes"]} == {"spec.size", ".spec.size", "spec.color"}


async def test_unknown_fields_are_dropped_warned_of_or_refused(api: Api, widgets: str) -> None:
    wrong = widget("a") | {"spec": {"size": 1, "colr": "x", "free": {"any": 1}}, "extra": 1}

    strict = await api("POST", f"{widgets}?fieldValidation=Strict", wrong)
    warned = await api("POST", f"{widgets}?fieldValidation=Warn", wrong)

    assert strict.status == 400
    assert 'strict decoding error: unknown field "extra", unknown field "spec.colr"' in strict.body["message"]
    assert warned.status == 201
    assert 'unknown field \\"spec.colr\\"' in warned.headers["Warning"]
    assert warned.body["spec"] == {"size": 1, "color": "red", "free": {"any": 1}}
    ignored = await api("PATCH", f"{widgets}/a?fieldValidation=Ignore", {"extra": 2}, type_=MERGE)
    assert (ignored.status, "Warning" in ignored.headers) == (200, False)


async def test_generation_counts_changes_of_the_wish_only(api: Api, widgets: str) -> None:
    await api.create(widgets, widget("a"))

    labeled = await api.merge(f"{widgets}/a", {"metadata": {"labels": {"x": "1"}}})
    grown = await api.merge(f"{widgets}/a", {"spec": {"size": 2}})
    ready = await api.merge(f"{widgets}/a/status", {"status": {"ready": True}})

    assert [obj["metadata"]["generation"] for obj in (labeled, grown, ready)] == [1, 2, 2]


async def test_status_and_the_rest_are_written_apart(api: Api, widgets: str) -> None:
    await api.create(widgets, widget("a") | {"status": {"ready": True}})
    assert "status" not in await api.get(f"{widgets}/a")

    by_status = await api.merge(f"{widgets}/a/status", {"spec": {"size": 9}, "status": {"ready": True}})
    by_object = await api.merge(f"{widgets}/a", {"spec": {"size": 2}, "status": {"ready": False}})

    assert (by_status["spec"]["size"], by_status["status"]) == (1, {"ready": True})
    assert (by_object["spec"]["size"], by_object["status"]) == (2, {"ready": True})


async def test_a_stale_revision_is_a_conflict_and_no_revision_is_last_wins(api: Api) -> None:
    old = await api.create(MAPS, config_map("a"))
    new = await api.merge(f"{MAPS}/a", {"data": {"x": "1"}})

    stale = await api("PUT", f"{MAPS}/a", old)
    fresh = await api("PUT", f"{MAPS}/a", new | {"data": {"x": "2"}})
    unconditional = await api("PUT", f"{MAPS}/a", config_map("a", {"x": "3"}))

    assert (stale.status, stale.body["reason"]) == (409, "Conflict")
    assert stale.body["message"] == (
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to'
        " the latest version and try again"
    )
    assert (fresh.status, unconditional.status, unconditional.body["data"]) == (200, 200, {"x": "3"})


async def test_a_custom_object_is_replaced_only_with_its_revision(api: Api, widgets: str) -> None:
    await api.create(widgets, widget("a"))

    reply = await api("PUT", f"{widgets}/a", widget("a", 5))

    assert reply.status == 422
    assert "metadata.resourceVersion: Invalid value: 0: must be specified for an update" in reply.body["message"]


async def test_a_patch_can_be_conditional(api: Api, widgets: str) -> None:
    old = await api.create(widgets, widget("a"))
    await api.merge(f"{widgets}/a", {"spec": {"size": 2}})
    patch = {"metadata": {"resourceVersion": old["metadata"]["resourceVersion"]}, "spec": {"size": 3}}

    reply = await api("PATCH", f"{widgets}/a", patch, type_=MERGE)

    assert (reply.status, reply.body["reason"]) == (409, "Conflict")


async def test_a_write_that_changes_nothing_makes_no_revision(api: Api, widgets: str) -> None:
    made = await api.create(widgets, widget("a"))

    same = await api.merge(f"{widgets}/a", {"spec": {"size": 1}})

    assert same == made


async def test_what_the_server_gave_cannot_be_changed(api: Api) -> None:
    made = await api.create(MAPS, config_map("a"))

    changed = await api.merge(
        f"{MAPS}/a",
        {"metadata": {"creationTimestamp": "2001-01-01T00:00:00Z", "deletionTimestamp": "2001-01-01T00:00:00Z"}},
    )
    other_uid = await api("PATCH", f"{MAPS}/a", {"metadata": {"uid": "x"}}, type_=MERGE)
    renamed = await api("PATCH", f"{MAPS}/a", {"metadata": {"name": "b"}}, type_=MERGE)

    assert changed == made
    assert (other_uid.status, renamed.status) == (409, 400)


async def test_many_writers_of_one_object_lose_nothing(api: Api) -> None:
    await api.create(MAPS, config_map("a"))
    async with asyncio.TaskGroup() as group:
        for index in range(30):
            group.create_task(api.merge(f"{MAPS}/a", {"data": {f"k{index}": "v"}}))

    assert len((await api.get(f"{MAPS}/a"))["data"]) == 30


async def test_json_patches_are_tested_and_applied(api: Api) -> None:
    await api.create(MAPS, config_map("a", {"x": "1"}))
    good = [{"op": "test", "path": "/data/x", "value": "1"}, {"op": "replace", "path": "/data/x", "value": "2"}]
    bad = [{"op": "test", "path": "/data/x", "value": "1"}]

    assert (await api("PATCH", f"{MAPS}/a", good, type_=JSON_PATCH)).body["data"] == {"x": "2"}
    reply = await api("PATCH", f"{MAPS}/a", bad, type_=JSON_PATCH)
    assert (reply.status, reply.body["reason"]) == (422, "Invalid")


async def test_strategic_merge_is_for_built_in_kinds(api: Api, widgets: str) -> None:
    await api.create(widgets, widget("a"))
    pod = {
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", "image": "i"}, {"name": "d", "image": "i"}]},
    }
    await api.create("/api/v1/namespaces/default/pods", pod)
    patch = {"spec": {"containers": [{"name": "d", "image": "j"}]}}

    custom = await api("PATCH", f"{widgets}/a", {"spec": {"size": 2}}, type_=STRATEGIC)
    built_in = await api("PATCH", "/api/v1/namespaces/default/pods/p", patch, type_=STRATEGIC)

    assert (custom.status, custom.body["reason"]) == (415, "UnsupportedMediaType")
    assert [item["image"] for item in built_in.body["spec"]["containers"]] == ["i", "j"]


async def test_secrets_take_plain_text_and_refuse_what_is_not_base64(api: Api) -> None:
    path = "/api/v1/namespaces/default/secrets"
    made = await api.create(path, {"metadata": {"name": "s"}, "stringData": {"a": "b"}, "data": {"c": "ZA=="}})
    wrong = await api("POST", path, {"metadata": {"name": "t"}, "data": {"password": "hunter2!"}})

    assert (made["data"], made["type"], "stringData" in made) == ({"a": "Yg==", "c": "ZA=="}, "Opaque", False)
    assert wrong.status == 422
    assert "hunter2" not in wrong.body["message"]


async def test_an_immutable_config_map_stays(api: Api) -> None:
    await api.create(MAPS, config_map("a", {"x": "1"}) | {"immutable": True})

    reply = await api("PATCH", f"{MAPS}/a", {"data": {"x": "2"}}, type_=MERGE)

    assert reply.status == 422
    assert "field is immutable when `immutable` is set" in reply.body["message"]


async def test_scale_is_read_and_written_as_a_scale(api: Api, widgets: str) -> None:
    await api.create(widgets, widget("a", 2) | {"spec": {"size": 2, "selector": "x=y"}})
    await api.merge(f"{widgets}/a/status", {"status": {"size": 1}})

    scale = await api.get(f"{widgets}/a/scale")
    assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert (scale["spec"], scale["status"]) == ({"replicas": 2}, {"replicas": 1, "selector": "x=y"})

    scale["spec"]["replicas"] = 4
    assert (await api("PUT", f"{widgets}/a/scale", scale)).status == 200
    stale = await api("PUT", f"{widgets}/a/scale", scale)
    negative = await api("PATCH", f"{widgets}/a/scale", {"spec": {"replicas": -1}}, type_=MERGE)

    assert (await api.get(f"{widgets}/a"))["spec"]["size"] == 4
    assert (stale.status, negative.status) == (409, 422)


async def test_a_pod_is_bound_once(api: Api) -> None:
    pods = "/api/v1/namespaces/default/pods"
    await api.create(pods, {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}})
    binding = {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n"}}

    first = await api("POST", f"{pods}/p/binding", binding)
    second = await api("POST", f"{pods}/p/binding", binding)

    pod = await api.get(f"{pods}/p")
    assert (first.status, second.status) == (201, 409)
    assert pod["spec"]["nodeName"] == "n"
    assert pod["status"]["conditions"][0]["type"] == "PodScheduled"
    assert (pod["status"]["phase"], pod["spec"]["restartPolicy"]) == ("Pending", "Always")


async def test_objects_go_into_namespaces_that_exist(api: Api) -> None:
    reply = await api("POST", "/api/v1/namespaces/nowhere/configmaps", config_map("a"))

    assert (reply.status, reply.body["message"]) == (404, 'namespaces "nowhere" not found')


async def test_each_namespace_comes_with_an_account_and_the_authority(api: Api) -> None:
    await api.create("/api/v1/namespaces", {"metadata": {"name": "new"}})

    account = await api.get("/api/v1/namespaces/new/serviceaccounts/default")
    authority = await api.get("/api/v1/namespaces/new/configmaps/kube-root-ca.crt")

    assert account["metadata"]["uid"]
    assert "BEGIN CERTIFICATE" in authority["data"]["ca.crt"]
    assert (await api.get("/api/v1/namespaces/new"))["status"] == {"phase": "Active"}


async def test_yaml_bodies_are_read(api: Api) -> None:
    text = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: text}\ndata:\n  when: '2020-01-01'\n"

    reply = await api("POST", MAPS, text, type_="application/yaml")

    assert (reply.status, reply.body["data"]) == (201, {"when": "2020-01-01"})


async def test_a_body_that_is_too_large_is_refused_and_one_of_a_megabyte_is_not(api: Api) -> None:
    large = await api("POST", MAPS, config_map("a", {"x": "x" * 4_000_000}))
    fine = await api("POST", MAPS, config_map("b", {"x": "x" * 1_000_000}))

    assert (large.status, large.body["reason"]) == (413, "RequestEntityTooLarge")
    assert fine.status == 201


async def test_a_wrong_media_type_is_unsupported(api: Api) -> None:
    reply = await api("POST", MAPS, b"x", type_="text/plain")

    assert (reply.status, reply.body["reason"]) == (415, "UnsupportedMediaType")


async def test_a_deployment_needs_a_selector_that_matches_its_template(api: Api) -> None:
    pod = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    wrong = {"metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"a": "c"}}, "template": pod}}

    reply = await api("POST", "/apis/apps/v1/namespaces/default/deployments", wrong)

    assert reply.status == 422
    assert "`selector` does not match template `labels`" in reply.body["message"]
