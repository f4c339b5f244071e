"""A cluster that gives `nodeCidr` gets a network, a subnet and a router of its own, once; what people add stays."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.providers.openstack.clusters import ClusterKeeper, everything, managed_cluster, writes
from tests.providers.openstack.core_cloud import CoreCloud, ManualClock

from kubecapy.contract.errors import (
    CapacityExhausted,
    Conflict,
    InvalidConfiguration,
    NotFound,
    PermissionDenied,
    Unavailable,
)
from kubecapy.devcloud.faults import Answer, Drop, Pattern, Rule
from kubecapy.devcloud.seed import EXTERNAL_NETWORK_ID, NETWORK_ID, PROJECT, ROUTER_ID, SUBNET_ID
from kubecapy.devcloud.world.network import Network
from kubecapy.providers.openstack.actuators.cluster import OpenStackClusterActuator
from kubecapy.providers.openstack.services.projects import Projects

Make = Callable[..., ClusterKeeper]
NAME = "k8s-clusterapi-cluster-default-test1"


@pytest.fixture
def keeper(projects: Projects) -> Make:
    def make(name: str = "test1", namespace: str = "default", **changes: Any) -> ClusterKeeper:
        return ClusterKeeper(OpenStackClusterActuator(projects), managed_cluster(name, namespace, **changes))

    return make


def named(table: dict[str, Any], name: str) -> Any:
    (found,) = [item for item in table.values() if item.name == name]
    return found


async def test_network_subnet_and_router_are_made_as_the_spec_says(cloud: CoreCloud, keeper: Make) -> None:
    pools = [{"start": "10.7.0.50", "end": "10.7.0.99"}]
    cluster = keeper(managedSecurityGroups=None, networkMTU=1400, allocationPools=pools, gatewayIP="10.7.0.9")
    await cluster.settle()

    world, record = cloud.world, cluster.record
    network, subnet, router = (named(table, NAME) for table in (world.networks, world.subnets, world.routers))
    assert (network.mtu, network.port_security_enabled) == (1400, True)
    assert (subnet.cidr, subnet.gateway_ip, subnet.enable_dhcp) == ("10.7.0.0/24", "10.7.0.9", True)
    assert [(pool.start, pool.end) for pool in subnet.allocation_pools] == [("10.7.0.50", "10.7.0.99")]
    assert subnet.dns_nameservers == ("1.1.1.1",)
    assert router.external_gateway_info.network_id == EXTERNAL_NETWORK_ID
    (interface,) = [port for port in world.ports.values() if port.network_id == network.id]
    assert (interface.device_id, interface.device_owner) == (router.id, "network:router_interface")
    assert interface.fixed_ips[0].ip_address == "10.7.0.9"
    for thing in (network, subnet, router, interface):
        assert thing.description == f"{record.cluster_mark} cluster default/test1"
    for thing in (network, subnet, router):
        assert set(thing.tags) == {"kubecapy", record.cluster_mark, "blue"}
    assert record.network is not None
    assert record.network.subnet is not None
    assert record.network.router is not None
    assert (record.network.id, record.network.name) == (network.id, NAME)
    assert (record.network.subnet.id, record.network.subnet.cidr) == (subnet.id, "10.7.0.0/24")
    assert record.network.router.id == router.id
    assert record.ready


async def test_every_id_is_stored_before_the_next_thing_is_made(cloud: CoreCloud, keeper: Make) -> None:
    cluster = keeper()
    seen: list[list[str]] = []
    for _ in range(20):
        before = len(writes(cloud))
        observation = await cluster.step()
        made = [template for method, template in writes(cloud)[before:] if method == "POST"]
        seen.append([template.rpartition("/")[2] for template in made])
        if not observation.waiting_for:
            break
    assert seen == [
        [],
        ["networks"],
        ["subnets"],
        ["routers"],
        ["ports", "security-groups"],
        ["security-groups"],
        ["security-group-rules", "security-group-rules"],
    ]


async def test_a_cluster_at_rest_changes_nothing_and_looks_at_shared_lists(
    cloud: CoreCloud, clock: ManualClock, keeper: Make
) -> None:
    clusters = [keeper(name, nodeCidr=f"10.{7 + n}.0.0/24") for n, name in enumerate(("a", "b", "c"))]
    for cluster in clusters:
        await cluster.settle()
    clock.pass_(30.0)
    changed, asked = len(writes(cloud)), len(cloud.entries())
    for _ in range(60):
        for cluster in clusters:
            assert not (await cluster.step()).waiting_for
        clock.pass_(10.0)
    assert len(writes(cloud)) == changed
    # Networks, subnets, routers and groups every 20 s for all clusters, the ports of each; references every 300 s.
    assert len(cloud.entries()) - asked <= (4 + 3) * 600 / 20 + 2 * 600 / 300 + 2


async def test_name_servers_follow_the_spec_and_peoples_tags_stay(
    cloud: CoreCloud, clock: ManualClock, keeper: Make
) -> None:
    cluster = keeper()
    await cluster.settle()
    subnet = named(cloud.world.subnets, NAME)
    cloud.world.subnets[subnet.id] = msgspec.structs.replace(subnet, tags=("mine", "blue"))
    clock.pass_(30.0)
    cluster.wish(dnsNameservers=["9.9.9.9", "8.8.8.8"])
    await cluster.settle()
    changed = named(cloud.world.subnets, NAME)
    assert changed.dns_nameservers == ("9.9.9.9", "8.8.8.8")
    assert set(changed.tags) == {"mine", "blue", "kubecapy", cluster.record.cluster_mark}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nodeCidr": "10.9.0.0/24"}, r"subnet .* is 10.7.0.0/24 .*the spec wants 10.9.0.0/24.*set nodeCidr"),
        ({"gatewayIP": "10.7.0.7"}, r"subnet .* with gateway 10.7.0.1, the spec wants .* with 10.7.0.7"),
    ],
)
async def test_a_network_is_not_moved_under_its_machines(keeper: Make, changes: dict[str, Any], words: str) -> None:
    cluster = keeper()
    await cluster.settle()
    cluster.wish(**changes)
    with pytest.raises(Conflict, match=words):
        await cluster.step()


async def test_a_router_that_leads_elsewhere_is_told(cloud: CoreCloud, keeper: Make) -> None:
    cluster = keeper()
    await cluster.settle()
    other = Network(id="other", project_id="admin", name="other", external=True)
    cloud.world.networks["other"] = other
    cluster.wish(externalNetworkId="other")
    with pytest.raises(Conflict, match=rf"router {NAME} .* leads to {EXTERNAL_NETWORK_ID}, the spec wants other"):
        await cluster.step()


async def test_an_interface_that_someone_removed_is_put_back(
    cloud: CoreCloud, clock: ManualClock, keeper: Make
) -> None:
    cluster = keeper(managedSecurityGroups=None)
    await cluster.settle()
    (port,) = [port for port in cloud.world.ports.values() if port.name == f"{NAME}_router"]
    del cloud.world.ports[port.id]
    clock.pass_(30.0)
    await cluster.settle()
    (again,) = [port for port in cloud.world.ports.values() if port.name == f"{NAME}_router"]
    assert again.device_id == port.device_id


async def test_without_an_external_network_there_is_no_router(cloud: CoreCloud, keeper: Make) -> None:
    routers = list(cloud.world.routers)
    cluster = keeper(externalNetworkId=None, disableDHCP=True, disablePortSecurity=True, managedSecurityGroups=None)
    await cluster.settle()
    assert list(cloud.world.routers) == routers
    assert cluster.record.network is not None
    assert cluster.record.network.router is None
    assert not named(cloud.world.networks, NAME).port_security_enabled
    assert not named(cloud.world.subnets, NAME).enable_dhcp


async def test_the_external_network_may_be_given_by_a_filter(cloud: CoreCloud, keeper: Make) -> None:
    cluster = keeper(externalNetworkId=None, externalNetwork={"filter": {"name": "public"}})
    await cluster.settle()
    assert named(cloud.world.routers, NAME).external_gateway_info.network_id == EXTERNAL_NETWORK_ID


async def test_an_existing_router_is_joined_to_the_managed_subnet(cloud: CoreCloud, keeper: Make) -> None:
    cluster = keeper(externalNetworkId=None, router={"uuid": ROUTER_ID})
    router = cloud.world.routers[ROUTER_ID]
    await cluster.settle()
    (interface,) = [port for port in cloud.world.ports.values() if port.name == f"{NAME}_router"]
    assert interface.device_id == ROUTER_ID
    assert (await cluster.delete()).gone
    assert interface.id not in cloud.world.ports
    assert cloud.world.routers[ROUTER_ID] == router


async def test_what_exists_is_recorded_and_left_alone(cloud: CoreCloud, keeper: Make) -> None:
    before = everything(cloud)
    nothing = {"nodeCidr": None, "dnsNameservers": None, "externalNetworkId": None, "managedSecurityGroups": None}
    cluster = keeper(
        **nothing,
        network={"filter": {"name": "private"}},
        subnet={"filter": {"ipVersion": 4}},
        router={"filter": {"name": "router"}},
    )
    await cluster.settle()
    network = cluster.record.network
    assert network is not None
    assert network.subnet is not None
    assert network.router is not None
    assert (network.id, network.subnet.id, network.router.id) == (NETWORK_ID, SUBNET_ID, ROUTER_ID)
    assert (await cluster.delete()).gone
    assert everything(cloud) == before
    assert writes(cloud) == []


@pytest.mark.parametrize(
    ("changes", "expected", "words"),
    [
        ({"externalNetworkId": "lost"}, NotFound, r'network "id=lost router:external=true" does not exist'),
        ({"externalNetworkId": NETWORK_ID}, NotFound, r"router:external=true"),
        ({"externalNetworkId": None, "externalNetwork": {"filter": {"shared": True}}}, NotFound, r"shared=true"),
        ({"externalNetworkId": None, "router": {"filter": {"name": "x"}}}, NotFound, r'router "name=x" does not exist'),
        ({"externalRouterIPs": [{"subnet": {"uuid": "x"}}]}, NotFound, r'subnet "id=x network_id=.*" does not exist'),
    ],
)
async def test_what_is_not_there_is_named_before_anything_is_made(
    cloud: CoreCloud, keeper: Make, changes: dict[str, Any], expected: type[Exception], words: str
) -> None:
    with pytest.raises(expected, match=words):
        await keeper(**changes).step()
    assert writes(cloud) == []


async def test_several_that_match_are_listed_and_none_is_guessed(cloud: CoreCloud, keeper: Make) -> None:
    public = cloud.world.networks[EXTERNAL_NETWORK_ID]
    cloud.world.networks["twin"] = msgspec.structs.replace(public, id="twin")
    cluster = keeper(externalNetworkId=None, externalNetwork={"filter": {"name": "public"}})
    with pytest.raises(Conflict, match=rf"means 2 of them.*public \({EXTERNAL_NETWORK_ID}\), public \(twin\)"):
        await cluster.step()


async def test_a_fixed_address_of_the_gateway_is_the_clouds_to_allow(cloud: CoreCloud, keeper: Make) -> None:
    cluster = keeper(externalRouterIPs=[{"fixedIP": "127.0.0.9"}])
    with pytest.raises(
        PermissionDenied, match=rf"creating router {NAME} .*external_fixed_ips.* is disallowed by policy"
    ):
        await cluster.settle()
    assert len(cloud.world.routers) == 1


async def test_a_range_that_cuts_into_the_pods_is_refused(keeper: Make) -> None:
    with pytest.raises(
        InvalidConfiguration, match=r"nodeCidr: 192.168.4.0/24 overlaps the range 192.168.0.0/16 of Pods"
    ):
        await keeper(nodeCidr="192.168.4.0/24").step()


async def test_a_quota_that_is_used_up_leaves_what_was_made_on_record(cloud: CoreCloud, keeper: Make) -> None:
    cloud.world.quotas.set_limits("network", PROJECT.id, {"router": 1})
    cluster = keeper()
    with pytest.raises(CapacityExhausted, match=rf"creating router {NAME} of Cluster default/test1: Quota exceeded"):
        await cluster.settle()
    assert cluster.record.network is not None
    assert cluster.record.network.subnet is not None
    cloud.world.quotas.set_limits("network", PROJECT.id, {"router": 2})
    await cluster.settle()


@pytest.mark.parametrize("kind", ["networks", "subnets", "routers", "security-groups", "ports"])
async def test_a_lost_reply_makes_no_twin(cloud: CoreCloud, clock: ManualClock, keeper: Make, kind: str) -> None:
    cluster = keeper()
    cloud.faults.add(Rule(Drop("after"), Pattern(method="POST", path=f"/v2.0/{kind}$")))
    with pytest.raises(Unavailable):
        await cluster.settle()
    clock.pass_(1.0)
    await cluster.settle()
    made = [template.rpartition("/")[2] for method, template in writes(cloud) if method == "POST"]
    assert made.count(kind) == (2 if kind == "security-groups" else 1)


async def test_two_of_a_kind_are_named(cloud: CoreCloud, clock: ManualClock, keeper: Make) -> None:
    cluster = keeper()
    await cluster.settle()
    network = named(cloud.world.networks, NAME)
    cloud.world.networks["twin"] = msgspec.structs.replace(network, id="twin")
    clock.pass_(30.0)
    with pytest.raises(Conflict, match=r"Cluster default/test1 has several networks: .*\(twin\).*delete all but one"):
        await cluster.step()


async def test_names_that_look_alike_are_not_mixed_up(cloud: CoreCloud, keeper: Make) -> None:
    first, second = keeper("c", "a-b"), keeper("b-c", "a", nodeCidr="10.8.0.0/24")
    await first.settle()
    await second.settle()
    ids = [cluster.record.network.id for cluster in (first, second) if cluster.record.network]
    assert len(set(ids)) == 2
    assert [cloud.world.networks[id_].name for id_ in ids] == ["k8s-clusterapi-cluster-a-b-c"] * 2
    assert (await first.delete()).gone
    assert ids[0] not in cloud.world.networks
    assert ids[1] in cloud.world.networks


async def test_a_recorded_thing_that_a_lagging_list_lacks_is_asked_for(
    cloud: CoreCloud, open_projects: Callable[[], Projects], keeper: Make
) -> None:
    cluster = keeper()
    await cluster.settle()
    before = everything(cloud)
    empty = msgspec.Raw(b'{"networks": []}')
    cloud.faults.add(Rule(Answer(200, empty), Pattern(method="GET", path="/v2.0/networks$"), times=None))
    cluster.wish(externalNetworkId=None)
    cluster.actuator = OpenStackClusterActuator(open_projects())
    await cluster.step()
    assert everything(cloud) == before
