"""A Machine knows its Node: which one it is, and how it is."""

import pytest
from tests.controllers.world import WORKER, World, a_cluster, a_machine, a_master, changed

from kubecapy.api.cluster.v1alpha1 import MACHINES, Machine
from kubecapy.api.core import NODES, Node, NodeSpec
from kubecapy.apimachinery.conditions import find_condition
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta
from kubecapy.controllers.node_matching import find_node
from kubecapy.runtime.reconciler import DONE

NODE_1 = ObjectKey("", "node-1")


def a_node(name: str, provider_id: str = "", annotation: str = "") -> Node:
    annotations = {"cluster.k8s.io/machine": annotation} if annotation else None
    return Node(metadata=ObjectMeta(name=name, annotations=annotations), spec=NodeSpec(provider_id=provider_id))


def with_provider_id(machine: Machine, provider_id: str | None) -> Machine:
    return changed(machine, spec=changed(machine.spec, provider_id=provider_id))


@pytest.mark.parametrize(
    ("provider_id", "nodes", "found"),
    [
        ("openstack:///a", [a_node("x", "openstack:///b"), a_node("y", "openstack:///a")], "y"),
        ("openstack:///a", [a_node("x", "aws:///a")], None),
        ("openstack:///a", [a_node("x", annotation="default/node-1")], "x"),
        ("openstack:///a", [a_node("x", annotation="node-1")], "x"),
        ("openstack:///a", [a_node("x", "openstack:///b", annotation="default/node-1")], None),
        ("openstack:///a", [a_node("x", annotation="other/node-1")], None),
        ("openstack:///a", [a_node("x", annotation="default/node-1"), a_node("y", "openstack:///a")], "y"),
        (None, [a_node("x", "openstack:///b", annotation="default/node-1")], "x"),
        (None, [a_node("x")], None),
        ("openstack:///a", [], None),
    ],
    ids=[
        "by providerID",
        "another cloud's id",
        "by annotation",
        "by annotation without namespace",
        "annotation against another providerID",
        "annotation for another namespace",
        "providerID before annotation",
        "machine without providerID",
        "nothing says so",
        "no nodes",
    ],
)
def test_a_node_is_found_by_provider_id_then_by_annotation(
    provider_id: str | None, nodes: list[Node], found: str | None
) -> None:
    node = find_node(with_provider_id(a_machine(), provider_id), nodes)

    assert (node.metadata.name if node else None) == found


async def a_running_world() -> World:
    world = World()
    world.put(a_cluster(), a_master(), a_machine())
    await world.settle()
    return world


def condition(world: World) -> tuple[str, str, str]:
    found = find_condition(world.machine().status.conditions, "NodeReady")
    return found.status, found.reason, found.message


async def test_a_linked_node_is_told_once() -> None:
    world = await a_running_world()

    assert world.recorder.events.count(("node-1", "Normal", "SuccessfulSetNodeRef", "node-1")) == 1
    assert condition(world) == ("True", "NodeReady", "node node-1 is ready")


async def test_a_node_that_is_not_ready_makes_its_machine_not_ready() -> None:
    world = await a_running_world()
    lost = {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown", "message": "Kubelet stopped posting"}
    await world.workload.api.patch(NODES, NODE_1, {"status": {"conditions": [lost]}}, subresource="status")

    await world.round()
    await world.round()

    assert condition(world) == ("Unknown", "NodeStatusUnknown", "node node-1 is not ready: Kubelet stopped posting")
    machine = world.machine()
    assert machine.status.node_ref is not None
    assert machine.status.phase == "Provisioned"


async def test_a_link_to_a_node_that_is_gone_is_cleared() -> None:
    world = await a_running_world()
    world.workload.api.store.delete(NODES, NODE_1, "")

    await world.nodes.reconcile(WORKER)

    assert world.machine().status.node_ref is None
    assert world.machine().status.versions is None
    assert condition(world) == ("False", "NodeMissing", "node node-1 is gone")


async def test_a_node_that_comes_back_is_linked_anew() -> None:
    world = await a_running_world()
    old = world.machine().status.node_ref.uid
    world.workload.api.store.delete(NODES, NODE_1, "")
    await world.nodes.reconcile(WORKER)

    world.workload.api.put(NODES, world.guests.node("node-1", world.machine().spec.provider_id))
    await world.settle()

    assert world.machine().status.node_ref.uid != old
    assert world.machine().status.phase == "Running"


async def test_a_link_that_somebody_removed_is_restored() -> None:
    world = await a_running_world()
    await world.api.patch(MACHINES, WORKER, {"status": {"nodeRef": None}}, subresource="status")

    await world.settle()

    assert world.machine().status.node_ref.name == "node-1"


async def test_a_cluster_that_falls_silent_leaves_the_link_but_makes_it_unknown() -> None:
    world = await a_running_world()
    world.workload.is_up = False

    result = await world.nodes.reconcile(WORKER)

    assert result.requeue_after_seconds == 2.0
    assert world.machine().status.node_ref is not None
    message = "the API server of cluster test1 does not answer: https://198.51.100.1:6443: connection refused"
    assert condition(world) == ("Unknown", "ClusterUnreachable", message)


async def test_a_linked_machine_is_looked_at_again_in_case_its_cluster_falls_silent() -> None:
    world = await a_running_world()

    assert (await world.nodes.reconcile(WORKER)).requeue_after_seconds == 60.0


async def test_a_machine_is_not_judged_before_the_nodes_were_listed() -> None:
    world = await a_running_world()

    async def not_listed(*_: object) -> None:
        return None

    world.workload.find_nodes = not_listed
    world.api.calls.clear()

    result = await world.nodes.reconcile(WORKER)

    assert result.requeue_after_seconds == 2.0
    assert world.api.writes() == []


async def test_a_machine_without_a_server_has_no_node_to_look_for() -> None:
    world = World()
    world.put(a_cluster(), a_machine())

    assert await world.nodes.reconcile(WORKER) == DONE
    assert world.api.writes() == []
