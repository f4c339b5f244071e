"""Connections do not outlive their clusters."""

from tests.controllers.world import CLUSTER, LiveView, World, a_cluster

from kubecapy.api.cluster.v1alpha1 import CLUSTERS
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.controllers.node.forgetting import ForgetGoneClusters


class Connections:
    def __init__(self) -> None:
        self.forgotten: list[ObjectKey] = []

    async def forget(self, cluster: ObjectKey) -> None:
        self.forgotten.append(cluster)


async def test_connections_to_a_cluster_that_is_gone_are_closed() -> None:
    connections = Connections()

    await ForgetGoneClusters(LiveView(World().api, CLUSTERS), connections).reconcile(CLUSTER)

    assert connections.forgotten == [CLUSTER]


async def test_connections_to_a_cluster_that_is_there_stay() -> None:
    world, connections = World(), Connections()
    world.put(a_cluster())

    await ForgetGoneClusters(LiveView(world.api, CLUSTERS), connections).reconcile(CLUSTER)

    assert connections.forgotten == []
