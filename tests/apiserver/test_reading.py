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
