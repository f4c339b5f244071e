"""A deleted cluster leaves the project as it was; what is not ours is named, and stays."""

from typing import Any

import msgspec
import pytest
from tests.providers.openstack.clusters import ClusterKeeper, everything, managed_cluster, writes
from tests.providers.openstack.core_cloud import CoreCloud, ManualClock

from kubecapy.contract.errors import PermissionDenied
from kubecapy.contract.provider import Leftover
from kubecapy.devcloud.faults import Answer, Rule
from kubecapy.devcloud.seed import EXTERNAL_NETWORK_ID, PROJECT
from kubecapy.devcloud.world.network import FloatingIp, Network, Port, Subnet
from kubecapy.devcloud.world.ports import make_port
from kubecapy.devcloud.world.routing import add_subnet_interface
from kubecapy.providers.openstack.actuators.cluster import OpenStackClusterActuator
from kubecapy.providers.openstack.plugin.tooling import OpenStackTooling
from kubecapy.providers.openstack.services.projects import Projects

NAME = "k8s-clusterapi-cluster-default-test1"
GROUP = "k8s-cluster-default-test1-secgroup-worker"


@pytest.fixture
def cluster(projects: Projects) -> ClusterKeeper:
    return ClusterKeeper(OpenStackClusterActuator(projects), managed_cluster())


def named(table: dict[str, Any], name: str) -> Any:
    (found,) = [item for item in table.values() if item.name == name]
    return found


def foreign_port(cloud: CoreCloud, network_name: str = NAME, **changes: Any) -> Port:
    network = named(cloud.world.networks, network_name)
    draft = Port(
        id="foreign", project_id=PROJECT.id, name="theirs", network_id=network.id, mac_address="fa:16:3e:00:00:09"
    )
    return make_port(cloud.world, msgspec.structs.replace(draft, **changes), None, cloud.clock.now())


async def test_everything_goes_and_nothing_else(cloud: CoreCloud, cluster: ClusterKeeper) -> None:
    before = everything(cloud)
    await cluster.settle()
    assert (await cluster.delete()).gone
    assert everything(cloud) == before
    order = [template.split("/")[2] for method, template in writes(cloud) if method in ("DELETE",)]
    assert order == ["security-groups", "security-groups", "routers", "subnets", "networks"]


async def test_a_second_delete_asks_again_and_finds_nothing(
    cloud: CoreCloud, clock: ManualClock, cluster: ClusterKeeper
) -> None:
    await cluster.settle()
    await cluster.delete()
    changed = len(writes(cloud))
    clock.pass_(5.0)
    assert (await cluster.delete()).gone
    assert len(writes(cloud)) == changed


@pytest.mark.parametrize("forget", ["record", "spec"])
async def test_neither_record_nor_spec_is_needed_to_delete(
    cloud: CoreCloud, cluster: ClusterKeeper, forget: str
) -> None:
    before = everything(cloud)
    await cluster.settle()
    if forget == "record":
        cluster.forget_record()
    else:
        cluster.wish(nodeCidr=None, dnsNameservers=None, externalNetworkId=None, managedSecurityGroups=None, oops=1)
    assert (await cluster.delete()).gone
    assert everything(cloud) == before


async def test_nothing_is_asked_of_the_cloud_where_nothing_was_made(cloud: CoreCloud, projects: Projects) -> None:
    value = dict.fromkeys(("nodeCidr", "dnsNameservers", "externalNetworkId", "managedSecurityGroups"))
    keeper = ClusterKeeper(OpenStackClusterActuator(projects), managed_cluster(**value))
    cloud.faults.add(Rule(Answer(401), times=None))
    assert (await keeper.delete()).gone
    keeper.wish(nodeCidr="10.7.0.0/24")
    with pytest.raises(PermissionDenied):
        await keeper.delete()


@pytest.mark.parametrize(
    ("device_owner", "words"),
    [
        ("compute:nova", "a server that is no machine of the cluster"),
        ("Octavia", "a load balancer, probably made for a Service of type LoadBalancer"),
        ("manila:share", "a file share of Manila"),
        ("", "nobody's: a person or a tool made it, `openstack port delete`"),
        ("acme:thing", "of acme:thing"),
    ],
)
async def test_a_foreign_port_on_the_network_is_named_with_who_made_it(
    cloud: CoreCloud, clock: ManualClock, cluster: ClusterKeeper, device_owner: str, words: str
) -> None:
    before = everything(cloud)
    await cluster.settle()
    port = foreign_port(cloud, device_owner=device_owner, device_id="somebody" if device_owner else "")
    deletion = await cluster.delete()
    assert not deletion.gone
    assert f"subnet {NAME}, in use by port theirs (foreign) of " in deletion.waiting_for
    assert words in deletion.waiting_for
    assert named(cloud.world.ports, "theirs") == port
    del cloud.world.ports["foreign"]
    clock.pass_(deletion.retry_after_seconds)
    assert (await cluster.delete()).gone
    assert everything(cloud) == before


async def test_a_group_in_use_elsewhere_is_named_and_the_network_goes(
    cloud: CoreCloud, clock: ManualClock, cluster: ClusterKeeper
) -> None:
    await cluster.settle()
    group = named(cloud.world.security_groups, GROUP)
    foreign_port(cloud, "private", security_groups=(group.id,), device_owner="compute:nova", device_id="theirs")
    deletion = await cluster.delete()
    assert deletion.waiting_for.startswith(f"security group {GROUP}, in use by port theirs (foreign) of a server")
    assert [network.name for network in cloud.world.networks.values()] == ["private", "public"]
    del cloud.world.ports["foreign"]
    clock.pass_(deletion.retry_after_seconds)
    assert (await cluster.delete()).gone


async def test_an_interface_that_a_person_added_to_the_router_is_named(
    cloud: CoreCloud, cluster: ClusterKeeper
) -> None:
    await cluster.settle()
    world, now = cloud.world, cloud.clock.now()
    network = Network(id="office", project_id=PROJECT.id, name="office")
    subnet = Subnet(id="desk", project_id=PROJECT.id, network_id="office", cidr="10.99.0.0/24", gateway_ip="10.99.0.1")
    world.networks["office"], world.subnets["desk"] = network, subnet
    add_subnet_interface(world, named(world.routers, NAME), subnet, now)
    deletion = await cluster.delete()
    assert f"router {NAME}, in use by an interface that somebody gave it on network office" in deletion.waiting_for
    assert "desk" in world.subnets


async def test_a_floating_address_that_leads_through_the_router_is_named(
    cloud: CoreCloud, cluster: ClusterKeeper
) -> None:
    await cluster.settle()
    port = foreign_port(cloud)
    router = named(cloud.world.routers, NAME)
    floating = next(iter(cloud.world.floating_ips.values()))
    cloud.world.floating_ips[floating.id] = msgspec.structs.replace(floating, port_id=port.id, router_id=router.id)
    deletion = await cluster.delete()
    assert deletion.waiting_for == (
        f"the router's interface {NAME}_router, in use by floating address {floating.floating_ip_address}, which leads "
        "through it: `openstack floating ip unset --port`"
    )


async def test_addresses_and_ports_that_machines_left_behind_go_too(
    cloud: CoreCloud, clock: ManualClock, cluster: ClusterKeeper
) -> None:
    before = everything(cloud)
    await cluster.settle()
    description = named(cloud.world.networks, NAME).description
    foreign_port(cloud, description=description, name="node-1_01234567")
    cloud.world.floating_ips["left"] = FloatingIp(
        id="left",
        project_id=PROJECT.id,
        floating_ip_address="127.0.0.200",
        floating_network_id=EXTERNAL_NETWORK_ID,
        description=f"{cluster.record.cluster_mark} kubecapy-00000000000000000000",
    )
    clock.pass_(5.0)
    assert (await cluster.delete()).gone
    assert everything(cloud) == before


async def test_leftovers_are_told_of_every_kind(
    cloud: CoreCloud, clock: ManualClock, projects: Projects, cluster: ClusterKeeper
) -> None:
    tooling = OpenStackTooling(projects)
    await cluster.settle()
    kinds = [leftover.kind for leftover in await tooling.find_leftovers(cluster.cluster)]
    assert sorted(kinds) == ["network", "port", "router", "security group", "security group", "subnet"]
    network = named(cloud.world.networks, NAME)
    assert Leftover("network", network.id, NAME) in await tooling.find_leftovers(cluster.cluster)
    await cluster.delete()
    clock.pass_(5.0)
    assert await tooling.find_leftovers(cluster.cluster) == ()
