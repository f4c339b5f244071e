"""A Machine goes in order, and never stays for ever for something that it cannot reach."""

import logging

import pytest
from tests.controllers.world import CLUSTER, MASTER, WORKER, World, a_cluster, a_machine, a_master

from kubecapy.api.cluster.v1alpha1 import CLUSTERS, MACHINES
from kubecapy.api.core import NODES, SECRETS, Node
from kubecapy.apimachinery.conditions import find_condition
from kubecapy.apimachinery.meta import ObjectMeta
from kubecapy.contract.errors import Unavailable
from kubecapy.runtime.reconciler import DONE, Result
from kubecapy.testing.fake_cloud import CloudCall


async def a_running_world(**settings: object) -> World:
    world = World(**settings)
    world.put(a_cluster(), a_master(), a_machine())
    await world.settle()
    world.api.calls.clear()
    world.cloud.calls.clear()
    return world


def is_there(world: World, key: object = WORKER) -> bool:
    return key in [(machine.metadata.namespace, machine.metadata.name) for machine in world.api.objects(MACHINES)]


async def test_the_server_goes_before_its_node_and_the_finalizer_last() -> None:
    world = await a_running_world()
    await world.delete(WORKER)

    result = await world.pass_machine()
    assert result == Result(1.0)
    assert "node-1" in world.node_names()
    found = find_condition(world.machine().status.conditions, "Deleted")
    assert (found.status, found.reason, found.message) == ("False", "WaitingForCloud", "waiting for server node-1")
    assert world.machine().status.phase == "Deleting"

    await world.pass_machine()
    assert "node-1" not in world.node_names()
    assert not is_there(world)


async def test_the_log_tells_a_delete_in_the_articles_words(caplog: pytest.LogCaptureFixture) -> None:
    world = await a_running_world()
    await world.delete(WORKER)

    with caplog.at_level(logging.INFO, "kubecapy"):
        await world.settle()

    lines = [record.getMessage() for record in caplog.records if "node-1" in record.getMessage()]
    assert lines == [
        "Running reconcile Machine for node-1",
        "reconciling machine object node-1 triggers delete.",
        "Running reconcile Machine for node-1",
        "reconciling machine object node-1 triggers delete.",
        "Deleting node node-1 for machine node-1",
        "machine object node-1 deletion successful, removing finalizer.",
    ]


async def test_a_cloud_that_fails_keeps_the_machine_and_says_why() -> None:
    world = await a_running_world()
    await world.delete(WORKER)

    def interfere(call: CloudCall) -> None:
        if call.verb == "delete":
            raise Unavailable("deleting server node-1: 503")

    world.cloud.before_call = interfere
    await world.pass_machine()

    assert find_condition(world.machine().status.conditions, "Deleted").message == "deleting server node-1: 503"
    assert world.machine().status.last_operation.type == "Delete"
    assert world.machine().status.last_operation.state == "Failed"


async def test_a_cluster_that_does_not_answer_delays_a_delete_only_so_long() -> None:
    world = await a_running_world(node_removal_timeout_seconds=60.0)
    await world.delete(WORKER)
    world.workload.is_up = False
    await world.pass_machine()

    result = await world.pass_machine()
    assert result == Result(10.0)
    assert find_condition(world.machine().status.conditions, "NodeRemoved").reason == "ClusterUnreachable"
    world.clock.advance(59)
    await world.pass_machine()
    assert is_there(world)

    world.clock.advance(1)
    await world.pass_machine()
    assert not is_there(world)


async def test_the_last_control_plane_goes_without_asking_its_own_api_server() -> None:
    world = await a_running_world()
    await world.delete(MASTER)
    world.workload.is_up = False

    await world.pass_machine(MASTER)
    await world.pass_machine(MASTER)

    assert not is_there(world, MASTER)


async def test_a_node_that_was_never_linked_is_found_by_its_provider_id() -> None:
    world = await a_running_world()
    await world.api.patch(MACHINES, WORKER, {"status": {"nodeRef": None}}, subresource="status")
    await world.delete(WORKER)

    await world.pass_machine()
    await world.pass_machine()

    assert "node-1" not in world.node_names()


async def test_another_node_of_the_same_name_is_left_alone() -> None:
    world = await a_running_world()
    world.workload.api.store.delete(NODES, ("", "node-1"), "")
    world.workload.api.put(NODES, Node(metadata=ObjectMeta(name="node-1")))
    await world.delete(WORKER)

    await world.pass_machine()
    await world.pass_machine()

    assert "node-1" in world.node_names()
    assert not is_there(world)


async def test_a_machine_goes_though_its_cluster_is_gone() -> None:
    world = await a_running_world()
    await world.api.patch(CLUSTERS, CLUSTER, {"metadata": {"finalizers": None}})
    await world.delete(CLUSTER, CLUSTERS)
    await world.delete(WORKER)

    await world.settle()

    assert not is_there(world)
    assert WORKER not in world.cloud.servers


async def test_a_machine_without_our_finalizer_is_not_ours_to_delete(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.put(a_cluster(), a_machine(finalizers=("somebody.example.com/else",)))
    await world.delete(WORKER)

    with caplog.at_level(logging.INFO, "kubecapy"):
        assert await world.pass_machine() == DONE

    assert "reconciling machine object node-1 causes a no-op as there is no finalizer." in caplog.text
    assert world.cloud.calls == []


async def a_world_on(node: Node | None, name: str = "node-1") -> World:
    world = await a_running_world(node_name=name)
    if node is not None:
        world.api.put(NODES, node)
    await world.delete(WORKER)
    world.api.calls.clear()
    return world


async def link_to(world: World, uid: str) -> None:
    await world.api.patch(MACHINES, WORKER, {"status": {"nodeRef": {"uid": uid}}}, subresource="status")


async def test_a_machine_that_hosts_its_controller_refuses_to_go_and_says_so_once() -> None:
    world = await a_world_on(Node(metadata=ObjectMeta(name="node-1")))
    (node,) = world.api.objects(NODES)
    await link_to(world, node.metadata.uid)

    results = [await world.pass_machine() for _ in range(3)]

    assert results == [DONE, DONE, DONE]
    assert is_there(world)
    assert WORKER in world.cloud.servers
    assert world.recorder.reasons.count("DeletionRefused") == 1
    found = find_condition(world.machine().status.conditions, "Deleted")
    assert (found.status, found.reason) == ("False", "HostsController")
    assert found.message.startswith("the controller that would delete this machine runs on it, on Node node-1; ")


async def test_a_node_of_the_same_name_in_another_cluster_protects_nothing() -> None:
    world = await a_world_on(Node(metadata=ObjectMeta(name="node-1")))

    await world.settle()

    assert not is_there(world)


async def test_a_controller_that_runs_elsewhere_deletes() -> None:
    world = await a_world_on(None, name="node-2")

    await world.settle()

    assert not is_there(world)


async def test_a_controller_outside_of_the_cluster_finds_no_node_of_its_own() -> None:
    world = await a_world_on(None)

    await world.settle()

    assert not is_there(world)


async def test_a_machine_that_was_deleted_before_anything_was_made_leaves_nothing() -> None:
    world = World()
    world.put(a_cluster(), a_machine())
    await world.pass_machine()

    await world.delete(WORKER)
    await world.settle()

    assert not is_there(world)
    assert world.cloud.reservations == {}
    assert "node-1-bootstrap-data" not in {secret.metadata.name for secret in world.api.objects(SECRETS)}


async def test_nothing_new_is_made_in_a_cluster_that_is_being_deleted() -> None:
    world = await a_running_world()
    await world.delete(CLUSTER, CLUSTERS)
    other = a_machine(WORKER._replace(name="node-2"))
    world.put(other)

    await world.pass_machine(WORKER._replace(name="node-2"))
    await world.settle()

    assert world.api.objects(MACHINES) == []
    assert world.cloud.is_empty
