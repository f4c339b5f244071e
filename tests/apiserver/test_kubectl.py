"""kubectl, unmodified, is the judge of the server."""

import asyncio
import json

import pytest
from tests.apiserver.conftest import Api, Kubectl
from tests.apiserver.widgets import config_map, widget, widget_definition

DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "web:1", "env": [{"name": "A", "value": "1"}]}]},
        },
    },
}


async def test_apply_of_a_definition_serves_its_kind_at_once(kubectl: Kubectl) -> None:
    await kubectl("apply", "-f", "-", stdin=widget_definition())
    await kubectl("apply", "-f", "-", stdin=widget("a", 3))

    assert (await kubectl("get", "wd", "-o", "name")) == "widget.example.com/a"
    rows = (await kubectl.run("get", "widgets", "-o", "wide")).rows
    assert rows[0] == ["NAME", "SIZE", "COLOR", "AGE"]
    assert rows[1][:3] == ["a", "3", "red"]


async def test_apply_twice_changes_what_differs_and_removes_what_is_gone(kubectl: Kubectl, widgets: str) -> None:
    first = widget("a", 1, labels={"x": "1", "y": "1"})
    await kubectl("apply", "-f", "-", stdin=first)

    assert "unchanged" in await kubectl("apply", "-f", "-", stdin=first)
    assert "configured" in await kubectl("apply", "-f", "-", stdin=widget("a", 2, labels={"x": "1"}))

    stored = json.loads(await kubectl("get", "wd", "a", "-o", "json"))
    assert stored["metadata"]["labels"] == {"x": "1"}
    assert stored["spec"]["size"] == 2
    assert stored["metadata"]["generation"] == 2


async def test_apply_of_a_built_in_kind_merges_containers_by_name(kubectl: Kubectl) -> None:
    await kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
    changed = json.loads(json.dumps(DEPLOYMENT))
    changed["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] = "2"

    await kubectl("apply", "-f", "-", stdin=changed)

    stored = json.loads(await kubectl("get", "deploy", "web", "-o", "json"))
    containers = stored["spec"]["template"]["spec"]["containers"]
    assert [(item["image"], item["env"]) for item in containers] == [("web:1", [{"name": "A", "value": "2"}])]
    assert stored["spec"]["replicas"] == 1


async def test_what_get_prints_of_several_objects_can_be_applied_again(kubectl: Kubectl, widgets: str) -> None:
    for name in ("a", "b"):
        await kubectl("apply", "-f", "-", stdin=widget(name, 1))
    printed = json.loads(await kubectl("get", "wd", "-o", "json"))
    assert printed["kind"] == "List"

    await kubectl("delete", "wd", "--all")
    said = await kubectl("apply", "-f", "-", stdin=printed)

    assert said.split() == ["widget.example.com/a", "created", "widget.example.com/b", "created"]


async def test_a_misspelt_field_in_a_list_is_refused_by_the_server(kubectl: Kubectl, widgets: str) -> None:
    wrong = widget("a", 1)
    wrong["spec"]["sise"] = 2

    refused = await kubectl.run("apply", "-f", "-", stdin={"apiVersion": "v1", "kind": "List", "items": [wrong]})

    assert refused.code == 1
    assert 'unknown field "spec.sise"' in refused.err


async def test_a_misspelt_field_is_refused_by_name(kubectl: Kubectl, widgets: str) -> None:
    wrong = widget("a") | {"spec": {"size": 1, "colr": "red"}}

    done = await kubectl.run("apply", "-f", "-", stdin=wrong)

    assert done.code != 0
    assert 'strict decoding error: unknown field "spec.colr"' in done.err


async def test_a_wrong_value_is_refused_with_its_path(kubectl: Kubectl, widgets: str) -> None:
    done = await kubectl.run("apply", "-f", "-", stdin=widget("a") | {"spec": {"size": "big"}})

    assert done.code != 0
    assert 'The Widget "a" is invalid:' in done.err
    assert 'spec.size: Invalid value: "string"' in done.err


async def test_get_watch_prints_each_change_as_a_row(kubectl: Kubectl, api: Api, widgets: str) -> None:
    await api.create(widgets, widget("a", 1))
    async with kubectl.started("get", "wd", "-w", "--no-headers") as process, asyncio.timeout(20):
        assert process.stdout is not None
        first = (await process.stdout.readline()).split()
        await api.merge(f"{widgets}/a", {"spec": {"size": 2}})
        second = (await process.stdout.readline()).split()

    assert (first[:2], second[:2]) == ([b"a", b"1"], [b"a", b"2"])


async def test_wait_sees_conditions_and_deletion(kubectl: Kubectl, api: Api, widgets: str) -> None:
    await kubectl("wait", "--for=condition=Established", "crd/widgets.example.com", "--timeout=10s")
    await api.create(widgets, widget("a"))
    async with kubectl.started("wait", "--for=jsonpath={.status.phase}=Done", "wd/a", "--timeout=20s") as process:
        await api.merge(f"{widgets}/a/status", {"status": {"phase": "Done"}})
        assert await process.wait() == 0
    async with kubectl.started("wait", "--for=delete", "wd/a", "--timeout=20s") as process:
        await api.delete(f"{widgets}/a")
        assert await process.wait() == 0


async def test_delete_waits_until_the_finalizer_is_gone(kubectl: Kubectl, api: Api, widgets: str) -> None:
    await api.create(widgets, widget("a", finalizers=["example.com/held"]))
    async with kubectl.started("delete", "wd", "a", "--timeout=30s") as process, asyncio.timeout(30):
        async with api.watch(f"{widgets}?watch=true&fieldSelector=metadata.name=a") as stream:
            async for line in stream.content:
                if "deletionTimestamp" in json.loads(line)["object"]["metadata"]:
                    break
        assert process.returncode is None
        await api.merge(f"{widgets}/a", {"metadata": {"finalizers": []}})

        assert await process.wait() == 0


async def test_describe_shows_the_events_of_an_object(kubectl: Kubectl, api: Api, widgets: str) -> None:
    made = await api.create(widgets, widget("a"))
    about = {"kind": "Widget", "namespace": "default", "name": "a", "uid": made["metadata"]["uid"]}
    event = {
        "metadata": {"name": "a.1"},
        "involvedObject": about | {"apiVersion": "example.com/v1"},
        "reason": "Painted",
        "message": "painted it red",
        "type": "Normal",
        "lastTimestamp": made["metadata"]["creationTimestamp"],
    }
    await api.create("/api/v1/namespaces/default/events", event)

    text = await kubectl("describe", "wd", "a")

    assert "Painted" in text
    assert "painted it red" in text
    assert (await kubectl.run("get", "events")).rows[1][2:4] == ["Painted", "widget/a"]


@pytest.mark.parametrize(
    ("arguments", "path", "expected"),
    [
        (("label", "wd", "a", "tier=one"), ("metadata", "labels", "tier"), "one"),
        (("annotate", "wd", "a", "note=x"), ("metadata", "annotations", "note"), "x"),
        (("patch", "wd", "a", "--type=merge", "-p", '{"spec":{"size":5}}'), ("spec", "size"), 5),
        (
            ("patch", "wd", "a", "--type=json", "-p", '[{"op":"replace","path":"/spec/size","value":6}]'),
            ("spec", "size"),
            6,
        ),
        (
            ("patch", "wd", "a", "--subresource=status", "--type=merge", "-p", '{"status":{"ready":true}}'),
            ("status", "ready"),
            True,
        ),
        (("scale", "wd", "a", "--replicas=7"), ("spec", "size"), 7),
    ],
    ids=["label", "annotate", "merge patch", "json patch", "status patch", "scale"],
)
async def test_kubectl_changes_objects_in_every_way(
    kubectl: Kubectl, api: Api, widgets: str, arguments: tuple[str, ...], path: tuple[str, ...], expected: object
) -> None:
    await api.create(widgets, widget("a"))

    await kubectl(*arguments)

    value = await api.get(f"{widgets}/a")
    for step in path:
        value = value[step]
    assert value == expected


async def test_edit_writes_what_the_editor_saved(kubectl: Kubectl, api: Api, widgets: str) -> None:
    await api.create(widgets, widget("a"))

    await kubectl.with_environment(KUBE_EDITOR="sed -i s/size:.1/size:\\ 9/").run("edit", "wd", "a")

    assert (await api.get(f"{widgets}/a"))["spec"]["size"] == 9


async def test_explain_reads_the_schema(kubectl: Kubectl, widgets: str) -> None:
    text = await kubectl("explain", "widgets.spec")

    assert "size\t<integer> -required-" in text
    assert "Kind" in await kubectl("explain", "pods")


async def test_imperative_creates_are_understood(kubectl: Kubectl) -> None:
    await kubectl("create", "namespace", "made")
    await kubectl("create", "secret", "generic", "s", "--from-literal=a=b", "-n", "made")
    await kubectl("create", "configmap", "c", "--from-literal=a=b", "-n", "made")

    assert await kubectl("get", "secret", "s", "-n", "made", "-o", "jsonpath={.data.a}") == "Yg=="
    assert await kubectl("get", "cm", "c", "-n", "made", "-o", "jsonpath={.data.a}") == "b"


async def test_selectors_and_all_namespaces(kubectl: Kubectl, api: Api) -> None:
    await kubectl("create", "-f", "-", stdin={"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}})
    for namespace, name, labels in (("default", "a", {"x": "1"}), ("default", "b", {"x": "2"}), ("other", "c", {})):
        await api.create(f"/api/v1/namespaces/{namespace}/configmaps", config_map(name, labels=labels))

    assert await kubectl("get", "cm", "-l", "x in (1)", "-o", "name") == "configmap/a"
    assert await kubectl("get", "cm", "-l", "x!=1,x", "-o", "name") == "configmap/b"
    assert await kubectl("get", "cm", "--field-selector", "metadata.name=b", "-o", "name") == "configmap/b"
    rows = (await kubectl.run("get", "cm", "-A", "--field-selector", "metadata.name=c")).rows
    assert rows == [["NAMESPACE", "NAME", "DATA", "AGE"], ["other", "c", "0", rows[1][3]]]


async def test_a_missing_object_and_a_missing_kind_are_named(kubectl: Kubectl) -> None:
    missing = await kubectl.run("get", "cm", "nothing")
    unknown = await kubectl.run("get", "gadgets")

    assert missing.err.strip() == 'Error from server (NotFound): configmaps "nothing" not found'
    assert """the server doesn't have a resource type "gadgets\"""" in unknown.err


async def test_server_side_apply_and_dry_run_are_refused_in_one_sentence(kubectl: Kubectl, widgets: str) -> None:
    applied = await kubectl.run("apply", "--server-side", "-f", "-", stdin=widget("a"))
    tried = await kubectl.run("create", "--dry-run=server", "-f", "-", stdin=widget("a"))

    assert "server-side apply is not supported" in applied.err
    assert "this server cannot try a write" in tried.err


async def test_replace_delete_collection_and_json_lists(kubectl: Kubectl, api: Api, widgets: str) -> None:
    for name in "abc":
        await api.create(widgets, widget(name, labels={"x": name}))
    changed = json.loads(await kubectl("get", "wd", "a", "-o", "json"))
    changed["spec"]["size"] = 8

    await kubectl("replace", "-f", "-", stdin=changed)
    await kubectl("delete", "wd", "-l", "x!=a")

    assert [item["spec"]["size"] for item in (await api.get(widgets))["items"]] == [8]
