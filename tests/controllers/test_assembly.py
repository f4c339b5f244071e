"""The controllers on the real runtime: changes wake those who must look."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from random import SystemRandom

import pytest
from tests.controllers.world import CLUSTER, MASTER, WORKER, World, a_cluster, a_machine, a_master, changed

from kubecapy.api.cluster.v1alpha1 import CLUSTERS, MACHINES, Machine
from kubecapy.api.core import EVENTS, NODES, SECRETS, Secret, encode_secret_data
from kubecapy.apimachinery.meta import ObjectMeta
from kubecapy.client.interfaces import Client
from kubecapy.clock import SystemClock
from kubecapy.contract.errors import InvalidConfiguration
from kubecapy.contract.provider import Actuators
from kubecapy.controllers.assembly import ControllerRequest, UnknownController, open_controllers
from kubecapy.controllers.reactions import REASONS
from kubecapy.controllers.settings import ControllerSettings
from kubecapy.runtime.manager import Manager
from kubecapy.tasks import TaskScope
from kubecapy.testing.fake_cloud import CloudCall
from kubecapy.testing.fake_provider import FakeClusterActuator, FakeMachineActuator

SETTINGS = ControllerSettings(poll_seconds=0.01)


def request_of(world: World, **changes: object) -> ControllerRequest:
    def connect(kubeconfig: bytes) -> contextlib.AbstractAsyncContextManager[Client]:
        assert b"https://198.51.100." in kubeconfig
        return contextlib.nullcontext(world.workload.api)

    values = {
        "names": frozenset({"cluster", "machine", "node"}),
        "clock": SystemClock(),
        "random": SystemRandom(),
        "actuators": Actuators(FakeClusterActuator(world.cloud), FakeMachineActuator(world.cloud)),
        "connect": connect,
        "settings": SETTINGS,
    }
    return ControllerRequest(**(values | changes))


@contextlib.asynccontextmanager
async def running(world: World) -> AsyncIterator[Manager]:
    manager = Manager(world.api, SystemClock(), SystemRandom())
    async with open_controllers(manager, request_of(world)), TaskScope("test") as scope:
        scope.start(manager.run(), name="manager")
        yield manager
        manager.stop()


async def until(world: World, holds: Callable[[], bool]) -> None:
    """Wait for a change after which `holds`; the hosts act on each change."""
    async with asyncio.timeout(20), world.api.watch(MACHINES, resource_version="0") as deltas:
        async for _ in deltas:
            world.guests.act()
            if holds():
                return


def phases(world: World) -> dict[str, str | None]:
    machines: list[Machine] = world.api.objects(MACHINES)
    return {machine.metadata.name: machine.status.phase for machine in machines}


async def test_changes_alone_bring_a_cluster_up_and_down_again() -> None:
    world = World()
    async with running(world):
        for resource, obj in ((CLUSTERS, a_cluster()), (MACHINES, a_master()), (MACHINES, a_machine())):
            await world.api.create(resource, obj)
        await until(world, lambda: phases(world) == {"master-1": "Running", "node-1": "Running"})

        assert world.secret_names() >= {"test1-ca", "test1-kubeconfig"}
        assert "SuccessfulSetNodeRef" in {event.reason for event in world.api.objects(EVENTS)}

        await world.api.delete(MACHINES, WORKER)
        await until(world, lambda: set(phases(world)) == {"master-1"})
        assert world.node_names() == {"master-1"}

        await world.api.delete(CLUSTERS, CLUSTER)
        await until(world, lambda: phases(world) == {})

    assert world.cloud.servers == {}


async def test_a_node_that_goes_is_noticed_without_waiting() -> None:
    world = World()
    async with running(world):
        for resource, obj in ((CLUSTERS, a_cluster()), (MACHINES, a_master())):
            await world.api.create(resource, obj)
        await until(world, lambda: phases(world) == {"master-1": "Running"})

        lost = {"status": {"conditions": [{"type": "Ready", "status": "False", "reason": "KubeletNotReady"}]}}
        await world.workload.api.patch(NODES, ("", "master-1"), lost, subresource="status")
        await until(world, lambda: phases(world) == {"master-1": "Provisioned"})


async def test_a_node_that_only_its_annotation_links_is_found() -> None:
    world = World()
    async with running(world):
        for resource, obj in ((CLUSTERS, a_cluster()), (MACHINES, a_master())):
            await world.api.create(resource, obj)
        await until(world, lambda: phases(world) == {"master-1": "Running"})
        world.guests.broken["node-1"] = ""
        await world.api.create(MACHINES, a_machine())
        await until(world, lambda: phases(world).get("node-1") == "Provisioned")

        node = world.guests.node("other-name", "")
        annotated = changed(node.metadata, annotations={"cluster.k8s.io/machine": "node-1"})
        world.workload.api.put(NODES, changed(node, metadata=annotated))
        await until(world, lambda: phases(world).get("node-1") == "Running")

    assert world.machine().status.node_ref.name == "other-name"


async def test_only_the_named_controllers_run() -> None:
    world = World()
    world.put(a_cluster(), a_machine())
    await world.api.patch(MACHINES, WORKER, {"spec": {"providerID": "fake:///1"}})
    kubeconfig = encode_secret_data({"value": "server: https://198.51.100.1:6443"})
    world.api.put(SECRETS, Secret(metadata=ObjectMeta(name="test1-kubeconfig", namespace="default"), data=kubeconfig))
    world.workload.is_up = True
    world.workload.api.put(NODES, world.guests.node("node-1", "fake:///1"))
    manager = Manager(world.api, SystemClock(), SystemRandom())
    request = request_of(world, names=frozenset({"node"}), actuators=None)

    async with open_controllers(manager, request), TaskScope("test") as scope:
        scope.start(manager.run(), name="manager")
        await until(world, lambda: world.machine().status.node_ref is not None)
        manager.stop()

    assert world.cloud.calls == []
    assert world.machine().metadata.finalizers == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"names": frozenset({"cluster", "machnie"})}, 'there is no controller "machnie"; the controllers are cluster'),
        ({"names": frozenset()}, "no controller is named; the controllers are cluster, machine, node"),
        ({"actuators": None}, "the cluster and machine controllers need a provider; name one with --provider"),
    ],
    ids=["misspelt", "none", "no provider"],
)
async def test_a_wrong_request_is_refused_in_a_sentence(changes: dict[str, object], message: str) -> None:
    world = World()
    manager = Manager(world.api, SystemClock(), SystemRandom())

    with pytest.raises(UnknownController, match=message):
        async with open_controllers(manager, request_of(world, **changes)):
            pass


@pytest.mark.parametrize(("node_name", "warned"), [("", True), ("master-1", False)])
async def test_a_process_that_does_not_know_its_node_warns(
    node_name: str, caplog: pytest.LogCaptureFixture, *, warned: bool
) -> None:
    world = World()
    manager = Manager(world.api, SystemClock(), SystemRandom())

    async with open_controllers(manager, request_of(world, settings=ControllerSettings(node_name=node_name))):
        pass

    warning = (
        "environment variable NODE_NAME is not set, this controller will not protect against deleting its own machine"
    )
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert (warning in said) is warned


async def test_a_failing_cloud_is_counted_by_the_reason_of_the_one_table() -> None:
    world = World()
    world.put(a_cluster(), a_master())

    def refuse(call: CloudCall) -> None:
        raise InvalidConfiguration("no such field")

    world.cloud.before_call = refuse
    async with running(world) as manager:
        await until(world, lambda: world.machine(MASTER).status.error_reason is not None)
        scraped = manager.metrics.render().decode()

    shown = {line for line in scraped.splitlines() if line.startswith("kubecapy_runtime_passes_ended_early_total")}
    zero = 'kubecapy_runtime_passes_ended_early_total{controller="machine-controller",reason="Throttled"} 0.0'
    assert zero in shown
    assert len(shown) == 2 * len(REASONS)
