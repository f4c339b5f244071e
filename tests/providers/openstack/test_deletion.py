"""A delete removes what is ours and nothing else, whatever else is broken."""

from collections.abc import Callable

import msgspec
import pytest
from tests.providers.openstack.core_cloud import CoreCloud, ManualClock
from tests.providers.openstack.machines import PORT, Reconciler, claimed, make_cluster, make_machine, moved, with_status

from kubecapy.api.cluster.v1alpha1 import Machine
from kubecapy.contract.actuators import MachineRequest
from kubecapy.contract.errors import Conflict
from kubecapy.devcloud.seed import NETWORK_ID
from kubecapy.providers.openstack.actuators.machine import OpenStackMachineActuator

Make = Callable[..., Reconciler]


async def finish(machine: Reconciler, clock: ManualClock) -> None:
    for _ in range(20):
        if await machine.delete():
            return
        clock.pass_(2.0)
    raise AssertionError("the delete never ended")


def with_metadata(machine: Machine, **changes: object) -> Machine:
    return msgspec.structs.replace(machine, metadata=msgspec.structs.replace(machine.metadata, **changes))


async def test_a_port_that_a_person_attached_is_detached_and_stays(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    machine = reconciler()
    await machine.create()
    (server,) = cloud.world.servers.values()
    ours = next(port for port in cloud.world.ports.values() if port.name == PORT)
    theirs = msgspec.structs.replace(ours, id="theirs", name=PORT, description="mine", device_id=server.id)
    cloud.world.ports["theirs"] = theirs
    await finish(machine, clock)
    assert ours.id not in cloud.world.ports
    assert cloud.world.ports["theirs"].device_id == ""
    assert cloud.world.servers == {}


async def test_a_server_of_the_same_name_that_is_not_ours_is_neither_taken_nor_deleted(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    machine = reconciler()
    await machine.create()
    (server,) = cloud.world.servers.values()
    cloud.world.servers["theirs"] = msgspec.structs.replace(server, id="theirs", metadata={}, tags=())
    clock.pass_(10)
    assert (await machine.make()).provider_id == f"openstack:///{server.id}"
    await finish(machine, clock)
    assert list(cloud.world.servers) == ["theirs"]


async def test_a_recorded_server_without_our_mark_is_left_alone_and_told_of(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    machine = reconciler()
    await machine.create()
    (server,) = cloud.world.servers.values()
    cloud.world.servers[server.id] = msgspec.structs.replace(server, metadata={})
    clock.pass_(10)
    with pytest.raises(Conflict, match=rf"server node-1 \({server.id}\) is recorded for Machine default/node-1 but"):
        await machine.delete()
    assert server.id in cloud.world.servers


async def test_twins_are_refused_while_running_and_both_deleted_at_the_end(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    machine = reconciler()
    await machine.create()
    (server,) = cloud.world.servers.values()
    cloud.world.servers["twin"] = msgspec.structs.replace(server, id="twin")
    clock.pass_(30)
    with pytest.raises(Conflict, match=r"has several servers .*; delete all but one"):
        await machine.observe()
    await finish(machine, clock)
    assert cloud.world.servers == {}


@pytest.mark.parametrize("is_recorded", [True, False])
async def test_a_machine_whose_cluster_is_gone_is_deleted_with_and_without_a_record(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make, is_recorded: bool
) -> None:
    before = cloud.holdings()
    machine = reconciler()
    await machine.create()
    if not is_recorded:
        machine.machine = with_status(machine.machine, None)
    machine.cluster = None
    await finish(machine, clock)
    assert cloud.holdings() == before


async def test_nothing_is_found_of_a_machine_for_which_nothing_was_made(
    cloud: CoreCloud, actuator: OpenStackMachineActuator
) -> None:
    deletion = await actuator.delete(MachineRequest(make_machine(), None))
    assert deletion.gone
    assert {entry.method for entry in cloud.entries()} == {"GET"}


async def test_a_spec_that_could_no_longer_be_created_is_deleted(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    before = cloud.holdings()
    machine = reconciler()
    await machine.create()
    status = machine.machine.status.provider_status
    machine.machine = with_status(make_machine(flavor=7, nonsense=True, networks="x"), status)
    cloud.world.flavors.clear()
    cloud.world.images.clear()
    await finish(machine, clock)
    assert cloud.holdings() == before


async def test_a_failed_server_and_its_port_are_removed(cloud: CoreCloud, clock: ManualClock, reconciler: Make) -> None:
    before = cloud.holdings()
    cloud.world.capacity = msgspec.structs.replace(cloud.world.capacity, vcpus=0)
    machine = reconciler()
    await machine.create()
    clock.pass_(10)
    seen = await machine.observe()
    assert seen is not None
    assert seen.state == "Failed"
    assert "No valid host" in seen.fault
    await finish(machine, clock)
    assert cloud.holdings() == before


async def test_a_softly_deleted_server_counts_as_gone(cloud: CoreCloud, clock: ManualClock, reconciler: Make) -> None:
    machine = reconciler()
    await machine.create()
    clock.pass_(30)
    assert await machine.observe() is not None
    (server,) = cloud.world.servers.values()
    cloud.world.servers[server.id] = msgspec.structs.replace(server, status="SOFT_DELETED")
    clock.pass_(30)
    assert await machine.observe() is None
    assert await machine.delete()


async def test_the_delete_of_a_server_is_asked_for_once(cloud: CoreCloud, clock: ManualClock, reconciler: Make) -> None:
    machine = reconciler()
    await machine.create()
    clock.pass_(10)
    await finish(machine, clock)
    assert [entry.method for entry in cloud.entries()].count("DELETE") == 2


async def test_names_that_are_prefixes_of_each_other_are_not_mixed_up(
    cloud: CoreCloud, clock: ManualClock, actuator: OpenStackMachineActuator
) -> None:
    two = [{"uuid": NETWORK_ID}, {"uuid": NETWORK_ID}]
    names = [("a-b", "c", "node-1"), ("a", "b-c", "node-1"), ("a", "b-c", "node-10"), ("a", "b-c", "node")]
    machines = [
        Reconciler(actuator, make_machine(name, namespace, networks=two), make_cluster(cluster, namespace))
        for namespace, cluster, name in names
    ]
    for machine in machines:
        await machine.create()
    clock.pass_(10)
    assert len({(await machine.make()).provider_id for machine in machines}) == 4
    assert len(cloud.world.servers) == 4
    for left in range(3, -1, -1):
        await finish(machines[left], clock)
        servers, ports, _ = cloud.holdings()
        assert sorted(servers) == sorted(name for _, _, name in names[:left])
        assert len(ports) == 2 * left
        clock.pass_(5)
        for machine in machines[:left]:
            assert await machine.observe() is not None


@pytest.mark.parametrize("with_record", [True, False], ids=["moved", "restored from a backup"])
async def test_an_object_that_moved_to_another_management_cluster_keeps_its_server(
    cloud: CoreCloud, clock: ManualClock, actuator: OpenStackMachineActuator, with_record: bool
) -> None:
    before = cloud.holdings()
    first = Reconciler(actuator, claimed(make_machine()), claimed(make_cluster()))
    made = await first.create()
    record = first.machine.status.provider_status if with_record else None
    after = Reconciler(actuator, with_status(moved(claimed(make_machine())), record), moved(claimed(make_cluster())))
    clock.pass_(10)
    assert (await after.create()).provider_id == made.provider_id
    assert len(cloud.world.servers) == 1
    await finish(after, clock)
    assert cloud.holdings() == before


async def test_a_machine_that_was_made_anew_under_its_name_takes_nothing_over(
    cloud: CoreCloud, clock: ManualClock, actuator: OpenStackMachineActuator
) -> None:
    first = Reconciler(actuator, claimed(make_machine()), make_cluster())
    made = await first.create()
    second = Reconciler(actuator, with_metadata(make_machine(), uid="uid of its second life"), make_cluster())
    clock.pass_(10)
    assert (await second.create()).provider_id != made.provider_id
    await finish(second, clock)
    assert await first.observe() is not None
    assert len(cloud.world.servers) == 1


async def test_a_copied_manifest_under_another_name_steals_nothing_and_deletes_nothing(
    cloud: CoreCloud, clock: ManualClock, actuator: OpenStackMachineActuator
) -> None:
    original = Reconciler(actuator, claimed(make_machine()), make_cluster())
    made = await original.create()
    spec = msgspec.structs.replace(original.machine.spec, provider_id=made.provider_id)
    copied = with_metadata(msgspec.structs.replace(original.machine, spec=spec), name="copy")
    copy = Reconciler(actuator, with_status(copied, None), make_cluster())
    clock.pass_(10)
    with pytest.raises(Conflict, match=r"is recorded for Machine default/copy but .* else remove spec.providerID"):
        await copy.observe()
    assert await copy.delete()
    assert await original.observe() is not None
