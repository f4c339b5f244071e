"""Watches: what they begin with, what they tell and in which order, and how they end."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from tests.apiserver.widgets import config_map, widget, widget_definition
from tests.conformance.definitions import DEFINITIONS, define
from tests.conformance.statuses import failure, invalid_options
from tests.raw_api import Api

FAR = 2**62
END = {"k8s.io/initial-events-end": "true"}
OWN = "fieldSelector=metadata.name!=kube-root-ca.crt"
"""Leaves out the ConfigMap that every namespace has."""
MATCH = "resourceVersionMatch"


@asynccontextmanager
async def watched(api: Api, path: str, accept: str = "application/json") -> AsyncIterator["Stream"]:
    """Open a watch at `path`, which has its query already."""
    timeout = aiohttp.ClientTimeout(sock_read=30)
    headers = {"Accept": accept}
    async with api.session.get(api.url + path, headers=headers, timeout=timeout, read_bufsize=2**22) as response:
        assert response.status == 200, await response.text()
        yield Stream(response)


class Stream:
    """Reads events one by one."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def take(self, count: int = 1) -> list[Any]:
        return [json.loads(await self.response.content.readline()) for _ in range(count)]

    async def rest(self) -> list[Any]:
        return [json.loads(line) async for line in self.response.content]


def told(events: list[Any]) -> list[tuple[str, str]]:
    return [(event["type"], event["object"]["metadata"].get("name", "")) for event in events]


@pytest.fixture
async def maps(api: Api, namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/configmaps"


@pytest.fixture
async def widgets(api: Api, namespace: str, group: str) -> str:
    await define(api, widget_definition(), group)
    return f"/apis/{group}/v1/namespaces/{namespace}/widgets"


async def revision(api: Api, path: str) -> str:
    return str((await api.get(path))["metadata"]["resourceVersion"])


async def test_changes_since_a_revision_come_first_and_then_all_others(api: Api, maps: str) -> None:
    start = await revision(api, maps)
    made = await api.create(maps, config_map("a"))
    changed = await api.merge(f"{maps}/a", {"data": {"x": "1"}})

    async with watched(api, f"{maps}?watch=true&resourceVersion={start}") as stream:
        assert await stream.take(2) == [{"type": "ADDED", "object": made}, {"type": "MODIFIED", "object": changed}]
        await api.create(maps, config_map("b"))
        await api.delete(f"{maps}/a")
        assert told(await stream.take(2)) == [("ADDED", "b"), ("DELETED", "a")]


@pytest.mark.parametrize("query", ["watch=1", "watch=true&resourceVersion=0", "watch=", "watch=maybe", "watch"])
async def test_without_a_revision_the_present_state_comes_first(api: Api, maps: str, query: str) -> None:
    for name in "ba":
        await api.create(maps, config_map(name))

    async with watched(api, f"{maps}?{query}&{OWN}") as stream:
        assert told(await stream.take(2)) == [("ADDED", "a"), ("ADDED", "b")]
        await api.delete(f"{maps}/a")
        assert told(await stream.take()) == [("DELETED", "a")]


async def test_a_deleted_object_has_its_last_state_and_the_revision_of_its_end(api: Api, maps: str) -> None:
    made = await api.create(maps, config_map("a", {"x": "1"}))
    start = made["metadata"]["resourceVersion"]
    await api.delete(f"{maps}/a")
    after = await api.create(maps, config_map("b"))

    async with watched(api, f"{maps}?watch=true&resourceVersion={start}") as stream:
        [deleted, added] = await stream.take(2)

    gone = deleted["object"]["metadata"]["resourceVersion"]
    assert deleted == {"type": "DELETED", "object": {**made, "metadata": {**made["metadata"], "resourceVersion": gone}}}
    assert int(start) < int(gone) < int(after["metadata"]["resourceVersion"])
    assert told([added]) == [("ADDED", "b")]


async def test_objects_enter_and_leave_the_world_of_a_selector(api: Api, maps: str) -> None:
    start = await revision(api, maps)
    async with watched(api, f"{maps}?watch=true&resourceVersion={start}&labelSelector=on=yes") as stream:
        await api.create(maps, config_map("a"))
        entered = await api.merge(f"{maps}/a", {"metadata": {"labels": {"on": "yes"}}})
        changed = await api.merge(f"{maps}/a", {"data": {"x": "1"}})
        left = await api.merge(f"{maps}/a", {"metadata": {"labels": {"on": "no"}}, "data": {"x": "2"}})
        await api.delete(f"{maps}/a")
        await api.create(maps, config_map("b", labels={"on": "yes"}))
        events = await stream.take(4)

    assert [event["type"] for event in events] == ["ADDED", "MODIFIED", "DELETED", "ADDED"]
    assert [event["object"] for event in events[:2]] == [entered, changed]
    # What left is shown as it was when it still matched, at the revision at which it left.
    shown = events[2]["object"]
    assert (shown["metadata"]["labels"], shown["data"]) == ({"on": "yes"}, {"x": "1"})
    assert shown["metadata"]["resourceVersion"] == left["metadata"]["resourceVersion"]
    assert events[3]["object"]["metadata"]["name"] == "b"


async def test_fields_select_what_a_watch_tells(api: Api, namespace: str) -> None:
    pods = f"/api/v1/namespaces/{namespace}/pods"
    start = await revision(api, pods)
    async with watched(api, f"{pods}?watch=1&resourceVersion={start}&fieldSelector=status.phase=Running") as stream:
        await api.create(pods, {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}})
        await api.merge(f"{pods}/p/status", {"status": {"phase": "Running"}})
        await api.merge(f"{pods}/p/status", {"status": {"phase": "Failed"}})
        assert told(await stream.take(2)) == [("ADDED", "p"), ("DELETED", "p")]


async def test_a_watch_stays_in_its_namespace_and_one_of_all_does_not(api: Api, namespace: str, maps: str) -> None:
    other = f"{namespace}-other"
    await api.create("/api/v1/namespaces", {"metadata": {"name": other}})
    start = await revision(api, maps)
    try:
        await api.create(f"/api/v1/namespaces/{other}/configmaps", config_map("there", labels={"t": namespace}))
        await api.create(maps, config_map("here", labels={"t": namespace}))

        async with watched(api, f"{maps}?watch=true&resourceVersion={start}") as stream:
            assert told(await stream.take()) == [("ADDED", "here")]
        query = f"watch=true&resourceVersion={start}&labelSelector=t={namespace}"
        async with watched(api, f"/api/v1/configmaps?{query}") as stream:
            assert told(await stream.take(2)) == [("ADDED", "there"), ("ADDED", "here")]
    finally:
        await api.delete(f"/api/v1/namespaces/{other}")


@pytest.mark.parametrize(
    "form", ["{0}?watch=1&fieldSelector=metadata.name=a", "{1}/a?x=y", "{0}?watch&fieldSelector=metadata.name==a"]
)
async def test_one_object_can_be_watched(api: Api, maps: str, form: str) -> None:
    for name in "ab":
        await api.create(maps, config_map(name))

    async with watched(api, form.format(maps, maps.replace("/v1/", "/v1/watch/"))) as stream:
        assert told(await stream.take()) == [("ADDED", "a")]
        await api.merge(f"{maps}/b", {"data": {"x": "1"}})
        await api.merge(f"{maps}/a", {"data": {"x": "1"}})
        assert told(await stream.take()) == [("MODIFIED", "a")]


async def test_old_paths_watch_collections(api: Api, maps: str, widgets: str, group: str) -> None:
    await api.create(maps, config_map("a", labels={"own": "yes"}))
    await api.create(widgets, widget("w") | {"apiVersion": f"{group}/v1"})

    for path, name in ((f"{maps}?labelSelector=own=yes", "a"), (widgets, "w")):
        async with watched(api, path.replace("/v1/", "/v1/watch/")) as stream:
            assert told(await stream.take()) == [("ADDED", name)]


@pytest.mark.parametrize(
    "query",
    [
        "watch=1",
        "watch=1&resourceVersion=0",
        f"watch=1&sendInitialEvents=true&{MATCH}=NotOlderThan",
        f"watch=1&sendInitialEvents=true&{MATCH}=NotOlderThan&resourceVersion=1",
    ],
)
async def test_who_takes_bookmarks_learns_where_the_present_state_ends(
    api: Api, maps: str, widgets: str, group: str, query: str
) -> None:
    await api.create(maps, config_map("a"))
    await api.create(widgets, widget("a") | {"apiVersion": f"{group}/v1"})
    for path, kind, version in ((maps, "ConfigMap", "v1"), (widgets, "Widget", f"{group}/v1")):
        newest = await revision(api, path)
        async with watched(api, f"{path}?{query}&{OWN}&allowWatchBookmarks=true") as stream:
            [added, bookmark] = await stream.take(2)

        at = bookmark["object"]["metadata"]["resourceVersion"]
        assert told([added]) == [("ADDED", "a")]
        assert bookmark == {
            "type": "BOOKMARK",
            "object": {"kind": kind, "apiVersion": version, "metadata": {"resourceVersion": at, "annotations": END}},
        }
        assert int(at) >= int(newest)


async def test_who_takes_none_gets_no_bookmark(api: Api, maps: str) -> None:
    await api.create(maps, config_map("a"))
    query = f"watch=1&sendInitialEvents=true&{MATCH}=NotOlderThan&timeoutSeconds=1"
    async with watched(api, f"{maps}?{query}&{OWN}") as stream:
        assert told(await stream.rest()) == [("ADDED", "a")]


async def test_the_present_state_can_be_left_out(api: Api, maps: str) -> None:
    await api.create(maps, config_map("a"))

    async with watched(api, f"{maps}?watch=1&sendInitialEvents=false&{MATCH}=NotOlderThan") as stream:
        await api.create(maps, config_map("b"))
        assert told(await stream.take()) == [("ADDED", "b")]


async def test_the_present_state_is_as_new_as_the_last_write(api: Api, maps: str) -> None:
    await api.create(maps, config_map("a"))
    for number in range(10):
        written = await api.merge(f"{maps}/a", {"data": {"x": str(number)}})

        async with watched(api, f"{maps}?watch=1&{OWN}") as stream:
            assert await stream.take() == [{"type": "ADDED", "object": written}]


async def test_a_watch_ends_in_time(api: Api, maps: str) -> None:
    start = await revision(api, maps)
    async with watched(api, f"{maps}?watch=1&resourceVersion={start}&timeoutSeconds=1") as stream:
        assert await stream.rest() == []


async def test_a_forgotten_revision_ends_the_watch_with_an_error(api: Api, widgets: str) -> None:
    for accept in ("application/json", "application/json;as=Table;v=v1;g=meta.k8s.io"):
        async with watched(api, f"{widgets}?watch=1&resourceVersion=1", accept) as stream:
            [event] = await stream.rest()

        message = event["object"]["message"]
        assert event == {"type": "ERROR", "object": failure(410, "Expired", message)}
        assert message.startswith("too old resource version: 1 (")


async def test_a_revision_that_is_still_to_come_is_waited_for_in_silence(api: Api, maps: str) -> None:
    query = f"watch=1&resourceVersion={FAR}&timeoutSeconds=2&allowWatchBookmarks=true"
    async with watched(api, f"{maps}?{query}") as stream:
        await api.create(maps, config_map("a"))
        assert await stream.rest() == []


async def test_a_state_that_is_still_to_come_is_an_error(api: Api, maps: str) -> None:
    query = f"watch=1&sendInitialEvents=true&{MATCH}=NotOlderThan&resourceVersion={FAR}&timeoutSeconds=10"
    async with watched(api, f"{maps}?{query}") as stream:
        [event] = await stream.rest()

    message = event["object"]["message"]
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    expected = failure(504, "Timeout", message, {"causes": [cause], "retryAfterSeconds": 1})
    assert event == {"type": "ERROR", "object": expected}
    assert message.startswith(f"Timeout: Too large resource version: {FAR}, current: ")


NEEDS_MATCH = (
    "FieldValueForbidden",
    MATCH,
    f"Forbidden: sendInitialEvents requires setting {MATCH} to NotOlderThan",
)
NEEDS_INITIAL = (
    "FieldValueForbidden",
    MATCH,
    f"Forbidden: {MATCH} is forbidden for watch unless sendInitialEvents is provided",
)
ONE_VALUE = ("FieldValueNotSupported", MATCH, 'Unsupported value: "Exact": supported values: "NotOlderThan"')


@pytest.mark.parametrize(
    ("query", "causes"),
    [
        ("sendInitialEvents=true", [NEEDS_MATCH]),
        ("sendInitialEvents=false", [NEEDS_MATCH]),
        ("sendInitialEvents=true&allowWatchBookmarks=true", [NEEDS_MATCH]),
        (f"sendInitialEvents=true&{MATCH}=Exact", [NEEDS_MATCH, ONE_VALUE]),
        (f"{MATCH}=NotOlderThan&resourceVersion=1", [NEEDS_INITIAL]),
        (f"{MATCH}=Exact", [NEEDS_INITIAL, ONE_VALUE]),
    ],
)
async def test_parameters_that_do_not_go_together_are_causes(
    api: Api, maps: str, query: str, causes: list[tuple[str, str, str]]
) -> None:
    reply = await api("GET", f"{maps}?watch=1&{query}")

    assert (reply.status, reply.body) == (422, invalid_options(*causes))


async def test_a_timeout_that_is_no_number_is_refused_before_the_stream(api: Api, maps: str) -> None:
    reply = await api("GET", f"{maps}?watch=1&timeoutSeconds=x")

    assert (reply.status, reply.body) == (
        400,
        failure(400, "BadRequest", 'strconv.ParseInt: parsing "x": invalid syntax'),
    )


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
async def test_a_watch_of_tables_names_the_columns_once(api: Api, widgets: str, group: str, version: str) -> None:
    accept = f"application/json;as=Table;v={version};g=meta.k8s.io"
    await api.create(widgets, widget("a", 1) | {"apiVersion": f"{group}/v1"})
    async with watched(api, f"{widgets}?watch=1&allowWatchBookmarks=true", accept) as stream:
        [first, bookmark] = await stream.take(2)
        changed = await api.merge(f"{widgets}/a", {"spec": {"size": 2}})
        [second] = await stream.take()

    tables = [event["object"] for event in (first, bookmark, second)]
    assert [(table["kind"], table["apiVersion"]) for table in tables] == [("Table", f"meta.k8s.io/{version}")] * 3
    assert [column["name"] for column in tables[0]["columnDefinitions"]] == ["Name", "Size", "Color", "Age"]
    assert [table["columnDefinitions"] for table in tables[1:]] == [None, None]
    assert [table["rows"][0]["cells"][:3] for table in tables] == [["a", 1, "red"], ["", None, None], ["a", 2, "red"]]
    assert tables[2]["rows"][0]["object"]["metadata"] == changed["metadata"]
    assert tables[2]["metadata"] == {"resourceVersion": changed["metadata"]["resourceVersion"]}
    assert tables[1]["rows"][0]["object"]["metadata"]["annotations"] == END


async def test_a_watch_of_metadata_tells_nothing_else(api: Api, maps: str) -> None:
    made = await api.create(maps, config_map("a", {"x": "1"}))
    accept = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
    async with watched(api, f"{maps}?watch=1&allowWatchBookmarks=true&{OWN}", accept) as stream:
        [added, bookmark] = await stream.take(2)

    own = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
    assert added == {"type": "ADDED", "object": own | {"metadata": made["metadata"]}}
    assert bookmark["object"].keys() == {"kind", "apiVersion", "metadata"}
    assert bookmark["object"]["metadata"]["annotations"] == END


async def test_a_watch_of_a_kind_ends_with_its_definition(api: Api, widgets: str, group: str) -> None:
    start = await revision(api, widgets)
    await api.create(widgets, widget("a") | {"apiVersion": f"{group}/v1"})
    async with watched(api, f"{widgets}?watch=1&resourceVersion={start}") as stream:
        await api.delete(f"{DEFINITIONS}/widgets.{group}")
        events = await stream.rest()

    assert told(events)[0] == ("ADDED", "a")
    assert told(events)[-1] == ("DELETED", "a")


async def test_watchers_of_one_kind_see_the_same_in_the_same_order(api: Api, maps: str) -> None:
    start = await revision(api, maps)

    async def follow() -> list[tuple[str, str, str]]:
        async with watched(api, f"{maps}?watch=1&resourceVersion={start}") as stream:
            events = await stream.take(60)
            return [(*told([event])[0], event["object"]["metadata"]["resourceVersion"]) for event in events]

    async def write(name: str) -> None:
        await api.create(maps, config_map(name))
        for number in range(4):
            await api.merge(f"{maps}/{name}", {"data": {"x": str(number)}})
        await api.delete(f"{maps}/{name}")

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        followers = [tasks.create_task(follow()) for _ in range(5)]
        for name in "abcdefghij":
            tasks.create_task(write(name))
    [first, *others] = [follower.result() for follower in followers]

    assert others == [first] * 4
    revisions = [int(at) for _, _, at in first]
    assert revisions == sorted(set(revisions))
    for name in "abcdefghij":
        own = [type_ for type_, named, _ in first if named == name]
        assert own == ["ADDED", *["MODIFIED"] * 4, "DELETED"]
