"""Two Clusters share a namespace: what was made for one is never taken for the other's, and none leaves a server."""

from tests.controllers.world import CLUSTER, WORKER, World, a_cluster, a_machine, a_master

from kubecapy.api.cluster.v1alpha1 import CLUSTER_NAME_LABEL, CLUSTERS, MACHINES
from kubecapy.apimachinery.conditions import find_condition
from kubecapy.apimachinery.meta import ObjectKey, key_of
from kubecapy.apimachinery.owner_references import owner_reference_to
from kubecapy.controllers.machine_conditions import RESERVED
from kubecapy.controllers.membership import find_membership, machines_of

OTHER = ObjectKey(CLUSTER.namespace, "other")


async def a_running_pair() -> World:
    """Let a cluster with machines that bear no label come up, and only then put another beside it."""
    world = World()
    world.put(a_cluster(), a_master(), a_machine())
    await world.settle()
    world.put(a_cluster(name=OTHER.name))
    await world.settle()
    return world


def machines_left(world: World) -> set[ObjectKey]:
    return {key_of(machine) for machine in world.api.objects(MACHINES)}


async def test_machines_without_a_label_stay_those_of_the_cluster_they_were_made_for() -> None:
    world = await a_running_pair()

    owners = [reference.name for reference in world.machine().metadata.owner_references]
    reserved = find_condition(world.machine().status.conditions, RESERVED)

    assert owners == [CLUSTER.name]
    assert reserved is not None
    assert reserved.status == "True"


async def test_a_cluster_that_is_deleted_takes_them_along() -> None:
    world = await a_running_pair()

    await world.delete(CLUSTER, CLUSTERS)
    await world.settle()

    assert not machines_left(world)
    assert not world.cloud.servers
    assert [key_of(cluster) for cluster in world.api.objects(CLUSTERS)] == [OTHER]


def test_the_other_cluster_never_takes_over_what_one_left_behind() -> None:
    other = a_cluster(name=OTHER.name)
    left = a_machine(owner_references=(owner_reference_to(a_cluster(uid="u"), CLUSTERS),))

    membership = find_membership(left, [other])

    assert membership.cluster is None
    assert (
        membership.problem == f'Cluster "{CLUSTER.name}", which the machine was made for, is gone; delete the machine'
    )
    assert machines_of(other, [left], [other]) == ()


async def test_a_label_that_is_moved_to_another_cluster_makes_no_twin_and_is_told() -> None:
    world = await a_running_pair()
    server = world.cloud.servers[WORKER].id
    await world.api.patch(MACHINES, WORKER, {"metadata": {"labels": {CLUSTER_NAME_LABEL: OTHER.name}}})

    await world.settle()

    reserved = find_condition(world.machine().status.conditions, RESERVED)
    assert reserved is not None
    assert reserved.status == "False"
    assert reserved.message == (
        f'label {CLUSTER_NAME_LABEL} names "{OTHER.name}", but the machine was made for "{CLUSTER.name}"; '
        "set the label back, or delete the machine and create it anew"
    )
    assert world.cloud.servers[WORKER].id == server

    await world.delete(WORKER)
    await world.settle()

    assert WORKER not in world.cloud.servers
    assert WORKER.name not in world.node_names()
