"""Get and list: selectors, pages, shapes, revisions."""

import pytest
from tests.apiserver.conftest import Api
from tests.apiserver.widgets import config_map, widget

MAPS = "/api/v1/namespaces/default/configmaps"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
PARTIAL = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


async def names(api: Api, path: str) -> list[str]:
    listed = await api.get(path)
    return [item["metadata"]["name"] for item in listed["items"]]


@pytest.fixture
async def five(api: Api) -> str:
    for name in "edcba":
        await api.create(MAPS, config_map(name, labels={"letter": name, "half": "low" if name < "c" else "high"}))
    return MAPS


async def test_pages_follow_each_other_and_show_one_revision(api: Api, five: str) -> None:
    first = await api.get(f"{five}?limit=2")
    await api.create(MAPS, config_map("aa"))
    await api.create(MAPS, config_map("cc"))
    await api.delete(f"{five}/d")
    token = first["metadata"]["continue"]
    second = await api.get(f"{five}?limit=2&continue={token}")
    third = await api.get(f"{five}?limit=2&continue={second['metadata']['continue']}")

    pages = [[item["metadata"]["name"] for item in page["items"]] for page in (first, second, third)]
    assert pages == [["a", "b"], ["c", "d"], ["e", "kube-root-ca.crt"]]
    assert first["metadata"]["remainingItemCount"] == 4
    assert {page["metadata"]["resourceVersion"] for page in (first, second, third)} == {
        first["metadata"]["resourceVersion"]
    }
    assert "continue" not in third["metadata"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("labelSelector=letter=a", ["a"]),
        ("labelSelector=letter in (a,b),half=low", ["a", "b"]),
        ("labelSelector=!letter", ["kube-root-ca.crt"]),
        ("labelSelector=half notin (low),letter", ["c", "d", "e"]),
        ("fieldSelector=metadata.name=c", ["c"]),
        ("fieldSelector=metadata.name!=c&labelSelector=half=high", ["d", "e"]),
        ("fieldSelector=metadata.name=c&labelSelector=half=low", []),
        ("fieldSelector=metadata.namespace=other", []),
    ],
)
async def test_selectors_pick_what_they_say(api: Api, five: str, query: str, expected: list[str]) -> None:
    assert await names(api, f"{five}?{query}") == expected


async def test_a_field_that_cannot_be_selected_is_named(api: Api, five: str) -> None:
    reply = await api("GET", f"{five}?fieldSelector=data.x=1")

    assert reply.status == 400
    assert reply.body["message"].endswith("field label not supported: data.x")


async def test_events_and_pods_are_selected_by_their_own_fields(api: Api) -> None:
    event = {"metadata": {"name": "e"}, "involvedObject": {"kind": "Pod", "name": "p", "uid": "u"}, "reason": "R"}
    await api.create("/api/v1/namespaces/default/events", event)
    pod = {"metadata": {"name": "p"}, "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "i"}]}}
    await api.create("/api/v1/namespaces/default/pods", pod)

    assert await names(api, "/api/v1/events?fieldSelector=involvedObject.uid=u,involvedObject.kind=Pod") == ["e"]
    assert await names(api, "/api/v1/events?fieldSelector=involvedObject.uid=v") == []
    assert await names(api, "/api/v1/pods?fieldSelector=spec.nodeName=n,status.phase!=Running") == ["p"]


async def test_a_table_has_columns_cells_and_the_metadata_of_each_object(api: Api, widgets: str) -> None:
    await api.create(widgets, widget("a", 3))

    table = await api.get(widgets, accept=TABLE)

    assert table["kind"] == "Table"
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Size", "Color", "Age"]
    assert [column["priority"] for column in table["columnDefinitions"]] == [0, 0, 1, 0]
    assert table["rows"][0]["cells"][:3] == ["a", 3, "red"]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    assert table["rows"][0]["object"]["metadata"]["name"] == "a"
    bare = await api.get(f"{widgets}?includeObject=None", accept=TABLE)
    assert bare["rows"][0]["object"] is None


async def test_a_selected_list_pages_without_repeating_itself(api: Api) -> None:
    for index in range(60):
        await api.create(MAPS, config_map(f"m{index:03}"))
    seen: list[str] = []
    token = ""
    while True:
        page = await api.get(f"{MAPS}?limit=7&labelSelector=!none&continue={token}")
        seen += [item["metadata"]["name"] for item in page["items"]]
        token = page["metadata"].get("continue", "")
        assert "remainingItemCount" not in page["metadata"]
        if not token:
            break

    assert seen == sorted(set(seen))
    assert len(seen) == 61


@pytest.mark.parametrize("query", ["resourceVersion=abc", "watch=true&resourceVersion=-1", "resourceVersion=1.5"])
async def test_a_revision_that_is_no_number_is_a_bad_request(api: Api, five: str, query: str) -> None:
    """A difference on purpose: to a get or a watch kube-apiserver answers 500 here, as if the fault were its own."""
    text = query.rpartition("=")[2]
    wrong = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
    for path in (f"{five}/a", five):
        if path == five or "watch" not in query:
            reply = await api("GET", f"{path}?{query}")

            assert (reply.status, reply.body["reason"]) == (400, "BadRequest")
            assert reply.body["message"] == f"invalid resource version: {wrong}"


async def test_metrics_count_the_stored_objects_of_each_kind(api: Api, widgets: str) -> None:
    await api.create(widgets, widget("a"))
    await api.create(widgets, widget("b"))

    lines = (await api.get("/metrics")).splitlines()

    assert 'apiserver_storage_objects{resource="widgets.example.com"} 2.0' in lines
    assert 'apiserver_resource_objects{group="example.com",resource="widgets"} 2.0' in lines
    assert 'apiserver_storage_objects{resource="secrets"} 0.0' in lines
