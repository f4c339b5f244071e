"""Fields that a server has and our types do not know survive every change that the client makes."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from tests.conformance.custom import definition, thing
from tests.conformance.definitions import DEFINITIONS, define
from tests.conformance.servers import Served
from tests.raw_api import Api

from kubecapy.apimachinery.errors import StatusError
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta, Value, always_written
from kubecapy.apimachinery.resources import Resource
from kubecapy.client import kubeconfig
from kubecapy.client.http import HttpClient
from kubecapy.client.patching import PatchHelper
from kubecapy.clock import SystemClock

TEXTS = {"type": "object", "properties": {"known": {"type": "string"}, "newer": {"type": "string"}}}
SECTION = {
    "type": "object",
    "properties": {**TEXTS["properties"], "nested": TEXTS, "names": {"type": "array", "items": {"type": "string"}}},
}
SCHEMA = {"type": "object", "properties": {"spec": SECTION, "status": SECTION}}


class Nested(Value, frozen=True):
    known: str = ""


class Section(Value, frozen=True):
    known: str = ""
    nested: Nested = Nested()
    names: tuple[str, ...] = ()


class Thing(Value, frozen=True):
    api_version: str = always_written("")
    kind: str = always_written("Thing")
    metadata: ObjectMeta = ObjectMeta()
    spec: Section = Section()
    status: Section = Section()


class Stored(msgspec.Struct, frozen=True):
    """A Thing with every field set, as the server has it and as our types read it."""

    client: HttpClient
    resource: Resource[Thing]
    thing: Thing
    path: str


def section(known: str) -> dict[str, Any]:
    texts = {"known": known, "newer": "kept"}
    return {**texts, "nested": texts, "names": [known]}


@pytest.fixture
async def stored(served: Served, api: Api, namespace: str, group: str) -> AsyncIterator[Stored]:
    await define(api, definition(group, SCHEMA, subresources={"status": {}}), group)
    path = f"/apis/{group}/v1/namespaces/{namespace}/things"
    await api.create(path, thing(group, "a", spec=section("old")))
    await api.merge(f"{path}/a/status", {"status": section("old")})
    resource: Resource[Thing] = Resource(group, "v1", "Thing", "things", Thing)
    async with HttpClient(kubeconfig.load(served.kubeconfig), SystemClock()) as client:
        yield Stored(client, resource, await client.get(resource, ObjectKey(namespace, "a")), f"{path}/a")
    await api.delete(f"{DEFINITIONS}/things.{group}")


def changed(before: Section) -> Section:
    return msgspec.structs.replace(before, known="new", nested=Nested(known="new"), names=("new",))


async def test_the_patch_helper_keeps_them_in_object_and_status(stored: Stored, api: Api) -> None:
    before = stored.thing
    meta = msgspec.structs.replace(before.metadata, labels={"x": "y"}, annotations={"a": "b"})
    after = msgspec.structs.replace(before, metadata=meta, spec=changed(before.spec), status=changed(before.status))

    written = await PatchHelper(stored.client).patch(stored.resource, before, after)

    assert (written.spec, written.status) == (after.spec, after.status)
    found = await api.get(stored.path)
    assert (found["spec"], found["status"]) == (section("new"), section("new"))


async def test_the_patch_helper_keeps_them_where_all_known_fields_go(stored: Stored, api: Api) -> None:
    before = stored.thing
    after = msgspec.structs.replace(before, spec=Section(), status=Section())

    await PatchHelper(stored.client).patch(stored.resource, before, after)

    found = await api.get(stored.path)
    left = {"newer": "kept", "nested": {"newer": "kept"}}
    assert (found["spec"], found["status"]) == (left, left)


@pytest.mark.parametrize("subresource", ["", "status"])
async def test_a_merge_patch_keeps_them(stored: Stored, api: Api, subresource: str) -> None:
    name = subresource or "spec"
    patch = {name: {"known": "new", "nested": {"known": "new"}, "names": ["new"]}}

    await stored.client.patch(
        stored.resource, ObjectKey(stored.thing.metadata.namespace, "a"), patch, subresource=subresource
    )

    assert (await api.get(stored.path))[name] == section("new")


async def test_an_object_that_was_read_is_not_created_again(stored: Stored) -> None:
    with pytest.raises(StatusError, match="resourceVersion should not be set on objects to be created"):
        await stored.client.create(stored.resource, stored.thing)
