"""What the provider in memory has beside the contract: states that no cloud reaches are refused, faults, a ledger."""

import pytest
from tests.controllers.world import WORKER, a_cluster, a_machine

from kubecapy.contract.actuators import MachineRequest
from kubecapy.telemetry.secrets import Secret
from kubecapy.testing.crash_points import Killed, KillSwitch
from kubecapy.testing.fake_cloud import FakeCloud
from kubecapy.testing.fake_provider import FakeMachineActuator

REQUEST = MachineRequest(a_machine(), a_cluster())
DATA = Secret(b"#cloud-config\n")


async def test_asking_twice_makes_no_twin() -> None:
    cloud = FakeCloud()
    actuator = FakeMachineActuator(cloud)

    first = await actuator.ensure_reservation(REQUEST)
    assert await actuator.ensure_reservation(REQUEST) == first
    made = await actuator.ensure_instance(REQUEST, DATA)
    again = await actuator.ensure_instance(REQUEST, Secret(b"other"))

    assert made.provider_id == again.provider_id
    assert cloud.servers[WORKER].user_data == DATA


async def test_a_server_without_a_reservation_is_refused() -> None:
    with pytest.raises(AssertionError, match="without a reservation"):
        await FakeMachineActuator(FakeCloud()).ensure_instance(REQUEST, DATA)


async def test_a_new_server_runs_after_as_many_looks_as_were_asked_for() -> None:
    cloud = FakeCloud(reads_until_running=3)
    actuator = FakeMachineActuator(cloud)
    await actuator.ensure_reservation(REQUEST)
    await actuator.ensure_instance(REQUEST, DATA)

    states = [(await actuator.observe_instance(REQUEST)).state for _ in range(4)]

    assert states == ["Pending", "Pending", "Running", "Running"]


async def test_a_kill_switch_strikes_once_before_or_after_the_effect() -> None:
    cloud = FakeCloud()
    switch = KillSwitch(cloud)
    actuator = FakeMachineActuator(cloud)

    switch.arm(1, "before")
    with pytest.raises(Killed):
        await actuator.ensure_reservation(REQUEST)
    assert cloud.reservations == {}

    switch.arm(1, "after")
    with pytest.raises(Killed):
        await actuator.ensure_reservation(REQUEST)
    assert set(cloud.reservations) == {WORKER}

    with pytest.raises(Killed, match="a process that was killed made a call"):
        await actuator.observe_instance(REQUEST)

    switch.arm(0, "before")
    await actuator.ensure_reservation(REQUEST)
    assert switch.calls == 1
    assert not switch.has_struck
