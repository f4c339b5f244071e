"""A given floating address: the article's own failure in its three forms, and the cure of each."""

from collections.abc import Callable

import msgspec
import pytest
from tests.providers.openstack.core_cloud import CoreCloud, ManualClock
from tests.providers.openstack.machines import PORT, Reconciler, make_cluster, make_machine

from kubecapy.contract.errors import Conflict, NotFound
from kubecapy.devcloud.happenings import ChosenAddress, Happenings
from kubecapy.devcloud.seed import NETWORK_ID, ROUTER_ID, SUBNET_ID
from kubecapy.devcloud.world.ports import remove_port
from kubecapy.devcloud.world.routing import add_subnet_interface, find_interface, get_subnet
from kubecapy.providers.openstack.actuators.machine import OpenStackMachineActuator

Make = Callable[..., Reconciler]


def own_ports(cloud: CoreCloud) -> list[str]:
    return cloud.holdings()[1]


async def test_an_address_that_is_not_the_projects_is_named_and_nothing_is_made(
    cloud: CoreCloud, reconciler: Make
) -> None:
    with pytest.raises(NotFound, match=r"floating address 9.20.206.8 for Machine default/node-1 is not allocated"):
        await reconciler(floatingIP="9.20.206.8").reserve()
    assert own_ports(cloud) == []


async def test_an_address_that_was_allocated_a_moment_ago_is_found(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    await reconciler(name="other", floatingIP=cloud.addresses()[0]).reserve()  # The list of addresses is now known.
    chosen = ChosenAddress(address="172.24.4.200")
    clock.pass_(0.5)
    Happenings(cloud.world).allocate_address(chosen, clock.now())

    reservation = await reconciler(floatingIP=chosen.address).reserve()

    assert chosen.address in [address.address for address in reservation.addresses]


async def test_an_address_in_use_elsewhere_names_the_server_and_nothing_is_made(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    address = cloud.addresses()[0]
    await reconciler(name="other", floatingIP=address).create()
    clock.pass_(5)
    with pytest.raises(
        Conflict, match=rf"{address} for Machine default/node-1 is in use by port other_.* of server other"
    ):
        await reconciler(floatingIP=address).reserve()
    assert [name.partition("_")[0] for name in own_ports(cloud)] == ["other"]


async def test_two_machines_of_one_pass_never_take_the_same_address(cloud: CoreCloud, reconciler: Make) -> None:
    address = cloud.addresses()[0]
    await reconciler(name="first", floatingIP=address).reserve()
    with pytest.raises(Conflict, match="is in use by port first"):
        await reconciler(name="second", floatingIP=address).reserve()


async def test_an_address_that_someone_takes_at_this_moment_is_not_taken_away(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    address = cloud.addresses()[0]
    machine = reconciler(floatingIP=address)
    await reconciler(name="other").reserve()
    await machine.reserve()  # The list of addresses is now known.
    ours = next(port for port in cloud.world.ports.values() if port.name == PORT)
    other = next(port for port in cloud.world.ports.values() if port.name.startswith("other_"))
    second = cloud.addresses()[1]
    found = next(ip for ip in cloud.world.floating_ips.values() if ip.floating_ip_address == second)
    cloud.world.floating_ips[found.id] = msgspec.structs.replace(
        found, port_id=other.id, revision_number=found.revision_number + 1
    )
    assert ours.id != other.id
    with pytest.raises(Conflict):
        await reconciler(name="node-2", floatingIP=second).reserve()
    assert cloud.world.floating_ips[found.id].port_id == other.id


async def test_a_missing_router_is_named_and_once_it_is_there_the_machine_goes_on(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    router = cloud.world.routers[ROUTER_ID]
    interface = find_interface(cloud.world, router, SUBNET_ID)
    assert interface is not None
    remove_port(cloud.world, interface, clock.now())
    machine = reconciler(floatingIP=cloud.addresses()[0])
    with pytest.raises(NotFound, match=f"no router joins its network and network {NETWORK_ID} of port node-1"):
        await machine.reserve()
    add_subnet_interface(cloud.world, router, get_subnet(cloud.world, SUBNET_ID), clock.now())
    clock.pass_(5)
    reservation = await machine.reserve()
    assert reservation.addresses[0].address == cloud.addresses()[0]
    assert own_ports(cloud) == [PORT]


async def test_an_address_that_was_taken_off_a_running_server_is_led_back(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    machine = reconciler(floatingIP=cloud.addresses()[0])
    await machine.create()
    (led,) = [ip for ip in cloud.world.floating_ips.values() if ip.port_id]
    cloud.world.floating_ips[led.id] = msgspec.structs.replace(
        led, port_id=None, revision_number=led.revision_number + 1
    )
    clock.pass_(21)
    await machine.reserve()
    assert cloud.world.floating_ips[led.id].port_id == led.port_id


async def test_an_address_that_leads_to_the_machine_is_left_alone(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    machine = reconciler(floatingIP=cloud.addresses()[0])
    await machine.create()
    clock.pass_(21)
    count = len(cloud.entries())
    await machine.reserve()
    looked_at = [entry.template for entry in cloud.entries()[count:]]
    assert looked_at == ["/v2.1/servers/detail", "/v2.0/floatingips"], "ports of a running server are looked at rarely"


async def test_a_delete_sets_the_address_free_for_the_next_machine(
    cloud: CoreCloud, clock: ManualClock, actuator: OpenStackMachineActuator
) -> None:
    address = cloud.addresses()[0]
    first = Reconciler(actuator, make_machine("first", floatingIP=address), make_cluster())
    await first.create()
    while not await first.delete():
        clock.pass_(2)
    clock.pass_(2)
    second = Reconciler(actuator, make_machine("second", floatingIP=address), make_cluster())
    assert (await second.reserve()).addresses[0].address == address
