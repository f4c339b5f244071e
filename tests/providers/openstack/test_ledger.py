"""What a whole system costs in calls to the cloud, everything counted: logins, discovery, retries; on virtual time."""

from collections import Counter

import pytest
from tests.providers.openstack.resting import add_resting_workers
from tests.providers.openstack.simulated import Simulation, a_cluster, a_machine

from kubecapy.api.cluster.v1alpha1 import MACHINES
from kubecapy.api.core import EVENTS
from kubecapy.devcloud.settings import Timing
from kubecapy.testing.simulated_cloud import CloudPlan
from kubecapy.testing.virtual_time import on_virtual_time

# A minute of processor time all together, which a busy machine stretches.
pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("ledger")]

WORKERS = 100
CLUSTERS, MACHINES_EACH = 5, 200


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


@on_virtual_time
async def test_a_hundred_workers_with_an_address_of_a_pool_each_cost_at_most_six_calls_each() -> None:
    plan = CloudPlan(timing=Timing(boot_seconds=40.0), machines=WORKERS + 1)
    async with Simulation(plan) as system:
        untouched, given = system.cloud.holdings(), len(system.cloud.addresses())
        master = a_machine("master", control_plane=True)
        workers = [a_machine(f"node-{n}", floatingIPPool={"name": "public"}) for n in range(WORKERS)]
        system.apply(a_cluster(), master, *workers)
        system.start()
        await system.until(lambda: phases(system) == {"Running": WORKERS + 1}, 120)
        assert system.cloud.calls <= 6 * WORKERS
        assert len(system.cloud.addresses()) == given + WORKERS

        system.delete(master, *workers)
        await system.until(lambda: not phases(system), 120)
        assert system.cloud.holdings() == untouched


@on_virtual_time
async def test_a_thousand_resting_machines_cost_little_and_a_removed_server_is_noticed_within_a_minute() -> None:
    plan = CloudPlan(timing=Timing(boot_seconds=1.0, schedule_seconds=0.0), machines=CLUSTERS * MACHINES_EACH + 1)
    async with Simulation(plan) as system:
        namespaces = [f"team-{n}" for n in range(CLUSTERS)]
        for namespace in namespaces:
            system.apply(a_cluster(namespace=namespace), a_machine("master", namespace, control_plane=True))
        system.start()
        await system.until(lambda: phases(system) == {"Running": CLUSTERS}, 120)
        await system.stop()
        for namespace in namespaces:
            await add_resting_workers(system, namespace, MACHINES_EACH - 1)
        system.start()
        await system.advance(60.0)
        assert phases(system) == {"Running": CLUSTERS * MACHINES_EACH}

        before, writes = system.cloud.calls, len(system.api.writes())
        await system.advance(600.0)
        assert system.cloud.calls - before <= 0.2 * 600
        assert len(system.api.writes()) == writes

        removed = next(server for server in system.cloud.running_servers() if server.name == "node-5")
        system.cloud.happenings.lose_server(removed.id, system.clock.now())
        await system.until(lambda: has_been_told_missing(system), 60)
        await system.until(lambda: phases(system) == {"Running": CLUSTERS * MACHINES_EACH}, 60)


def has_been_told_missing(system: Simulation) -> bool:
    return any(event.reason == "InstanceMissing" for event in system.api.objects(EVENTS))
