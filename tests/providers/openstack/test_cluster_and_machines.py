"""Machines of a cluster that has a network and groups of its own: they wait for them, use them and outlive nothing."""

from collections.abc import Callable

import msgspec
import pytest
from tests.providers.openstack.clusters import ClusterKeeper, everything, managed_cluster
from tests.providers.openstack.core_cloud import CoreCloud, ManualClock
from tests.providers.openstack.machines import Reconciler, make_machine

from kubecapy.api.cluster.v1alpha1 import Machine
from kubecapy.contract.errors import NotReady
from kubecapy.devcloud.seed import NETWORK_ID, SECURITY_GROUP_ID
from kubecapy.providers.openstack.actuators.cluster import OpenStackClusterActuator
from kubecapy.providers.openstack.actuators.machine import OpenStackMachineActuator
from kubecapy.providers.openstack.services.projects import Projects

ALONE = dict.fromkeys(("networks", "securityGroups"))
Start = Callable[..., Reconciler]


@pytest.fixture
def cluster(projects: Projects) -> ClusterKeeper:
    return ClusterKeeper(OpenStackClusterActuator(projects), managed_cluster())


@pytest.fixture
def start(projects: Projects, cluster: ClusterKeeper) -> Start:
    def make(machine: Machine) -> Reconciler:
        return Reconciler(OpenStackMachineActuator(projects), machine, cluster.cluster)

    return make


def control_plane(machine: Machine) -> Machine:
    versions = msgspec.convert({"kubelet": "1.14.0", "controlPlane": "1.14.0"}, type(machine.spec.versions))
    return msgspec.structs.replace(machine, spec=msgspec.structs.replace(machine.spec, versions=versions))


async def test_a_machine_waits_until_its_clusters_record_holds_everything(
    cloud: CoreCloud, cluster: ClusterKeeper, start: Start
) -> None:
    await cluster.step()
    await cluster.step()
    with pytest.raises(NotReady, match=r'network and security groups of Cluster "test1" are not there yet'):
        await start(make_machine(**ALONE)).reserve()
    assert cloud.world.servers == {}


async def test_each_machine_gets_the_clusters_network_and_the_group_of_its_role(
    cloud: CoreCloud, cluster: ClusterKeeper, start: Start
) -> None:
    await cluster.settle()
    record = cluster.record
    assert record.network is not None
    assert record.network.subnet is not None
    assert record.control_plane_security_group is not None
    assert record.worker_security_group is not None
    for machine, group in (
        (make_machine("node-1", **ALONE), record.worker_security_group),
        (control_plane(make_machine("master", **ALONE)), record.control_plane_security_group),
    ):
        await start(machine).create()
        (server,) = [server for server in cloud.world.servers.values() if server.name == machine.metadata.name]
        (port,) = [port for port in cloud.world.ports.values() if port.device_id == server.id]
        assert port.network_id == record.network.id
        assert [fixed.subnet_id for fixed in port.fixed_ips] == [record.network.subnet.id]
        assert port.security_groups == (group.id,)


async def test_what_a_machine_names_itself_comes_on_top_or_in_place(
    cloud: CoreCloud, cluster: ClusterKeeper, start: Start
) -> None:
    await cluster.settle()
    await start(make_machine()).create()
    (port,) = [port for port in cloud.world.ports.values() if port.device_owner.startswith("compute:")]
    assert port.network_id == NETWORK_ID
    assert cluster.record.worker_security_group is not None
    assert set(port.security_groups) == {SECURITY_GROUP_ID, cluster.record.worker_security_group.id}


async def test_an_existing_network_that_the_cluster_names_is_its_machines_network(
    cloud: CoreCloud, cluster: ClusterKeeper, start: Start
) -> None:
    own = cloud.world.networks[NETWORK_ID]
    cloud.world.networks["second"] = msgspec.structs.replace(own, id="second", name="second")
    cluster.wish(**dict.fromkeys(("nodeCidr", "dnsNameservers", "externalNetworkId", "managedSecurityGroups")))
    cluster.wish(network={"uuid": NETWORK_ID})
    with pytest.raises(NotReady):
        await start(make_machine(**ALONE)).reserve()
    await cluster.settle()
    await start(make_machine(**ALONE)).reserve()
    (port,) = [port for port in cloud.world.ports.values() if port.name.startswith("node-1_")]
    assert port.network_id == NETWORK_ID


async def test_machines_then_cluster_leave_the_project_as_it_was(
    cloud: CoreCloud, clock: ManualClock, cluster: ClusterKeeper, start: Start
) -> None:
    before = everything(cloud)
    await cluster.settle()
    machine = start(make_machine(**ALONE))
    await machine.create()
    clock.pass_(10.0)
    while not await machine.delete():
        clock.pass_(2.0)
    clock.pass_(2.0)
    assert (await cluster.delete()).gone
    assert everything(cloud) == before
