"""What a whole system costs in calls to the cloud, everything counted: logins, discovery, retries; on virtual time."""

from collections import Counter

from tests.providers.openstack.simulated import Simulation, a_cluster, a_machine

from kubecapy.api.cluster.v1alpha1 import MACHINES
from kubecapy.devcloud.settings import Timing
from kubecapy.testing.simulated_cloud import CloudPlan
from kubecapy.testing.virtual_time import on_virtual_time

WORKERS = 100


def phases(system: Simulation) -> Counter[str]:
    return Counter(str(machine.status.phase) for machine in system.api.objects(MACHINES))


@on_virtual_time
async def test_a_hundred_workers_cost_at_most_four_calls_each_and_as_much_to_delete_all_at_once() -> None:
    plan = CloudPlan(timing=Timing(boot_seconds=40.0, delete_seconds=60.0), machines=WORKERS + 1)
    async with Simulation(plan) as system:
        untouched = system.cloud.holdings()
        master, workers = a_machine("master", control_plane=True), [a_machine(f"node-{n}") for n in range(WORKERS)]
        system.apply(a_cluster(), master, *workers)
        system.start()
        # The workers wait for the control plane, whose boot takes 40 s too.
        await system.until(lambda: phases(system) == {"Running": WORKERS + 1}, 120)
        assert system.cloud.calls <= 4 * WORKERS

        before = system.cloud.calls
        system.delete(*workers)
        took = await system.until(lambda: phases(system) == {"Running": 1}, 120)
        assert system.cloud.calls - before <= 4 * WORKERS
        assert took <= 1.2 * 60

        system.delete(master)
        await system.until(lambda: not phases(system), 120)
        assert system.cloud.holdings() == untouched
