"""What machines cost in calls, by devcloud's ledger; the figures here are promises (logins are counted elsewhere)."""

from collections import Counter
from collections.abc import Callable

from tests.providers.openstack.core_cloud import CoreCloud, ManualClock
from tests.providers.openstack.machines import Reconciler, make_cluster, make_machine

from kubecapy.devcloud.seed import EXTERNAL_NETWORK_ID, PROJECT
from kubecapy.devcloud.settings import Timing
from kubecapy.providers.openstack.actuators.machine import OpenStackMachineActuator
from kubecapy.tasks import TaskScope

Make = Callable[..., Reconciler]
MakeCloud = Callable[[Timing], tuple[CoreCloud, OpenStackMachineActuator]]


def made(cloud: CoreCloud) -> list[tuple[str, str]]:
    return [(entry.method, entry.template) for entry in cloud.entries()]


async def test_one_worker_costs_two_writes_and_one_look_at_everything(cloud: CoreCloud, reconciler: Make) -> None:
    await reconciler().create()
    calls = Counter(made(cloud))
    assert [call for call in calls if call[0] != "GET"] == [("POST", "/v2.0/ports"), ("POST", "/v2.1/servers")]
    assert max(calls.values()) == 1, "nothing is asked twice"
    assert calls.total() == 9


async def test_the_next_worker_of_the_same_kind_costs_its_two_writes(cloud: CoreCloud, reconciler: Make) -> None:
    await reconciler().create()
    before = len(made(cloud))
    await reconciler(name="node-2").create()
    assert made(cloud)[before:] == [("POST", "/v2.0/ports"), ("POST", "/v2.1/servers")]


async def test_a_hundred_workers_cost_at_most_four_calls_each_until_they_run(
    clock: ManualClock, make_cloud: MakeCloud
) -> None:
    cloud, actuator = make_cloud(Timing(boot_seconds=40.0))
    machines = [Reconciler(actuator, make_machine(f"node-{n}"), make_cluster()) for n in range(100)]
    for machine in machines:
        await machine.create()
    waiting = machines
    while waiting:
        clock.pass_(1.0)  # Every machine is looked at every second.
        waiting = [machine for machine in waiting if not await runs(machine)]
    assert len(made(cloud)) <= 4 * len(machines)


async def test_workers_with_an_address_of_a_pool_cost_at_most_six_calls_each_and_four_to_delete(
    clock: ManualClock, make_cloud: MakeCloud
) -> None:
    cloud, actuator = make_cloud(Timing(boot_seconds=40.0))
    cloud.world.quotas.set_limits("network", PROJECT.id, {"floatingip": 200})
    spec = {"floatingIPPool": {"uuid": EXTERNAL_NETWORK_ID}}
    machines = [Reconciler(actuator, make_machine(f"node-{n}", **spec), make_cluster()) for n in range(40)]
    for machine in machines:
        await machine.create()
    waiting = machines
    while waiting:
        clock.pass_(1.0)
        waiting = [machine for machine in waiting if not await runs(machine)]
    assert len(made(cloud)) <= 6 * len(machines)
    before, waiting = len(made(cloud)), machines
    while waiting:
        waiting = [machine for machine in waiting if not await machine.delete()]
        clock.pass_(2.0)
    assert len(made(cloud)) - before <= 4 * len(machines)


async def test_deleting_a_hundred_workers_costs_at_most_four_calls_each(
    clock: ManualClock, make_cloud: MakeCloud
) -> None:
    cloud, actuator = make_cloud(Timing(boot_seconds=0.0, delete_seconds=60.0))
    machines = [Reconciler(actuator, make_machine(f"node-{n}"), make_cluster()) for n in range(100)]
    for machine in machines:
        await machine.create()
    clock.pass_(60.0)
    before, started = len(made(cloud)), clock.monotonic()
    waiting = machines
    while waiting:
        waiting = [machine for machine in waiting if not await machine.delete()]
        clock.pass_(2.0)
    assert len(made(cloud)) - before <= 4 * len(machines)
    assert clock.monotonic() - started <= 1.2 * 60.0
    assert cloud.holdings()[:2] == ([], [])


async def test_idle_machines_cost_three_lists_every_twenty_seconds(clock: ManualClock, make_cloud: MakeCloud) -> None:
    cloud, actuator = make_cloud(Timing(boot_seconds=0.0, schedule_seconds=0.0))
    addresses = cloud.addresses()
    machines: list[Reconciler] = []
    for n in range(30):
        spec = {"floatingIP": addresses[n]} if n < len(addresses) else {}
        machines.append(Reconciler(actuator, make_machine(f"node-{n}", **spec), make_cluster()))
        await machines[-1].create()
    clock.pass_(30.0)
    for machine in machines:
        assert await runs(machine)
    before = len(made(cloud))
    for _ in range(60):
        clock.pass_(10.0)
        for machine in machines:
            assert await runs(machine)
            await machine.reserve()
    assert len(made(cloud)) - before <= 3 * 600 / 20


async def test_machines_that_look_at_the_same_time_share_one_list(cloud: CoreCloud, reconciler: Make) -> None:
    machines = [reconciler(name=f"node-{n}") for n in range(20)]
    async with TaskScope("test") as scope:
        tasks = [scope.start(machine.observe(), name=machine.machine.metadata.name) for machine in machines]
    assert all(task.result() is None for task in tasks)
    assert made(cloud) == [("GET", "/v2.1/servers/detail")]


async def runs(machine: Reconciler) -> bool:
    seen = await machine.observe()
    return seen is not None and seen.state == "Running"
