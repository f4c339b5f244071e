"""Stop the controllers at every call to the cloud, before and after its effect: no twin, and nothing is left behind.

A stopped process has stored nothing of the pass it was in: the next one begins with the Machine as it was, and with
clients that know nothing.
"""

from collections.abc import Callable

import pytest
from tests.providers.openstack.core_cloud import CoreCloud, ManualClock
from tests.providers.openstack.machines import PORT, Reconciler, make_cluster, make_machine

from kubecapy.contract.errors import ProviderError
from kubecapy.devcloud.faults import Answer, Drop, Rule, When
from kubecapy.providers.openstack.actuators.machine import OpenStackMachineActuator
from kubecapy.providers.openstack.services.projects import Projects

PASSES_MAX = 40
OpenProjects = Callable[[], Projects]


class Run:
    """Drives one machine to its end state, starting again from nothing each time a call is lost."""

    def __init__(self, cloud: CoreCloud, clock: ManualClock, open_projects: OpenProjects, *, restart: bool) -> None:
        self.cloud = cloud
        self.clock = clock
        self._open_projects = open_projects
        self._restart = restart
        self.machine = Reconciler(
            self._actuator(), make_machine(floatingIP=cloud.addresses()[0], tags=["blue"]), make_cluster()
        )

    def _actuator(self) -> OpenStackMachineActuator:
        return OpenStackMachineActuator(self._open_projects())

    async def until(self, done: Callable[[], object]) -> None:
        for _ in range(PASSES_MAX):
            try:
                if await done():  # type: ignore[misc]  # the two callers pass coroutines
                    return
            except ProviderError:
                if self._restart:
                    self.machine.actuator = self._actuator()
            self.clock.pass_(1.0)
        raise AssertionError("the machine never came to its end state")

    async def until_first_error(self) -> None:
        for _ in range(PASSES_MAX):
            await self.created()
            self.clock.pass_(1.0)

    async def created(self) -> bool:
        await self.machine.create()
        seen = await self.machine.observe()
        return seen is not None and seen.state == "Running"


async def count_calls(cloud: CoreCloud, clock: ManualClock, open_projects: OpenProjects) -> tuple[int, int]:
    """Return how many calls an undisturbed create takes, and how many it takes with the delete."""
    run = Run(cloud, clock, open_projects, restart=True)
    await run.until(run.created)
    created = len(cloud.entries())
    await run.until(run.machine.delete)
    return created, len(cloud.entries())


@pytest.mark.parametrize("restart", [True, False], ids=["killed", "reply-lost"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_every_lost_call_ends_in_one_machine_and_then_in_none(
    clock: ManualClock, open_projects: OpenProjects, cloud: CoreCloud, when: When, restart: bool
) -> None:
    before = cloud.holdings()
    _, calls = await count_calls(cloud, clock, open_projects)
    for n in range(1, calls + 1):
        cloud.faults.clear()
        cloud.faults.add(Rule(Drop(when), nth=n))
        run = Run(cloud, clock, open_projects, restart=restart)
        await run.until(run.created)
        servers, ports, led = cloud.holdings()
        assert servers == ["node-1"], f"call {n}"
        assert ports == [PORT], f"call {n}"
        assert sum(port is not None for port in led) == 1, f"call {n}"
        await run.until(run.machine.delete)
        assert cloud.holdings() == before, f"call {n}"
        assert cloud.faults.rules()[0].struck == 1, f"call {n} never came"


@pytest.mark.parametrize("status", [401, 403, 409, 413, 429, 500, 503])
async def test_every_refused_call_ends_in_one_machine_and_then_in_none(
    clock: ManualClock, open_projects: OpenProjects, cloud: CoreCloud, status: int
) -> None:
    before = cloud.holdings()
    _, calls = await count_calls(cloud, clock, open_projects)
    for n in range(1, calls + 1):
        cloud.faults.clear()
        cloud.faults.add(Rule(Answer(status), nth=n))
        run = Run(cloud, clock, open_projects, restart=False)
        await run.until(run.created)
        servers, ports, _ = cloud.holdings()
        assert (servers, ports) == (["node-1"], [PORT]), f"call {n}"
        await run.until(run.machine.delete)
        assert cloud.holdings() == before, f"call {n}"


async def test_a_create_that_is_given_up_anywhere_leaves_nothing(
    clock: ManualClock, open_projects: OpenProjects, cloud: CoreCloud
) -> None:
    before = cloud.holdings()
    created, _ = await count_calls(cloud, clock, open_projects)
    for n in range(1, created + 1):
        cloud.faults.clear()
        cloud.faults.add(Rule(Drop("after"), nth=n))
        run = Run(cloud, clock, open_projects, restart=True)
        with pytest.raises(ProviderError):
            await run.until_first_error()
        # The record of the pass was lost with it, and another process deletes.
        run.machine = Reconciler(OpenStackMachineActuator(open_projects()), make_machine(), make_cluster())
        await run.until(run.machine.delete)
        assert cloud.holdings() == before, f"call {n}"
