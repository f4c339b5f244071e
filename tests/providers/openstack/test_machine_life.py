"""A machine's way from its spec to a running server, and back to nothing."""

import base64
from collections.abc import Callable

import msgspec
import pytest
from tests.providers.openstack.core_cloud import CoreCloud, ManualClock
from tests.providers.openstack.machines import OWNER, PORT, USER_DATA, Reconciler, make_cluster, make_machine

from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.contract.actuators import MachineRequest
from kubecapy.contract.errors import Conflict, InvalidConfiguration, NotReady
from kubecapy.devcloud.seed import NETWORK_ID, SUBNET_ID
from kubecapy.devcloud.world.servers import put_in_error
from kubecapy.providers.openstack.actuators.machine import OpenStackMachineActuator
from kubecapy.telemetry.secrets import Secret

Make = Callable[..., Reconciler]


async def test_a_reservation_tells_the_addresses_before_there_is_a_server(cloud: CoreCloud, reconciler: Make) -> None:
    address = cloud.addresses()[0]
    reservation = await reconciler(floatingIP=address).reserve()
    port = next(port for port in cloud.world.ports.values() if port.name == PORT)
    assert [(item.type, item.address) for item in reservation.addresses] == [
        ("ExternalIP", address),
        ("InternalIP", port.fixed_ips[0].ip_address),
    ]
    assert reservation.hostname == "node-1"
    assert reservation.annotations == {"openstack-ip-address": address}
    assert reservation.kubelet_arguments == {"provider-id": "openstack:///{{ v1.instance_id }}"}
    assert cloud.world.servers == {}


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (None, None),
        ({"name": "boot"}, ObjectKey("default", "boot")),
        ({"name": "boot", "namespace": "system"}, ObjectKey("system", "boot")),
    ],
)
async def test_a_reservation_names_the_user_data_secret(
    reconciler: Make, reference: dict[str, str] | None, expected: ObjectKey | None
) -> None:
    assert (await reconciler(userDataSecret=reference).reserve()).user_data_secret == expected


async def test_the_ports_are_recorded_before_the_server_is_made(cloud: CoreCloud, reconciler: Make) -> None:
    reservation = await reconciler().reserve()
    assert reservation.provider_status is not None
    recorded = [port["id"] for port in reservation.provider_status["ports"]]
    assert recorded == [port.id for port in cloud.world.ports.values() if port.name == PORT]


async def test_a_server_is_made_on_the_reserved_port_and_runs(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    machine = reconciler(tags=["blue"], serverMetadata={"rack": "7"}, configDrive=True)
    instance = await machine.create()
    assert instance.state == "Pending"
    (server,) = cloud.world.servers.values()
    assert instance.provider_id == f"openstack:///{server.id}"
    assert base64.b64decode(server.user_data or "") == USER_DATA.reveal()
    assert set(server.tags) == {"kubecapy", OWNER.mark, OWNER.machine_mark, "blue"}
    assert server.metadata["rack"] == "7"
    clock.pass_(30)
    seen = await machine.observe()
    assert seen is not None
    assert seen.state == "Running"
    assert seen.annotations["openstack-resourceId"] == server.id


async def test_tags_of_cluster_and_machine_are_written_on_ports(
    cloud: CoreCloud, actuator: OpenStackMachineActuator
) -> None:
    cluster = make_cluster(value={"tags": ["all"]})
    await Reconciler(actuator, make_machine(tags=["blue"]), cluster).reserve()
    (port,) = [port for port in cloud.world.ports.values() if port.name == PORT]
    assert set(port.tags) == {"all", "blue"}


async def test_each_subnet_and_network_gets_its_own_port(cloud: CoreCloud, reconciler: Make) -> None:
    networks = [{"uuid": NETWORK_ID}, {"filter": {"id": NETWORK_ID}, "subnets": [{"uuid": SUBNET_ID}]}]
    await reconciler(networks=networks).create()
    names = sorted(port.name for port in cloud.world.ports.values() if port.name)
    assert names == [PORT, f"{PORT}_1"]
    (server,) = cloud.world.servers.values()
    assert sum(port.device_id == server.id for port in cloud.world.ports.values()) == 2


async def test_a_fixed_address_is_honored(cloud: CoreCloud, reconciler: Make) -> None:
    reservation = await reconciler(networks=[{"uuid": NETWORK_ID, "fixedIp": "10.6.0.77"}]).reserve()
    assert [item.address for item in reservation.addresses] == ["10.6.0.77"]


async def test_no_networks_at_all_mean_the_projects_only_one(cloud: CoreCloud, reconciler: Make) -> None:
    await reconciler(networks=None).reserve()
    (port,) = [port for port in cloud.world.ports.values() if port.name == PORT]
    assert port.network_id == NETWORK_ID


async def test_passes_after_the_first_make_nothing_more(cloud: CoreCloud, clock: ManualClock, reconciler: Make) -> None:
    machine = reconciler(floatingIP=cloud.addresses()[0])
    first = await machine.create()
    before = cloud.holdings()
    for _ in range(3):
        clock.pass_(5)
        assert (await machine.create()).provider_id == first.provider_id
    assert cloud.holdings() == before


async def test_a_server_that_failed_tells_why(cloud: CoreCloud, clock: ManualClock, reconciler: Make) -> None:
    machine = reconciler()
    await machine.create()
    clock.pass_(30)
    (server_id,) = cloud.world.servers
    put_in_error(cloud.world, cloud.world.servers[server_id], 500, "The disk is full.", clock.now())
    seen = await machine.observe()
    assert seen is not None
    assert (seen.state, seen.fault) == ("Failed", "The disk is full")


async def test_a_server_that_no_host_takes_tells_what_was_asked_of_the_hosts(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    machine = reconciler(schedulerHints={"different_host": ["a-server"]})
    await machine.create()
    clock.pass_(30)
    (server_id,) = cloud.world.servers
    put_in_error(cloud.world, cloud.world.servers[server_id], 500, "No valid host was found.", clock.now())
    seen = await machine.observe()
    assert seen is not None
    assert seen.fault == (
        "No valid host was found; asked for flavor m1.medium (2 vCPUs, 4096 MiB of memory, 40 GiB of disk), zone nova, "
        "hint different_host=['a-server']; how full the hosts are, their aggregates and traits only the cloud's "
        "administrator sees"
    )


async def test_a_server_removed_by_hand_is_noticed(cloud: CoreCloud, clock: ManualClock, reconciler: Make) -> None:
    machine = reconciler()
    await machine.create()
    clock.pass_(30)
    assert await machine.observe() is not None
    cloud.world.servers.clear()
    clock.pass_(20.1)
    assert await machine.observe() is None


async def test_the_console_is_read(cloud: CoreCloud, clock: ManualClock, reconciler: Make) -> None:
    machine = reconciler()
    assert await machine.actuator.read_console(machine.request, 5) == ""
    await machine.create()
    (server_id,) = cloud.world.servers
    cloud.consoles.texts[server_id] = "one\ntwo\nthree"
    clock.pass_(30)
    assert await machine.actuator.read_console(machine.request, 2) == "two\nthree"


async def test_a_delete_leaves_nothing_and_the_address_allocated(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    before = cloud.holdings()
    machine = reconciler(floatingIP=cloud.addresses()[0])
    await machine.create()
    clock.pass_(30)
    deletion = await machine.actuator.delete(machine.request)
    assert not deletion.gone
    assert "server node-1" in deletion.waiting_for
    clock.pass_(5)
    assert await machine.delete()
    assert cloud.holdings() == before
    assert await machine.delete()


async def test_without_a_cluster_nothing_is_made(actuator: OpenStackMachineActuator) -> None:
    with pytest.raises(NotReady, match="Machine default/node-1 has no Cluster"):
        await actuator.ensure_reservation(MachineRequest(make_machine(), None))


async def test_a_name_that_is_no_host_name_is_refused(cloud: CoreCloud, reconciler: Make) -> None:
    with pytest.raises(InvalidConfiguration, match=r"metadata.name.*no dots"):
        await reconciler(name="a.b").reserve()
    assert cloud.entries() == []


async def test_user_data_that_nova_would_refuse_is_refused_before(cloud: CoreCloud, reconciler: Make) -> None:
    machine = reconciler()
    await machine.reserve()
    with pytest.raises(InvalidConfiguration, match="user data of Machine default/node-1 has 66668 bytes as base64"):
        await machine.actuator.ensure_instance(machine.request, Secret(b"x" * 50_000))
    assert cloud.world.servers == {}


async def test_a_machine_is_not_moved_to_another_network(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make, actuator: OpenStackMachineActuator
) -> None:
    await reconciler().reserve()
    (port,) = [port for port in cloud.world.ports.values() if port.name == PORT]
    cloud.world.ports[port.id] = msgspec.structs.replace(port, network_id="elsewhere")
    clock.pass_(5)
    with pytest.raises(Conflict, match="replaced, not moved"):
        await reconciler().reserve()


async def test_clouds_without_server_tags_are_served(
    cloud: CoreCloud, clock: ManualClock, actuator: OpenStackMachineActuator
) -> None:
    before = cloud.holdings()
    machine = Reconciler(actuator, make_machine(), make_cluster(value={"disableServerTags": True}))
    await machine.create()
    (server,) = cloud.world.servers.values()
    assert server.tags == ()
    clock.pass_(30)
    seen = await machine.observe()
    assert seen is not None
    assert seen.state == "Running"
    while not await machine.delete():
        clock.pass_(2)
    assert cloud.holdings() == before
