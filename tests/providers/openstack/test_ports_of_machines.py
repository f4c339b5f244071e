"""Each field about networks, ports and trunks does what it says: what the cloud then holds is looked at."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.providers.openstack.core_cloud import CoreCloud, ManualClock
from tests.providers.openstack.machines import OWNER, PORT, Reconciler, make_cluster, make_machine

from kubecapy.api.cluster.v1alpha1 import Cluster
from kubecapy.contract.errors import NotFound, NotReady
from kubecapy.devcloud.faults import Answer, Pattern, Rule
from kubecapy.devcloud.seed import EXTERNAL_NETWORK_ID, NETWORK_ID, SECURITY_GROUP_ID, SUBNET_ID
from kubecapy.devcloud.world.network import Port, Trunk
from kubecapy.providers.openstack.actuators.machine import OpenStackMachineActuator
from kubecapy.providers.openstack.api.cluster_status import (
    ClusterProviderStatus,
    NetworkRecord,
    SecurityGroupRecord,
    SubnetRecord,
)

Make = Callable[..., Reconciler]


def ports_of(cloud: CoreCloud, name: str = PORT) -> list[Port]:
    return [port for port in cloud.world.ports.values() if port.name == name or port.name.startswith(f"{name}_")]


def trunks(cloud: CoreCloud) -> list[Trunk]:
    return list(cloud.world.trunks.values())


async def test_a_port_has_all_that_its_options_ask_for(cloud: CoreCloud, reconciler: Make) -> None:
    option: dict[str, Any] = {
        "network": {"uuid": NETWORK_ID},
        "fixedIPs": [{"subnet": {"uuid": SUBNET_ID}, "ipAddress": "10.6.0.77"}, {"ipAddress": "10.6.0.78"}],
        "securityGroups": [{"uuid": SECURITY_GROUP_ID}],
        "allowedAddressPairs": [{"ipAddress": "10.9.0.0/24"}],
        "vnicType": "direct",
        "macAddress": "fa:16:3e:00:00:77",
        "tags": ["storage"],
        "nameSuffix": "storage",
    }
    await reconciler(networks=None, ports=[option], tags=["all"]).create()
    (port,) = ports_of(cloud)
    assert port.name == f"{PORT}_storage"
    assert [fixed.ip_address for fixed in port.fixed_ips] == ["10.6.0.77", "10.6.0.78"]
    assert port.security_groups == (SECURITY_GROUP_ID,)
    assert [pair.ip_address for pair in port.allowed_address_pairs] == ["10.9.0.0/24"]
    assert (port.vnic_type, port.mac_address) == ("direct", "fa:16:3e:00:00:77")
    assert set(port.tags) == {"all", "storage"}
    (server,) = cloud.world.servers.values()
    assert port.device_id == server.id


async def test_a_port_without_port_security_has_no_groups(cloud: CoreCloud, reconciler: Make) -> None:
    await reconciler(networks=None, ports=[{"enablePortSecurity": False}]).reserve()
    (port,) = ports_of(cloud)
    assert (port.port_security_enabled, port.security_groups) == (False, ())


async def test_a_port_may_ask_for_no_group_at_all(cloud: CoreCloud, reconciler: Make) -> None:
    await reconciler(networks=None, ports=[{"securityGroups": []}, {}]).reserve()
    assert [port.security_groups for port in ports_of(cloud)] == [(), (SECURITY_GROUP_ID,)]


async def test_ports_come_after_networks_and_the_first_of_all_has_the_address(
    cloud: CoreCloud, reconciler: Make
) -> None:
    address = cloud.addresses()[0]
    options = [{"nameSuffix": "a"}, {}]
    reservation = await reconciler(ports=options, floatingIP=address).reserve()
    assert sorted(port.name for port in ports_of(cloud)) == [PORT, f"{PORT}_2", f"{PORT}_a"]
    assert reservation.provider_status is not None
    assert [port["name"] for port in reservation.provider_status["ports"]] == [PORT, f"{PORT}_a", f"{PORT}_2"]
    (led,) = [ip for ip in cloud.world.floating_ips.values() if ip.floating_ip_address == address]
    assert led.port_id == reservation.provider_status["ports"][0]["id"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("ports", [{"network": {"name": "lost"}}], 'network "name=lost" does not exist'),
        (
            "ports",
            [{"network": {"uuid": NETWORK_ID}, "fixedIPs": [{"subnet": {"filter": {"name": "lost"}}}]}],
            'subnet "name=lost',
        ),
        ("securityGroups", [{"filter": {"description": "lost"}}], 'security group "description=lost" does not exist'),
        ("networks", [{"uuid": NETWORK_ID, "subnets": [{"uuid": "lost"}]}], 'subnet "id=lost'),
    ],
)
async def test_what_a_selector_does_not_find_is_named_and_nothing_is_made(
    cloud: CoreCloud, reconciler: Make, field: str, value: object, sentence: str
) -> None:
    with pytest.raises(NotFound) as raised:
        await reconciler(**{field: value}).reserve()
    assert sentence in str(raised.value)
    assert ports_of(cloud) == []


@pytest.mark.parametrize("wish", [{"trunk": True}, {"networks": None, "ports": [{"trunk": True}]}])
async def test_a_trunk_is_made_on_the_port_with_marks_and_tags_and_goes_with_it(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make, wish: dict[str, Any]
) -> None:
    before = cloud.holdings()
    machine = reconciler(**wish, tags=["blue"])
    await machine.create()
    await machine.create()
    (trunk,), (port,) = trunks(cloud), ports_of(cloud)
    assert (trunk.port_id, trunk.name, trunk.description) == (port.id, port.name, OWNER.own_description)
    assert trunk.tags == ("blue",)
    assert machine.machine.status.provider_status is not None
    assert machine.machine.status.provider_status["ports"][0]["trunkID"] == trunk.id
    await machine.vanish(clock)
    assert trunks(cloud) == []
    assert cloud.holdings() == before


async def test_a_port_may_go_without_the_machines_trunk(cloud: CoreCloud, reconciler: Make) -> None:
    await reconciler(trunk=True, ports=[{"trunk": False}]).reserve()
    assert [trunk.name for trunk in trunks(cloud)] == [PORT]


async def test_a_trunk_that_no_record_names_is_found_by_its_mark(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    machine = reconciler(trunk=True)
    await machine.actuator.ensure_reservation(machine.request)  # The reconciler died before it stored anything.
    await machine.vanish(clock)
    assert (trunks(cloud), ports_of(cloud)) == ([], [])


async def test_a_cloud_without_trunks_is_told_of_in_one_sentence(cloud: CoreCloud, reconciler: Make) -> None:
    absent = msgspec.Raw(b'{"NeutronError": {"message": "Extension with alias trunk does not exist"}}')
    cloud.faults.add(Rule(Answer(404, absent), Pattern(path="/extensions/trunk$"), times=None))
    with pytest.raises(NotFound, match='trunk needs Neutron\'s extension "trunk", which this cloud has not'):
        await reconciler(trunk=True).reserve()
    assert ports_of(cloud) == []


def with_record(cluster: Cluster, record: ClusterProviderStatus) -> Cluster:
    status = msgspec.structs.replace(cluster.status, provider_status=record.to_json())
    return msgspec.structs.replace(cluster, status=status)


async def test_a_machine_that_names_no_network_gets_the_clusters_with_its_groups(
    cloud: CoreCloud, actuator: OpenStackMachineActuator
) -> None:
    network = NetworkRecord(id=NETWORK_ID, subnet=SubnetRecord(id=SUBNET_ID))
    group = next(group.id for group in cloud.world.security_groups.values() if group.id != SECURITY_GROUP_ID)
    record = ClusterProviderStatus(network=network, worker_security_group=SecurityGroupRecord(id=group), ready=True)
    machine = Reconciler(actuator, make_machine(networks=None), with_record(make_cluster(), record))
    await machine.reserve()
    (port,) = ports_of(cloud)
    assert (port.network_id, port.fixed_ips[0].subnet_id) == (NETWORK_ID, SUBNET_ID)
    assert set(port.security_groups) == {group, SECURITY_GROUP_ID}


async def test_an_external_network_is_taken_where_it_is_named(cloud: CoreCloud, reconciler: Make) -> None:
    cloud.world.networks[EXTERNAL_NETWORK_ID] = msgspec.structs.replace(
        cloud.world.networks[EXTERNAL_NETWORK_ID], shared=True
    )
    await reconciler(networks=[{"filter": {"id": EXTERNAL_NETWORK_ID}}]).reserve()
    assert [port.network_id for port in ports_of(cloud)] == [EXTERNAL_NETWORK_ID]


async def test_a_machine_waits_for_what_its_cluster_asks_for(actuator: OpenStackMachineActuator) -> None:
    cluster = make_cluster(value={"nodeCidr": "10.7.0.0/24"})
    with pytest.raises(NotReady):
        await actuator.ensure_reservation(Reconciler(actuator, make_machine(networks=None), cluster).request)
