"""Clients of workload clusters."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random

import pytest

from kubecapy.api.core import NODES, SECRETS, Node, Secret, encode_secret_data
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta
from kubecapy.client.interfaces import Client, Unreachable
from kubecapy.runtime.cluster_cache import SECRET_SECONDS, ClusterCache, ClusterUnreachable
from kubecapy.runtime.controller import Controller
from kubecapy.runtime.manager import Manager
from kubecapy.runtime.reconciler import DONE, Result
from kubecapy.tasks import TaskScope
from kubecapy.testing.fake_api import Call, FakeApi
from kubecapy.testing.virtual_time import VirtualClock, on_virtual_time

CLUSTER = ObjectKey("d", "demo")


class World:
    """A management cluster, and workload clusters by the content of their kubeconfigs."""

    def __init__(self) -> None:
        self.management = FakeApi(VirtualClock())
        self.workloads: dict[bytes, FakeApi] = {}
        self.open: list[bytes] = []
        self.cache = ClusterCache(self.management, self.connect, VirtualClock(), Random(1))

    def connect(self, kubeconfig: bytes) -> AbstractAsyncContextManager[Client]:
        return self._connected(kubeconfig)

    @asynccontextmanager
    async def _connected(self, kubeconfig: bytes) -> AsyncIterator[Client]:
        if kubeconfig not in self.workloads:
            raise ValueError("no kubeconfig")
        self.open.append(kubeconfig)
        yield self.workloads[kubeconfig]
        self.open.remove(kubeconfig)

    def workload(self, kubeconfig: bytes) -> FakeApi:
        return self.workloads.setdefault(kubeconfig, FakeApi(VirtualClock()))

    def put_secret(self, kubeconfig: bytes, key: str = "value") -> None:
        meta = ObjectMeta(name="demo-kubeconfig", namespace="d")
        self.management.put(SECRETS, Secret(metadata=meta, data=encode_secret_data({key: kubeconfig})))

    async def change_secret(self, kubeconfig: bytes) -> None:
        patch = {"data": encode_secret_data({"value": kubeconfig})}
        await self.management.patch(SECRETS, ObjectKey("d", "demo-kubeconfig"), patch)


@on_virtual_time
async def test_a_cluster_without_a_usable_kubeconfig_is_unreachable_and_says_why() -> None:
    world = World()
    async with world.cache as cache:
        with pytest.raises(ClusterUnreachable, match="d/demo has no kubeconfig yet: no Secret demo-kubeconfig"):
            await cache.client(CLUSTER)
        world.put_secret(b"nonsense")
        with pytest.raises(ClusterUnreachable, match="its kubeconfig is unusable: no kubeconfig"):
            await cache.client(CLUSTER)


@on_virtual_time
async def test_a_secret_without_its_key_is_named_without_its_content() -> None:
    world = World()
    world.put_secret(b"s3cret", key="other")
    async with world.cache as cache:
        with pytest.raises(ClusterUnreachable, match="Secret demo-kubeconfig has no usable key value") as caught:
            await cache.client(CLUSTER)

    assert "s3cret" not in str(caught.value)


@on_virtual_time
async def test_a_management_cluster_that_does_not_answer_makes_it_unreachable() -> None:
    world = World()

    def down(call: Call) -> None:
        raise Unreachable("down")

    world.management.before_call = down
    async with world.cache as cache:
        with pytest.raises(ClusterUnreachable, match="cannot read Secret demo-kubeconfig: down"):
            await cache.client(CLUSTER)


@on_virtual_time
async def test_a_client_is_kept_and_its_secret_is_read_now_and_then() -> None:
    world, clock = World(), VirtualClock()
    workload = world.workload(b"one")
    world.put_secret(b"one")
    async with world.cache as cache:
        for _ in range(5):
            assert await cache.client(CLUSTER) is workload
        assert len(world.management.calls) == 1
        await clock.sleep(SECRET_SECONDS)
        assert await cache.client(CLUSTER) is workload
        assert len(world.management.calls) == 2
        assert world.open == [b"one"]

    assert world.open == []


@on_virtual_time
async def test_a_changed_secret_makes_a_new_client_and_closes_the_old_one() -> None:
    world, clock = World(), VirtualClock()
    world.workload(b"one")
    second = world.workload(b"two")
    world.put_secret(b"one")
    async with world.cache as cache:
        await cache.client(CLUSTER)
        await world.change_secret(b"two")
        await clock.sleep(SECRET_SECONDS)
        assert await cache.client(CLUSTER) is second
        assert world.open == [b"two"]


@on_virtual_time
async def test_a_removed_secret_closes_the_client() -> None:
    world, clock = World(), VirtualClock()
    world.workload(b"one")
    world.put_secret(b"one")
    async with world.cache as cache:
        await cache.client(CLUSTER)
        await world.management.delete(SECRETS, ObjectKey("d", "demo-kubeconfig"))
        await clock.sleep(SECRET_SECONDS)
        with pytest.raises(ClusterUnreachable):
            await cache.client(CLUSTER)
        assert world.open == []


@on_virtual_time
async def test_passes_that_ask_at_once_share_one_client() -> None:
    world = World()
    world.workload(b"one")
    world.put_secret(b"one")
    async with world.cache as cache, TaskScope("passes") as scope:
        for number in range(3):
            scope.start(cache.client(CLUSTER), name=f"{number}")
        await VirtualClock().sleep(1)
        assert world.open == [b"one"]


@on_virtual_time
async def test_an_informer_follows_a_workload_cluster_until_it_is_forgotten() -> None:
    world, clock = World(), VirtualClock()
    workload = world.workload(b"one")
    world.put_secret(b"one")
    async with world.cache as cache:
        nodes = await cache.informer(CLUSTER, NODES)
        assert await cache.informer(CLUSTER, NODES) is nodes
        workload.put(NODES, Node(metadata=ObjectMeta(name="n")))
        await clock.sleep(1)
        assert [node.metadata.name for node in nodes.list()] == ["n"]
        await cache.forget(CLUSTER)
        workload.put(NODES, Node(metadata=ObjectMeta(name="later")))
        await clock.sleep(1)
        assert len(nodes.list()) == 1


class Noting:
    """Notes its keys."""

    def __init__(self) -> None:
        self.keys: list[ObjectKey] = []

    async def reconcile(self, key: ObjectKey) -> Result:
        self.keys.append(key)
        return DONE


@on_virtual_time
async def test_a_controller_looks_when_something_changes_in_any_workload_cluster() -> None:
    world, clock = World(), VirtualClock()
    workload = world.workload(b"one")
    world.put_secret(b"one")
    noting = Noting()
    manager = Manager(world.management, clock, Random(1))
    source = world.cache.source(NODES, lambda cluster, node: [ObjectKey(cluster.namespace, f"of-{node.metadata.name}")])
    manager.add_controller(Controller("node", noting, sources=[source]))
    async with world.cache as cache, TaskScope("test") as scope:
        scope.start(manager.run(), name="manager")
        await clock.sleep(1)
        workload.put(NODES, Node(metadata=ObjectMeta(name="before")))
        await cache.informer(CLUSTER, NODES)
        await clock.sleep(1)
        workload.put(NODES, Node(metadata=ObjectMeta(name="after")))
        await clock.sleep(1)
        manager.stop()

    assert noting.keys == [ObjectKey("d", "of-before"), ObjectKey("d", "of-after")]
