"""Kill the controllers before and after every call of a machine's life, to the cloud and to the API: one server, no
twin, and nothing left. The whole system runs on virtual time; `tests/e2e/test_kill_sweep.py` does it with SIGKILL."""

from collections.abc import Callable
from typing import Final

import pytest
from tests.providers.openstack.simulated import CREDENTIALS, Simulation, a_cluster, a_machine

from kubecapy.api.cluster.v1alpha1 import CLUSTERS, MACHINES
from kubecapy.api.core import SECRETS
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.devcloud.messages import Request
from kubecapy.devcloud.settings import Timing
from kubecapy.testing.crash_points import KillSwitch, When
from kubecapy.testing.fake_api import Call
from kubecapy.testing.simulated_cloud import CloudPlan
from kubecapy.testing.virtual_time import run_on_virtual_time

pytestmark = pytest.mark.timeout(600)

PLAN: Final = CloudPlan(
    timing=Timing(boot_seconds=1.0, schedule_seconds=0.0, delete_seconds=0.5), call_seconds=0.01, machines=5
)
PATIENCE_SECONDS: Final = 300.0
"""Virtual; a lost pass costs at most a backoff of a minute."""
LEAST_CALLS: Final = 40
"""A sweep over fewer struck too little: a life writes to the API some thirty times, and calls the cloud some twenty."""
MASTER: Final = ObjectKey("default", "master")


def counts(call: Request | Call) -> bool:
    """Return whether the sweep strikes at `call`: at every one to the cloud, and every one that changes an object."""
    return call.is_write if isinstance(call, Call) else True


async def live(number: int, when: When) -> int:
    """Let a machine come and go, killed once at the call of `number`; return how many calls there were.

    The order of what it does after the kill is its own; what it comes to is the same.
    """
    async with Simulation(PLAN) as system:
        switch = KillSwitch(system, system.cloud, counts=counts)
        switch.arm(number, when)
        address = system.cloud.addresses()[0]
        untouched = system.cloud.holdings()
        system.apply(a_cluster(), a_machine(MASTER.name, control_plane=True, floatingIP=address, tags=["blue"]))
        system.start()

        await settle(system, switch, lambda: is_running(system))
        made = system.cloud.holdings()
        assert made["servers"] == (MASTER.name,), switch.last
        assert len(made["ports"]) == len(untouched["ports"]) + 1, switch.last

        system.delete(a_cluster())
        await settle(system, switch, lambda: not system.api.objects(MACHINES) and not system.api.objects(CLUSTERS))
        assert system.cloud.holdings() == untouched, switch.last
        assert [secret.metadata.name for secret in system.api.objects(SECRETS)] == [CREDENTIALS], switch.last
        assert switch.has_struck == (number > 0), f"call {number} never came"
        return switch.calls


async def settle(system: Simulation, switch: KillSwitch, holds: Callable[[], bool]) -> None:
    """Let time pass until `holds`, in a new process where the old one was killed."""
    await system.until(lambda: holds() or system.has_crashed, PATIENCE_SECONDS)
    if system.has_crashed:
        switch.revive()
        system.start()
        await system.until(holds, PATIENCE_SECONDS)


def is_running(system: Simulation) -> bool:
    machine = system.machine(MASTER)
    return machine is not None and machine.status.phase == "Running"


@pytest.mark.parametrize("when", ["before", "after"])
def test_controllers_that_are_killed_at_any_call_leave_one_server_and_then_nothing(when: When) -> None:
    calls = run_on_virtual_time(live(0, when))
    assert calls > LEAST_CALLS
    for number in range(1, calls + 1):
        run_on_virtual_time(live(number, when))
