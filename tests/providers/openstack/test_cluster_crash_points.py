"""Lose every call for a cluster, before and after its effect: no twin, and the delete leaves the project as it was."""

from collections.abc import Awaitable, Callable

import pytest
from tests.providers.openstack.clusters import ClusterKeeper, everything, managed_cluster
from tests.providers.openstack.core_cloud import CoreCloud, ManualClock

from kubecapy.contract.errors import ProviderError
from kubecapy.devcloud.faults import Drop, Rule, When
from kubecapy.providers.openstack.actuators.cluster import OpenStackClusterActuator
from kubecapy.providers.openstack.services.projects import Projects

PASSES_MAX = 60
ADDED = {
    "networks": 1,
    "subnets": 1,
    "routers": 1,
    "ports": 2,
    "groups": 2,
    "rules": 24,
    "floating addresses": 0,
}
"""The ports are the router's two: gateway and interface. Of the rules two a group are Neutron's own."""
OpenProjects = Callable[[], Projects]


class Life:
    """Drives one cluster from nothing to nothing; a lost call starts the process anew, or not."""

    def __init__(self, clock: ManualClock, open_projects: OpenProjects, *, restart: bool) -> None:
        self._clock = clock
        self._open_projects = open_projects
        self._restart = restart
        self.cluster = ClusterKeeper(self._actuator(), managed_cluster())

    async def create(self) -> None:
        await self._until(self._is_made)

    async def create_until_a_call_is_lost(self) -> None:
        for _ in range(PASSES_MAX):
            try:
                await self.cluster.step()
            except ProviderError:
                return
            self._clock.pass_(1.0)
        raise AssertionError("no call was lost")

    async def delete(self) -> None:
        await self._until(self._is_gone)

    async def _is_made(self) -> bool:
        return not (await self.cluster.step()).waiting_for

    async def _is_gone(self) -> bool:
        return (await self.cluster.delete()).gone

    async def _until(self, done: Callable[[], Awaitable[bool]]) -> None:
        for _ in range(PASSES_MAX):
            try:
                if await done():
                    return
            except ProviderError:
                if self._restart:
                    self.cluster.actuator = self._actuator()
            self._clock.pass_(1.0)
        raise AssertionError("the cluster never came to its end state")

    def _actuator(self) -> OpenStackClusterActuator:
        return OpenStackClusterActuator(self._open_projects())


def count(cloud: CoreCloud) -> dict[str, int]:
    return {kind: len(ids) for kind, ids in everything(cloud).items()}


async def count_calls(cloud: CoreCloud, clock: ManualClock, open_projects: OpenProjects) -> tuple[int, int]:
    """Return how many calls an undisturbed create takes, and how many it takes with the delete."""
    life = Life(clock, open_projects, restart=True)
    await life.create()
    created = len(cloud.entries())
    await life.delete()
    return created, len(cloud.entries())


@pytest.mark.parametrize("restart", [True, False], ids=["killed", "reply-lost"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_every_lost_call_ends_in_one_cluster_and_then_in_none(
    cloud: CoreCloud, clock: ManualClock, open_projects: OpenProjects, when: When, *, restart: bool
) -> None:
    before, empty = everything(cloud), count(cloud)
    _, calls = await count_calls(cloud, clock, open_projects)
    for n in range(1, calls + 1):
        cloud.faults.clear()
        cloud.faults.add(Rule(Drop(when), nth=n))
        life = Life(clock, open_projects, restart=restart)
        await life.create()
        added = {kind: number - empty[kind] for kind, number in count(cloud).items()}
        assert added == ADDED, f"call {n}"
        await life.delete()
        assert everything(cloud) == before, f"call {n}"
        assert cloud.faults.rules()[0].struck == 1, f"call {n} never came"


async def test_a_create_that_is_given_up_anywhere_leaves_nothing(
    cloud: CoreCloud, clock: ManualClock, open_projects: OpenProjects
) -> None:
    before = everything(cloud)
    created, _ = await count_calls(cloud, clock, open_projects)
    for n in range(1, created + 1):
        cloud.faults.clear()
        cloud.faults.add(Rule(Drop("after"), nth=n))
        life = Life(clock, open_projects, restart=True)
        await life.create_until_a_call_is_lost()
        # The record of the pass was lost with it, and another process deletes.
        await life.delete()
        assert everything(cloud) == before, f"call {n}"
