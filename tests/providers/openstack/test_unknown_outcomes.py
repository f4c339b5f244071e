"""What follows at once upon a call whose outcome nobody knows, and upon a world that changed behind our back."""

from collections.abc import Callable

import msgspec
import pytest
from tests.providers.openstack.core_cloud import CoreCloud, ManualClock
from tests.providers.openstack.machines import OWNER, PORT, Reconciler

from kubecapy.contract.errors import Conflict, Unavailable
from kubecapy.devcloud.faults import Drop, Pattern, Rule
from kubecapy.providers.openstack.actuators.machine import OpenStackMachineActuator
from kubecapy.providers.openstack.cloud.client import CloudClient
from kubecapy.providers.openstack.cloud.transport import Call, Reply
from kubecapy.providers.openstack.services.ports import find_ports
from kubecapy.providers.openstack.services.project import DEFAULT_FRESHNESS, Project
from kubecapy.providers.openstack.services.projects import Projects

Make = Callable[..., Reconciler]


def writes(cloud: CoreCloud) -> list[tuple[str, str]]:
    return [(entry.method, entry.template) for entry in cloud.entries() if entry.method != "GET"]


def lose_reply(cloud: CoreCloud, method: str, path: str) -> None:
    cloud.faults.add(Rule(Drop("after"), Pattern(method=method, path=path)))


async def test_a_server_whose_reply_was_lost_is_found_at_once_and_not_asked_for_again(
    cloud: CoreCloud, reconciler: Make
) -> None:
    machine = reconciler()
    await machine.reserve()
    lose_reply(cloud, "POST", "/servers$")
    with pytest.raises(Unavailable):
        await machine.make()
    instance = await machine.make()
    (server,) = cloud.world.servers
    assert instance.provider_id == f"openstack:///{server}"
    assert writes(cloud) == [("POST", "/v2.0/ports"), ("POST", "/v2.1/servers")]


async def test_a_port_whose_reply_was_lost_is_found_at_once_and_not_asked_for_again(
    cloud: CoreCloud, reconciler: Make
) -> None:
    machine = reconciler()
    lose_reply(cloud, "POST", "/ports$")
    with pytest.raises(Unavailable):
        await machine.reserve()
    await machine.reserve()
    assert writes(cloud) == [("POST", "/v2.0/ports")]


async def test_an_association_whose_reply_was_lost_is_found_at_once_and_not_asked_for_again(
    cloud: CoreCloud, reconciler: Make
) -> None:
    machine = reconciler(floatingIP=cloud.addresses()[0])
    lose_reply(cloud, "PUT", "/floatingips/")
    with pytest.raises(Unavailable):
        await machine.reserve()
    await machine.reserve()
    assert [method for method, _ in writes(cloud)] == ["POST", "PUT"]


async def test_a_second_server_that_a_stale_list_led_to_is_stopped_by_its_port(
    cloud: CoreCloud, reconciler: Make, open_projects: Callable[[], Projects]
) -> None:
    machine = reconciler()
    await machine.reserve()
    assert await machine.observe() is None  # The list of servers is now known.
    other = Reconciler(OpenStackMachineActuator(open_projects()), machine.machine, machine.cluster)
    made = await other.make()
    with pytest.raises(Conflict, match="in use"):
        await machine.make()
    assert (await machine.make()).provider_id == made.provider_id
    assert len(cloud.world.servers) == 1


async def test_what_a_spec_names_may_vanish_once_the_server_is_there(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    machine = reconciler()
    await machine.create()
    cloud.world.images.clear()
    cloud.world.flavors.clear()
    clock.pass_(1000)
    await machine.reserve()
    assert (await machine.make()).state == "Running"


async def test_a_port_that_someone_deleted_under_a_running_server_is_told_of_and_not_made_anew(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    machine = reconciler()
    await machine.create()
    clock.pass_(DEFAULT_FRESHNESS.attached + 1)
    for port in [port for port in cloud.world.ports.values() if port.name == PORT]:
        del cloud.world.ports[port.id]
    with pytest.raises(Conflict, match="the ports of Machine default/node-1 are gone though its server is there"):
        await machine.reserve()
    assert len(writes(cloud)) == 2


async def test_ports_of_others_are_not_ours_where_neutron_ignores_the_filter(clock: ManualClock) -> None:
    theirs = {"id": "theirs", "name": PORT, "description": ""}

    class Forgetful:
        async def request(self, call: Call) -> Reply:
            return Reply(200, {}, msgspec.json.encode({"ports": [theirs]}))

        async def project_id(self) -> str:
            return "p"

        async def close(self) -> None:
            return

    assert await find_ports(Project(CloudClient(Forgetful(), clock), clock, DEFAULT_FRESHNESS), OWNER, 0) == ()


async def test_a_server_and_port_that_someone_removed_are_made_anew_where_the_reconciler_wants_it(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    machine = reconciler()
    first = await machine.create()
    clock.pass_(30)
    cloud.world.servers.clear()
    for port in [port for port in cloud.world.ports.values() if port.name == PORT]:
        del cloud.world.ports[port.id]
    clock.pass_(30)
    assert await machine.observe() is None
    assert (await machine.create()).provider_id != first.provider_id
    assert len(cloud.world.servers) == 1
