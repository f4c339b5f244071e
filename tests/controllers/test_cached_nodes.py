"""Nodes of workload clusters are read from copies, and copies of silent clusters are not trusted."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from random import SystemRandom

import pytest
from tests.controllers.world import CLUSTER, WORKER, ManualClock, World, changed

from kubecapy.api.core import NODES, SECRETS, Secret, encode_secret_data
from kubecapy.apimachinery.errors import ServiceUnavailable
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta
from kubecapy.client.interfaces import Unreachable
from kubecapy.controllers.node.nodes import CachedNodes
from kubecapy.controllers.node.pulse import Pulse
from kubecapy.runtime.cluster_cache import ClusterCache, ClusterUnreachable
from kubecapy.testing.fake_api import Call, FakeApi


@pytest.fixture
async def world() -> World:
    world = World()
    world.workload.is_up = True
    kubeconfig = encode_secret_data({"value": "kubeconfig"})
    world.api.put(SECRETS, Secret(metadata=ObjectMeta(name="test1-kubeconfig", namespace="default"), data=kubeconfig))
    return world


@contextlib.asynccontextmanager
async def cached(world: World) -> AsyncIterator[CachedNodes]:
    def connect(_: bytes) -> contextlib.AbstractAsyncContextManager[FakeApi]:
        return contextlib.nullcontext(world.workload.api)

    async with ClusterCache(world.api, connect, world.clock, SystemRandom()) as cache:
        yield CachedNodes(cache, world.clock)


async def names_once_listed(nodes: CachedNodes, provider_id: str, machine: ObjectKey = WORKER) -> list[str]:
    async with asyncio.timeout(10):
        while (found := await nodes.find_nodes(CLUSTER, provider_id, machine)) is None:
            await asyncio.sleep(0)
    return [node.metadata.name for node in found]


async def test_nodes_are_found_by_provider_id_and_by_annotation(world: World) -> None:
    world.workload.api.put(NODES, world.guests.node("a", "fake:///1"))
    world.workload.api.put(NODES, world.guests.node("b", "fake:///2"))
    annotations = {"cluster.k8s.io/machine": "default/node-1"}
    named = world.guests.node("c", "")
    world.workload.api.put(NODES, changed(named, metadata=ObjectMeta(name="c", annotations=annotations)))

    async with cached(world) as nodes:
        assert await names_once_listed(nodes, "fake:///2") == ["b", "c"]
        assert await names_once_listed(nodes, "", ObjectKey("default", "other")) == []


async def test_a_cluster_without_kubeconfig_cannot_be_reached(world: World) -> None:
    async with cached(world) as nodes:
        with pytest.raises(ClusterUnreachable, match="no Secret other-kubeconfig"):
            await nodes.find_nodes(ObjectKey("default", "other"), "fake:///1", WORKER)


async def test_a_cluster_that_is_not_up_is_not_followed(world: World) -> None:
    world.workload.is_up = False

    async with cached(world) as nodes:
        with pytest.raises(Unreachable, match="connection refused"):
            await nodes.find_nodes(CLUSTER, "fake:///1", WORKER)

    assert [call.verb for call in world.workload.api.calls] == ["request"]


async def test_a_silent_cluster_is_not_spoken_for_by_its_copy(world: World) -> None:
    world.workload.api.put(NODES, world.guests.node("a", "fake:///1"))
    async with cached(world) as nodes:
        assert await names_once_listed(nodes, "fake:///1") == ["a"]
        world.workload.is_up = False

        assert await names_once_listed(nodes, "fake:///1") == ["a"]
        world.clock.advance(30)
        with pytest.raises(Unreachable):
            await nodes.find_nodes(CLUSTER, "fake:///1", WORKER)


async def test_a_forgotten_cluster_is_asked_anew(world: World) -> None:
    async with cached(world) as nodes:
        await names_once_listed(nodes, "fake:///1")
        await nodes.forget(CLUSTER)
        world.workload.is_up = False

        with pytest.raises(Unreachable):
            await nodes.find_nodes(CLUSTER, "fake:///1", WORKER)


async def test_many_machines_ask_once() -> None:
    clock = ManualClock()
    pulse, api = Pulse(clock), FakeApi(clock)

    for _ in range(100):
        await pulse.check(CLUSTER, api)

    assert len(api.calls) == 1


async def test_a_failure_is_remembered_for_a_moment_only() -> None:
    clock = ManualClock()
    pulse, api = Pulse(clock), FakeApi(clock)

    def refuse(call: Call) -> None:
        raise Unreachable("connection refused")

    api.before_call = refuse
    for _ in range(100):
        with pytest.raises(Unreachable, match="connection refused"):
            await pulse.check(CLUSTER, api)
    assert len(api.calls) == 1

    clock.advance(1)
    api.before_call = lambda call: None
    await pulse.check(CLUSTER, api)


async def test_a_server_that_is_not_ready_is_asked_again_at_once() -> None:
    clock = ManualClock()
    pulse, api = Pulse(clock), FakeApi(clock)

    def starting(call: Call) -> None:
        raise ServiceUnavailable("etcd is not ready")

    api.before_call = starting
    for _ in range(2):
        with pytest.raises(ServiceUnavailable):
            await pulse.check(CLUSTER, api)

    assert len(api.calls) == 2
