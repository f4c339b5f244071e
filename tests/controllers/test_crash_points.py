"""Stop the process at every write to the outside, before and after it takes effect: the end is the same."""

from collections.abc import Awaitable, Callable

import pytest
from tests.controllers.world import CLUSTER, WORKER, World, a_cluster, a_machine, a_master

from kubecapy.api.cluster.v1alpha1 import CLUSTERS, MACHINES
from kubecapy.api.core import NODES
from kubecapy.apimachinery.conditions import Condition
from kubecapy.apimachinery.meta import key_of
from kubecapy.client.interfaces import Unreachable
from kubecapy.testing.crash_points import Killed, When
from kubecapy.testing.fake_api import Call
from kubecapy.testing.fake_cloud import CloudCall

Scenario = Callable[[World], Awaitable[None]]


class Reaper:
    """Kills the process at its n-th write to API, cloud or workload cluster."""

    def __init__(self, world: World) -> None:
        self.writes = 0
        self._world = world
        self._number = 0
        self._when: When = "before"
        for outside in (world.api, world.cloud, world.workload.api):
            outside.before_call = self._before
            outside.after_call = self._after

    def arm(self, number: int, when: When) -> None:
        self.writes, self._number, self._when = 0, number, when

    def _before(self, call: Call | CloudCall) -> None:
        if call.is_write:
            self.writes += 1
            self._strike("before", call)
        if isinstance(call, Call) and not self._world.workload.is_up and call.plural in _WORKLOAD_ONLY:
            raise Unreachable("https://198.51.100.1:6443: connection refused")

    def _after(self, call: Call | CloudCall) -> None:
        if call.is_write:
            self._strike("after", call)

    def _strike(self, when: When, call: Call | CloudCall) -> None:
        if (self.writes, when) == (self._number, self._when):
            self._number = 0
            raise Killed(f"{when} write {self.writes}: {call}")


_WORKLOAD_ONLY = ("/readyz", "configmaps", "nodes")


async def create(world: World) -> None:
    world.put(a_cluster(), a_master(), a_machine())


async def delete_worker(world: World) -> None:
    await create(world)
    await world.settle()
    await world.delete(WORKER)


async def delete_cluster(world: World) -> None:
    await create(world)
    await world.settle()
    await world.delete(CLUSTER, CLUSTERS)


def end_of(world: World) -> object:
    """Return everything that counts, without what differs from run to run."""

    def words(conditions: tuple[Condition, ...]) -> list[tuple[str, str, str]]:
        return sorted((found.type, found.status, found.reason) for found in conditions)

    machines = {
        str(key_of(machine)): (machine.status.phase, words(machine.status.conditions), machine.metadata.finalizers)
        for machine in world.api.objects(MACHINES)
    }
    clusters = {str(key_of(c)): words(c.status.conditions) for c in world.api.objects(CLUSTERS)}
    nodes = sorted(node.metadata.name for node in world.workload.api.objects(NODES))
    left = (set(world.cloud.servers), set(world.cloud.reservations), world.cloud.clusters)
    return machines, clusters, nodes, left, world.secret_names(), world.token_names()


async def run(scenario: Scenario, number: int, when: When) -> tuple[object, int, World]:
    world = World()
    reaper = Reaper(world)
    await scenario(world)
    reaper.arm(number, when)
    try:
        await world.settle()
    except Killed:
        world.start()
        await world.settle()
    else:
        assert number == 0 or number > reaper.writes, "the process was not killed"
    return end_of(world), reaper.writes, world


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("scenario", [create, delete_worker, delete_cluster])
async def test_a_process_that_is_stopped_at_any_write_is_taken_up_by_the_next(scenario: Scenario, when: When) -> None:
    expected, writes, _ = await run(scenario, 0, when)
    assert writes > 10

    for number in range(1, writes + 1):
        end, _, world = await run(scenario, number, when)

        assert end == expected, f"stopped {when} write {number}"
        assert world.certificates.made <= 2
