"""What machines share is made one thing after another: each is stored before the next is made."""

from tests.controllers.world import a_cluster

from kubecapy.api.cluster.v1alpha1 import Cluster
from kubecapy.apimachinery.conditions import find_condition
from kubecapy.apimachinery.times import parse_time
from kubecapy.contract.actuators import ClusterObservation, Deletion
from kubecapy.controllers.cluster.phases import EnsureInfrastructure
from kubecapy.controllers.cluster.scope import ClusterScope
from kubecapy.runtime.reconciler import Result


class SlowActuator:
    """Makes one thing a call."""

    def __init__(self, *names: str) -> None:
        self._left = list(names)
        self.stored: list[object] = []

    async def reconcile(self, cluster: Cluster) -> ClusterObservation:
        self.stored.append((cluster.status.provider_status or {}).get("made"))
        record = {"made": self._left.pop(0)}
        waiting = self._left[0] if self._left else ""
        return ClusterObservation(provider_status=record, waiting_for=waiting, retry_after_seconds=0.0)

    async def delete(self, cluster: Cluster) -> Deletion:
        del cluster
        return Deletion(gone=True)


async def test_the_next_thing_is_made_once_the_last_one_is_stored() -> None:
    actuator = SlowActuator("network", "subnet", "router")
    cluster, results, conditions = a_cluster(), [], []
    for _ in range(3):
        scope = ClusterScope(cluster, (), parse_time("2026-11-29T00:00:00Z"))
        results.append(await EnsureInfrastructure(actuator).run(scope))
        cluster = scope.finished()
        conditions.append(find_condition(cluster.status.conditions, "InfrastructureReady"))
    assert actuator.stored == [None, "network", "subnet"]
    assert results == [Result(0.0), Result(0.0), None]
    told = [(found.status, found.reason, found.message) for found in conditions if found]
    assert told == [
        ("False", "WaitingForCloud", "waiting for subnet"),
        ("False", "WaitingForCloud", "waiting for router"),
        ("True", "Reconciled", ""),
    ]
