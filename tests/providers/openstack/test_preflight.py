"""Whether a cluster can be made is asked before anything is; and after its end, whether anything is left."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.providers.openstack.clusters import managed_cluster
from tests.providers.openstack.core_cloud import CoreCloud, ManualClock
from tests.providers.openstack.machines import PORT, Reconciler, claimed, make_cluster, make_machine, provider_spec
from tests.providers.openstack.test_machine_fields import KEY

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.contract.errors import PermissionDenied, Unavailable
from kubecapy.contract.provider import Leftover
from kubecapy.devcloud.faults import Answer, Drop, Pattern, Rule
from kubecapy.devcloud.seed import PROJECT
from kubecapy.providers.openstack.actuators.machine import OpenStackMachineActuator
from kubecapy.providers.openstack.plugin.tooling import OpenStackTooling
from kubecapy.providers.openstack.services.projects import Projects

Make = Callable[..., Reconciler]

CLUSTER: JsonObject = msgspec.to_builtins(make_cluster())


def machine(name: str = "", **changes: Any) -> JsonObject:
    metadata = {"name": name} if name else {"generateName": "node-"}
    return {"kind": "Machine", "metadata": metadata, "spec": {"providerSpec": {"value": provider_spec(**changes)}}}


@pytest.fixture
def tooling(projects: Projects) -> OpenStackTooling:
    return OpenStackTooling(projects)


async def test_a_cluster_that_can_be_made_has_nothing_in_its_way(tooling: OpenStackTooling, cloud: CoreCloud) -> None:
    machines = [machine(floatingIP=cloud.addresses()[0]), machine(floatingIP=cloud.addresses()[1])]
    assert list(await tooling.preflight(CLUSTER, machines)) == []
    assert {entry.method for entry in cloud.entries()} == {"GET"}


async def test_everything_that_stands_in_the_way_is_told_at_once(tooling: OpenStackTooling, cloud: CoreCloud) -> None:
    wrong = machine(
        "m-0",
        flavor="huge",
        image="none",
        keyName="lost",
        availabilityZone="mars",
        networks=[{"uuid": "x"}],
        securityGroups=[{"name": "y"}],
        floatingIP="9.9.9.9",
        serverGroup="apart",
        ports=[{"network": {"name": "n"}}, {"securityGroups": [{"name": "z"}]}],
        rootVolume={"diskSize": 5, "volumeType": "slow"},
    )
    obstacles = await tooling.preflight(CLUSTER, [wrong])
    assert len(obstacles) == 11
    assert all(sentence.startswith("Machine default/m-0: ") for sentence in obstacles)
    told = "\n".join(obstacles)
    named = ("huge", "none", "lost", "mars", '"id=x"', '"name=y"', "9.9.9.9", "apart", '"name=n"', '"name=z"', "slow")
    for name in named:
        assert name in told


async def test_wrong_specs_are_told_beside_what_the_cloud_lacks(tooling: OpenStackTooling) -> None:
    cluster: JsonObject = msgspec.to_builtins(make_cluster(value={"nodeCidr": "x"}))
    obstacles = await tooling.preflight(cluster, [machine("a", vcpus=2), machine("b", flavor="huge")])
    assert [sentence.partition(":")[0] for sentence in obstacles] == [
        "Cluster test1",
        "Machine default/a",
        "Machine default/b",
    ]


async def test_an_address_given_twice_is_told(tooling: OpenStackTooling, cloud: CoreCloud) -> None:
    address = cloud.addresses()[0]
    obstacles = await tooling.preflight(CLUSTER, [machine("a", floatingIP=address), machine("b", floatingIP=address)])
    assert obstacles == [f"floating address {address} is given to 2 machines"]


async def test_an_address_is_in_use_but_for_the_very_cluster_whose_backup_is_restored(
    tooling: OpenStackTooling, cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    address = cloud.addresses()[0]
    await reconciler(name="node-abcde", floatingIP=address).create()
    clock.pass_(5)
    (obstacle,) = await tooling.preflight(CLUSTER, [machine(floatingIP=address)])
    assert "is in use by port node-abcde_" in obstacle
    backup: JsonObject = msgspec.to_builtins(claimed(make_cluster()))
    assert await tooling.preflight(backup, [machine(floatingIP=address)]) == []


async def test_quotas_that_are_too_small_are_told_with_what_is_left(
    tooling: OpenStackTooling, cloud: CoreCloud
) -> None:
    limits = {"absolute": {"maxTotalInstances": 1, "totalInstancesUsed": 0, "maxTotalCores": 3, "totalCoresUsed": 1}}
    cloud.faults.add(Rule(Answer(200, msgspec.Raw(msgspec.json.encode({"limits": limits}))), _path("/limits")))
    ports = {"port": {"limit": 5, "used": 4, "reserved": 0}}
    cloud.faults.add(Rule(Answer(200, msgspec.Raw(msgspec.json.encode({"quota": ports}))), _path("/details")))
    assert await tooling.preflight(CLUSTER, [machine(), machine()]) == [
        "the project's quota has room for 1 servers, 2 are needed",
        "the project's quota has room for 2 cores, 4 are needed",
        "the project's quota has room for 1 ports, 2 are needed",
    ]


async def test_a_pool_a_cloud_without_trunks_and_the_sources_of_volumes_are_asked_for(
    tooling: OpenStackTooling, cloud: CoreCloud
) -> None:
    absent = msgspec.Raw(b'{"NeutronError": {"message": "Extension with alias trunk does not exist"}}')
    cloud.faults.add(Rule(Answer(404, absent), _path("/extensions/trunk"), times=None))
    root = {"sourceType": "snapshot", "sourceUUID": "gone"}
    wrong = machine("m", trunk=True, floatingIPPool={"name": "nowhere"}, rootVolume=root)
    told = "\n".join(await tooling.preflight(CLUSTER, [wrong]))
    for words in ("trunk needs Neutron's extension", '"name=nowhere router:external=true"', 'snapshot "gone"'):
        assert words in told
    assert {entry.method for entry in cloud.entries()} == {"GET"}


async def test_quotas_of_addresses_and_volumes_count_what_all_machines_take(
    tooling: OpenStackTooling, cloud: CoreCloud
) -> None:
    cloud.world.quotas.set_limits("block-storage", PROJECT.id, {"volumes": 3, "gigabytes": 40})
    cloud.world.quotas.set_limits("network", PROJECT.id, {"floatingip": len(cloud.addresses()) + 1})
    spec = {
        "floatingIPPool": {"name": "public"},
        "rootVolume": {"diskSize": 20},
        "volumes": [{"name": "data", "diskSize": 5}],
    }
    assert await tooling.preflight(CLUSTER, [machine(**spec), machine(**spec)]) == [
        "the project's quota has room for 1 floating addresses, 2 are needed",
        "the project's quota has room for 3 volumes, 4 are needed",
        "the project's quota has room for 40 GiB of volumes, 50 are needed",
    ]


async def test_a_cloud_that_tells_no_quotas_is_not_in_the_way(tooling: OpenStackTooling, cloud: CoreCloud) -> None:
    absent = msgspec.Raw(b'{"NeutronError": {"message": "The resource could not be found."}}')
    cloud.faults.add(Rule(Answer(404, absent), _path("/details")))
    assert await tooling.preflight(CLUSTER, [machine()]) == []


async def test_a_machine_without_networks_is_fine_where_its_cluster_gives_it_one(
    tooling: OpenStackTooling, cloud: CoreCloud
) -> None:
    own = next(network for network in cloud.world.networks.values() if not network.external)
    cloud.world.networks["second"] = msgspec.structs.replace(own, id="second")
    without = machine("a", networks=None)
    (obstacle,) = await tooling.preflight(CLUSTER, [without])
    assert "means 2 of them" in obstacle
    managed: JsonObject = msgspec.to_builtins(managed_cluster())
    assert await tooling.preflight(managed, [without]) == []
    assert {entry.method for entry in cloud.entries()} == {"GET"}


async def test_what_a_cluster_names_and_lacks_is_told(tooling: OpenStackTooling) -> None:
    changes = {"externalNetworkId": "lost", "controlPlaneAvailabilityZones": ["nova", "mars"]}
    cluster: JsonObject = msgspec.to_builtins(managed_cluster(**changes, nodeCidr="192.168.1.0/24"))
    obstacles = await tooling.preflight(cluster, [])
    assert len(obstacles) == 3
    assert all(sentence.startswith("Cluster test1: ") for sentence in obstacles)
    told = "\n".join(obstacles)
    for words in ("overlaps the range 192.168.0.0/16 of Pods", "id=lost", '"mars" does not exist; there are az2, nova'):
        assert words in told


async def test_quotas_of_what_machines_share_are_counted(tooling: OpenStackTooling, cloud: CoreCloud) -> None:
    used = {"network": 1, "subnet": 1, "router": 1, "security_group": 3, "security_group_rule": 20, "port": 1}
    cloud.world.quotas.set_limits("network", PROJECT.id, used)
    obstacles = await tooling.preflight(msgspec.to_builtins(managed_cluster()), [machine(networks=None)])
    assert [sentence.partition("room for ")[2] for sentence in obstacles] == [
        "0 ports, 2 are needed",
        "0 networks, 1 are needed",
        "0 subnets, 1 are needed",
        "0 routers, 1 are needed",
        "1 security groups, 2 are needed",
        "10 rules of security groups, 24 are needed",
    ]


@pytest.mark.parametrize(("action", "expected"), [(Answer(403), PermissionDenied), (Drop(), Unavailable)])
async def test_a_cloud_that_refuses_us_or_is_silent_is_an_error(
    tooling: OpenStackTooling, cloud: CoreCloud, action: Answer | Drop, expected: type[Exception]
) -> None:
    cloud.faults.add(Rule(action, times=None))
    with pytest.raises(expected):
        await tooling.preflight(CLUSTER, [machine()])


async def test_leftovers_of_every_kind_are_found_but_for_what_was_to_stay(
    tooling: OpenStackTooling, cloud: CoreCloud, clock: ManualClock, actuator: OpenStackMachineActuator
) -> None:
    stays = {"name": "stays", "diskSize": 1, "deleteOnTermination": False}
    spec = {"floatingIPPool": {"name": "public"}, "trunk": True, "volumes": [{"name": "data", "diskSize": 5}, stays]}
    await Reconciler(actuator, make_machine(publicKey=KEY, **spec), make_cluster()).settle(clock)
    clock.pass_(5)
    found = await tooling.find_leftovers(make_cluster())
    assert [left.kind for left in found] == ["server", "trunk", "port", "floating ip", "volume", "key pair"]
    assert await tooling.find_leftovers(make_cluster("other")) == ()


async def test_leftovers_are_what_bears_the_clusters_mark(
    tooling: OpenStackTooling, cloud: CoreCloud, clock: ManualClock, actuator: OpenStackMachineActuator
) -> None:
    mine, other = make_cluster(), make_cluster("other")
    assert await tooling.find_leftovers(mine) == ()
    await Reconciler(actuator, make_machine(), mine).create()
    await Reconciler(actuator, make_machine("node-9"), other).create()
    clock.pass_(5)
    (server,) = [server for server in cloud.world.servers.values() if server.name == "node-1"]
    (port,) = [port for port in cloud.world.ports.values() if port.name == PORT]
    assert await tooling.find_leftovers(mine) == (
        Leftover("server", server.id, "node-1"),
        Leftover("port", port.id, PORT),
    )


def _path(end: str) -> Pattern:
    return Pattern(path=f"{end}$")
