"""Stop the controllers at every call to the cloud, before and after its effect: no twin, and nothing is left behind.

A stopped process has stored nothing of the pass it was in: the next one begins with the Machine as it was, and with
clients that know nothing.
"""

from collections.abc import Callable

import pytest
from tests.providers.openstack.core_cloud import CoreCloud, ManualClock
from tests.providers.openstack.machines import PORT, Reconciler, make_cluster, make_machine
from tests.providers.openstack.test_machine_fields import KEY

from kubecapy.contract.errors import ProviderError
from kubecapy.devcloud.faults import Answer, Drop, Rule, When
from kubecapy.devcloud.seed import EXTERNAL_NETWORK_ID
from kubecapy.providers.openstack.actuators.machine import OpenStackMachineActuator
from kubecapy.providers.openstack.services.projects import Projects

PASSES_MAX = 40
EVERYTHING = {
    "floatingIPPool": {"uuid": EXTERNAL_NETWORK_ID},
    "trunk": True,
    "tags": ["blue"],
    "rootVolume": {"diskSize": 20},
    "volumes": [{"name": "data", "diskSize": 5}],
    "publicKey": KEY,
}
OpenProjects = Callable[[], Projects]


class Run:
    """Drives one machine to its end state, starting again from nothing each time a call is lost."""

    def __init__(
        self, cloud: CoreCloud, clock: ManualClock, open_projects: OpenProjects, *, restart: bool, **spec: object
    ) -> None:
        self.cloud = cloud
        self.clock = clock
        self._open_projects = open_projects
        self._restart = restart
        wish = spec or {"floatingIP": cloud.addresses()[0], "tags": ["blue"]}
        self.machine = Reconciler(self._actuator(), make_machine(**wish), make_cluster())

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


async def count_calls(
    cloud: CoreCloud, clock: ManualClock, open_projects: OpenProjects, **spec: object
) -> tuple[int, int]:
    """Return how many calls an undisturbed create takes, and how many it takes with the delete."""
    run = Run(cloud, clock, open_projects, restart=True, **spec)
    await run.until(run.created)
    created = len(cloud.entries())
    await run.until(run.machine.delete)
    return created, len(cloud.entries())


@pytest.mark.parametrize("restart", [True, False], ids=["killed", "reply-lost"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_every_lost_call_ends_in_one_machine_and_then_in_none(
    clock: ManualClock, open_projects: OpenProjects, cloud: CoreCloud, when: When, restart: bool
) -> None:
    before = cloud.names()
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
        assert cloud.names() == before, f"call {n}"
        assert cloud.faults.rules()[0].struck == 1, f"call {n} never came"


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_machine_with_one_of_everything_is_made_once_and_leaves_nothing_though_any_call_is_lost(
    clock: ManualClock, open_projects: OpenProjects, cloud: CoreCloud, when: When
) -> None:
    before = cloud.names()
    _, calls = await count_calls(cloud, clock, open_projects, **EVERYTHING)
    for n in range(1, calls + 1):
        cloud.faults.clear()
        cloud.faults.add(Rule(Drop(when), nth=n))
        run = Run(cloud, clock, open_projects, restart=True, **EVERYTHING)
        await run.until(run.created)
        found = {kind: len(names) - len(before[kind]) for kind, names in cloud.names().items()}
        assert found == {"servers": 1, "ports": 1, "trunks": 1, "addresses": 1, "volumes": 2, "key pairs": 1}, (
            f"call {n}"
        )
        await run.until(run.machine.delete)
        assert cloud.names() == before, f"call {n}"


@pytest.mark.parametrize("status", [401, 403, 409, 413, 429, 500, 503])
async def test_every_refused_call_ends_in_one_machine_and_then_in_none(
    clock: ManualClock, open_projects: OpenProjects, cloud: CoreCloud, status: int
) -> None:
    before = cloud.names()
    _, calls = await count_calls(cloud, clock, open_projects)
    for n in range(1, calls + 1):
        cloud.faults.clear()
        cloud.faults.add(Rule(Answer(status), nth=n))
        run = Run(cloud, clock, open_projects, restart=False)
        await run.until(run.created)
        servers, ports, _ = cloud.holdings()
        assert (servers, ports) == (["node-1"], [PORT]), f"call {n}"
        await run.until(run.machine.delete)
        assert cloud.names() == before, f"call {n}"


@pytest.mark.parametrize("spec", [{}, EVERYTHING], ids=["article", "everything"])
async def test_a_create_that_is_given_up_anywhere_leaves_nothing(
    clock: ManualClock, open_projects: OpenProjects, cloud: CoreCloud, spec: dict[str, object]
) -> None:
    before = cloud.names()
    created, _ = await count_calls(cloud, clock, open_projects, **spec)
    for n in range(1, created + 1):
        cloud.faults.clear()
        cloud.faults.add(Rule(Drop("after"), nth=n))
        run = Run(cloud, clock, open_projects, restart=True, **spec)
        with pytest.raises(ProviderError):
            await run.until_first_error()
        # The record of the pass was lost with it, and another process deletes.
        run.machine = Reconciler(OpenStackMachineActuator(open_projects()), make_machine(), make_cluster())
        await run.until(run.machine.delete)
        assert cloud.names() == before, f"call {n}"
