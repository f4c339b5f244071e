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


async def test_invalid_fields_are_causes(api: Api, widgets: str) -> None:
    wrong = widget("a") | {"spec": {"size": -1, "color": "green"}}

    reply = await api("POST", widgets, wrong)

    assert (reply.status, reply.body["reason"]) == (422, "Invalid")
    assert reply.body["details"]["kind"] == "Widget"
    assert {cause["field"] for cause in reply.body["details"]["causes"]} == {"spec.size", ".spec.size", "spec.color"}


async def test_many_writers_of_one_object_lose_nothing(api: Api) -> None:
    await api.create(MAPS, config_map("a"))
    async with asyncio.TaskGroup() as group:
        for index in range(30):
            group.create_task(api.merge(f"{MAPS}/a", {"data": {f"k{index}": "v"}}))

    assert len((await api.get(f"{MAPS}/a"))["data"]) == 30


async def test_secrets_take_plain_text_and_refuse_what_is_not_base64(api: Api) -> None:
    path = "/api/v1/namespaces/default/secrets"
    made = await api.create(path, {"metadata": {"name": "s"}, "stringData": {"a": "b"}, "data": {"c": "ZA=="}})
    wrong = await api("POST", path, {"metadata": {"name": "t"}, "data": {"password": "hunter2!"}})

    assert (made["data"], made["type"], "stringData" in made) == ({"a": "Yg==", "c": "ZA=="}, "Opaque", False)
    assert wrong.status == 400
    assert "hunter2" not in wrong.body["message"]


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


async def test_each_namespace_comes_with_an_account_and_the_authority(api: Api) -> None:
    await api.create("/api/v1/namespaces", {"metadata": {"name": "new"}})

    account = await api.get("/api/v1/namespaces/new/serviceaccounts/default")
    authority = await api.get("/api/v1/namespaces/new/configmaps/kube-root-ca.crt")

    assert account["metadata"]["uid"]
    assert "BEGIN CERTIFICATE" in authority["data"]["ca.crt"]
    assert (await api.get("/api/v1/namespaces/new"))["status"] == {"phase": "Active"}


async def test_a_deployment_needs_a_selector_that_matches_its_template(api: Api) -> None:
    pod = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    wrong = {"metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"a": "c"}}, "template": pod}}

    reply = await api("POST", "/apis/apps/v1/namespaces/default/deployments", wrong)

    assert reply.status == 422
    assert "`selector` does not match template `labels`" in reply.body["message"]


@pytest.mark.parametrize("path", ["/api/v1/namespaces/default/configmaps/a", "widgets/a"])
async def test_server_side_apply_is_refused_in_one_clear_sentence(api: Api, widgets: str, path: str) -> None:
    place = path.replace("widgets", widgets)

    reply = await api("PATCH", f"{place}?fieldManager=me", b"{}", type_="application/apply-patch+yaml")

    assert (reply.status, reply.body["reason"]) == (415, "UnsupportedMediaType")
    assert reply.body["message"].startswith(
        "server-side apply is not supported by this server: send a patch of one of these types: "
    )


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("PUT", "/a"), ("PATCH", "/a"), ("DELETE", "/a")])
async def test_a_dry_run_is_refused_in_one_clear_sentence(api: Api, method: str, path: str) -> None:
    type_ = MERGE if method == "PATCH" else "application/json"
    body = None if method == "DELETE" else config_map("a")

    reply = await api(method, f"{MAPS}{path}?dryRun=All", body, type_=type_)

    assert (reply.status, reply.body["reason"]) == (400, "BadRequest")
    assert reply.body["message"] == (
        "dryRun: this server cannot try a write without doing it; send the request without dryRun"
    )


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"resourceVersion": "5"}, "resourceVersion should not be set on objects to be created"),
        ({"resourceVersion": "x", "name": "b"}, 'metadata.resourceVersion: Invalid value: "x": expected a revision'),
    ],
)
async def test_what_upstream_answers_with_an_inner_error_is_told_as_the_sender_s_fault(
    api: Api, metadata: Any, message: str
) -> None:
    await api.create(MAPS, config_map("b"))
    method, path = ("PUT", f"{MAPS}/b") if "name" in metadata else ("POST", MAPS)

    reply = await api(method, path, {"metadata": {"name": "a", **metadata}})

    assert reply.status == 400
    assert reply.body["message"].startswith(message)
