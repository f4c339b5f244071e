"""Custom kinds of several versions: what each shows of an object, what is stored, and what fields of it select."""

import asyncio
import json
from typing import Any
from urllib.parse import quote

import pytest
from tests.conformance.comparing import bad_request, stored, told
from tests.conformance.custom import merged
from tests.conformance.definitions import DEFINITIONS, define
from tests.raw_api import Api

MERGE = "application/merge-patch+json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
TEXT = {"type": "string"}
BOTH = {"text": TEXT, "size": {"type": "integer"}, "on": {"type": "boolean"}}


def version(name: str, properties: Any, *, is_stored: bool, **fields: Any) -> dict[str, Any]:
    spec = {"type": "object", "properties": {**BOTH, **properties}}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    return {"name": name, "served": True, "storage": is_stored, "schema": schema, **fields}


SELECTABLE = [{"jsonPath": ".spec.text"}, {"jsonPath": ".spec.size"}, {"jsonPath": ".spec.on"}]
COLUMNS = [{"name": "Text", "type": "string", "jsonPath": ".spec.text"}]
FIRST = version("v1", {"old": TEXT}, is_stored=True, selectableFields=SELECTABLE, additionalPrinterColumns=COLUMNS)
SECOND = version("v2", {"text": {**TEXT, "default": "t"}, "new": {**TEXT, "default": "n"}}, is_stored=False)
KINDS = {
    "spec": {"scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"}, "versions": [FIRST, SECOND]},
    "metadata": {},
}


class Things:
    """Things of one namespace, by version."""

    def __init__(self, api: Api, group: str, namespace: str) -> None:
        """Work with those of `group`."""
        self.group = group
        self.definition = f"{DEFINITIONS}/things.{group}"
        self.paths = {name: f"/apis/{group}/{name}/namespaces/{namespace}/things" for name in ("v1", "v2")}
        self._api = api

    def thing(self, version_name: str, name: str, **spec: Any) -> dict[str, Any]:
        return {"apiVersion": f"{self.group}/{version_name}", "kind": "Thing", "metadata": {"name": name}, "spec": spec}

    async def make(self, version_name: str, name: str, **spec: Any) -> Any:
        return await self._api("POST", self.paths[version_name], self.thing(version_name, name, **spec))

    async def spec(self, version_name: str, name: str = "a") -> Any:
        """Return the spec of a Thing, which must say that it is of the version asked for."""
        obj = await self._api.get(f"{self.paths[version_name]}/{name}")
        assert obj["apiVersion"] == f"{self.group}/{version_name}"
        return obj["spec"]

    async def merge(self, version_name: str, spec: Any) -> Any:
        path = f"{self.paths[version_name]}/a"
        return await self._api("PATCH", path, {"spec": spec}, type_=MERGE)


@pytest.fixture
async def things(api: Api, group: str, namespace: str) -> Things:
    await define(api, KINDS, group)
    return Things(api, group, namespace)


async def test_a_version_shows_its_own_fields_of_what_is_stored(api: Api, things: Things) -> None:
    await things.make("v1", "a", text="x", old="o", size=3)
    made = await things.make("v2", "b", old="o")

    assert await things.spec("v1") == {"text": "x", "old": "o", "size": 3}
    assert await things.spec("v2") == {"text": "x", "size": 3}
    assert (made.body["spec"], made.warnings) == ({"text": "t"}, ('299 - "unknown field \\"spec.old\\""',))
    assert await things.spec("v1", "b") == {"text": "t"}
    listed = await api.get(things.paths["v2"])
    assert [(item["apiVersion"], item["spec"]) for item in listed["items"]] == [
        (f"{things.group}/v2", {"text": "x", "size": 3}),
        (f"{things.group}/v2", {"text": "t"}),
    ]


async def test_a_write_in_one_version_drops_what_only_another_knows(things: Things) -> None:
    await things.make("v1", "a", text="x", old="o")

    changed = await things.merge("v2", {"size": 4})

    assert (changed.body["spec"], changed.warnings) == ({"text": "x", "size": 4}, ())
    assert await things.spec("v1") == {"text": "x", "size": 4}


async def test_an_object_is_sent_in_the_version_that_its_path_names(api: Api, things: Things) -> None:
    reply = await api("POST", things.paths["v2"], things.thing("v1", "a"))

    group = things.group
    assert told(reply) == bad_request(
        f"the API version in the data ({group}/v1) does not match the expected API version ({group}/v2)"
    )


async def test_each_version_has_its_own_columns(api: Api, things: Things) -> None:
    await things.make("v1", "a", text="x")

    tables = [await api.get(path, accept=TABLE) for path in things.paths.values()]

    assert [[column["name"] for column in table["columnDefinitions"]] for table in tables] == [
        ["Name", "Text"],
        ["Name", "Age"],
    ]
    assert tables[0]["rows"][0]["cells"] == ["a", "x"]


async def test_an_unchanged_object_moves_to_another_version_when_it_is_written(api: Api, things: Things) -> None:
    await things.make("v1", "a", text="x", old="o")
    versions = [merged(FIRST, {"storage": False}), merged(SECOND, {"storage": True})]

    await api.merge(things.definition, {"spec": {"versions": versions}})
    before = await things.spec("v2")
    async with asyncio.timeout(20):
        # kube-apiserver takes a moment to work by a changed definition.
        while "old" in await things.spec("v1"):
            await things.merge("v2", {})

    assert before == {"text": "x"}


async def test_what_is_stored_moves_to_another_version_with_the_next_write(api: Api, things: Things) -> None:
    await things.make("v1", "a", text="x", old="o")
    versions = [merged(FIRST, {"storage": False}), merged(SECOND, {"storage": True})]

    moved = await api.merge(things.definition, {"spec": {"versions": versions}})
    size = 0
    async with asyncio.timeout(20):
        # kube-apiserver takes a moment to work by a changed definition.
        while "new" not in await things.spec("v2"):
            size += 1
            await things.merge("v2", {"size": size})

    assert moved["status"]["storedVersions"] == ["v1", "v2"]
    assert await things.spec("v2") == {"text": "x", "size": size, "new": "n"}
    assert await things.spec("v1") == {"text": "x", "size": size}


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("spec.text=x", ["a"]),
        ("spec.text!=x", ["b"]),
        ("spec.text=", []),
        ("spec.size=5", ["b"]),
        ("spec.on=true", ["a"]),
        ("spec.on!=true", ["b"]),
        ("spec.on=false", []),
        ("metadata.name=a,spec.text=x", ["a"]),
    ],
)
async def test_fields_that_the_version_names_select(api: Api, things: Things, selector: str, names: list[str]) -> None:
    await things.make("v1", "a", text="x", size=3, on=True)
    await things.make("v1", "b", text="y", size=5)

    listed = await api.get(f"{things.paths['v1']}?fieldSelector={quote(selector)}")

    assert [item["metadata"]["name"] for item in listed["items"]] == names


async def test_other_fields_select_nothing(api: Api, things: Things) -> None:
    for path, field in ((things.paths["v1"], "spec.old"), (things.paths["v2"], "spec.text")):
        reply = await api("GET", f"{path}?fieldSelector={field}%3Dx")
        assert told(reply) == bad_request(f"field label not supported: {field}")


async def test_who_leaves_a_selection_of_fields_is_told_as_deleted(api: Api, things: Things) -> None:
    made = (await things.make("v1", "a", text="x")).body
    await things.merge("v1", {"text": "y"})
    await things.merge("v1", {"text": "x"})

    start = made["metadata"]["resourceVersion"]
    async with api.watch(f"{things.paths['v1']}?watch=1&fieldSelector=spec.text%3Dx&resourceVersion={start}") as stream:
        events = [json.loads(await stream.content.readline()) for _ in range(2)]

    assert [event["type"] for event in events] == ["DELETED", "ADDED"]
    assert stored(events[0]["object"]) == stored(made)


async def test_a_collection_goes_as_its_fields_select(api: Api, things: Things) -> None:
    for name, text in (("a", "x"), ("b", "y")):
        await things.make("v1", name, text=text)

    gone = await api.delete(f"{things.paths['v1']}?fieldSelector=spec.text%3Dx")

    assert [item["metadata"]["name"] for item in gone["items"]] == ["a"]
    assert [item["metadata"]["name"] for item in (await api.get(things.paths["v1"]))["items"]] == ["b"]
