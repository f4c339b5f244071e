"""The API in memory passes the suite of every client, and does what its own faults promise."""

import asyncio

import pytest
from tests.client.client_suite import ClientSuite, config_map

from kubecapy.api.cluster.v1alpha1 import MACHINES
from kubecapy.api.core import CONFIG_MAPS, NODES, Node, NodeAddress, NodeStatus
from kubecapy.apimachinery.errors import ServiceUnavailable
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta
from kubecapy.client.interfaces import Client, Unreachable
from kubecapy.clock import SystemClock
from kubecapy.testing.fake_api import Call, FakeApi


class TestFakeApi(ClientSuite):
    @pytest.fixture
    def client(self) -> Client:
        return FakeApi(SystemClock())

    async def forgotten_revision(self, client: Client) -> str:
        assert isinstance(client, FakeApi)
        revision = (await client.list(MACHINES)).resource_version
        client.compact()
        return revision


async def test_a_fault_before_a_call_leaves_nothing_and_one_after_it_leaves_the_effect() -> None:
    api = FakeApi(SystemClock())

    def fail(call: Call) -> None:
        if call.is_write:
            raise ServiceUnavailable("down")

    api.before_call = fail
    with pytest.raises(ServiceUnavailable):
        await api.create(CONFIG_MAPS, config_map("lost"))
    api.before_call = lambda call: None
    api.after_call = fail
    with pytest.raises(ServiceUnavailable):
        await api.create(CONFIG_MAPS, config_map("kept"))

    assert [obj.metadata.name for obj in api.objects(CONFIG_MAPS)] == ["kept"]
    assert [(call.verb, call.key.name) for call in api.writes()] == [("create", "lost"), ("create", "kept")]


async def test_open_watches_break_expire_and_get_bookmarks_on_demand() -> None:
    api = FakeApi(SystemClock())
    api.put(CONFIG_MAPS, config_map())

    async with api.watch(CONFIG_MAPS, resource_version="1") as deltas:
        api.send_bookmarks()
        # The bookmark was asked for before the watch began to read.
        waiting = asyncio.ensure_future(anext(deltas))
        await asyncio.sleep(0)
        api.send_bookmarks()
        bookmark = await waiting
        assert (bookmark.type, bookmark.object, bookmark.resource_version) == ("BOOKMARK", None, "1")
        api.break_watches()
        with pytest.raises(Unreachable):
            await anext(deltas)


async def test_what_is_put_keeps_its_status_and_stays_out_of_the_ledger() -> None:
    api = FakeApi(SystemClock())

    api.put(CONFIG_MAPS, config_map(a="1"))

    assert (await api.get(CONFIG_MAPS, ObjectKey("default", "c"))).data == {"a": "1"}
    assert [call.verb for call in api.calls] == ["get"]


async def test_a_node_is_registered_with_its_status() -> None:
    status = NodeStatus(addresses=(NodeAddress(type="Hostname", address="n"),))

    stored = await FakeApi(SystemClock()).create(NODES, Node(metadata=ObjectMeta(name="n"), status=status))

    assert stored.status == status
