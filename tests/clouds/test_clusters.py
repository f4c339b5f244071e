"""What a cluster's providerSpec makes in the cloud, and in what order it goes again."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.clouds.driving import Declared
from tests.clouds.eyes import Eyes

from kubecapy.contract.errors import NotFound

Declare = Callable[..., Declared]
WHOLE = {
    "nodeCidr": "10.61.0.0/24",
    "dnsNameservers": ["192.0.2.53"],
    "externalNetwork": {"name": "public"},
    "managedSecurityGroups": True,
    "tags": ["fleet"],
}


async def test_network_subnet_router_and_groups_are_made_and_machines_live_there(declare: Declare, eyes: Eyes) -> None:
    cluster = declare(**WHOLE)
    cluster.add("plane-1", is_control_plane=True, networks=None)
    cluster.add("node-1", networks=None, floatingIPPool={"name": "public"})
    await cluster.ready()
    network, subnet, router = made_network(eyes, cluster)
    assert (subnet.cidr, subnet.dns_nameservers) == ("10.61.0.0/24", ["192.0.2.53"])
    external = eyes.member.network.find_network("public", ignore_missing=False)
    assert router.external_gateway_info["network_id"] == external.id
    for thing in (network, subnet, router):
        assert {"kubecapy", "fleet"} <= set(thing.tags)
    groups = {name: (await cluster.running(name), port_groups(eyes, name)) for name in ("plane-1", "node-1")}
    assert all("10.61.0." in instance.addresses[-1].address for instance, _ in groups.values())
    (plane,), (worker,) = (found for _, found in groups.values())
    assert plane.endswith("controlplane")
    assert worker.endswith("worker")
    await cluster.gone()


async def test_a_record_that_was_lost_is_found_again_and_nothing_is_made_twice(declare: Declare, eyes: Eyes) -> None:
    cluster = declare(**WHOLE)
    await cluster.ready()
    before, record = eyes.inventory(), cluster.cluster.status.provider_status
    cluster.forget_cluster()
    await cluster.ready()
    assert eyes.inventory() == before
    assert cluster.cluster.status.provider_status == record
    cluster.forget_cluster()
    await cluster.gone()


async def test_rules_follow_the_spec_and_come_back_when_removed(declare: Declare, eyes: Eyes) -> None:
    cluster = declare(managedSecurityGroups={"cni": "calico"})
    await cluster.ready()
    plane = group_of(eyes, cluster, "controlplane")
    rules = eyes.rules(plane.id)
    ports = {(rule.protocol, rule.first, rule.last) for rule in rules}
    assert {("tcp", 6443, 6443), ("tcp", 2379, 2380), ("tcp", 10250, 10250), ("tcp", 179, 179)} <= ports
    cluster.wish(managedSecurityGroups={"cni": "calico", "sshAllowedCIDRs": ["198.51.100.0/24"]})
    await cluster.ready()
    (ssh,) = [rule for rule in eyes.rules(plane.id) if rule.first == 22]
    assert (ssh.protocol, ssh.last, ssh.remote_prefix) == ("tcp", 22, "198.51.100.0/24")
    (rule,) = [
        rule
        for rule in eyes.member.network.security_group_rules(security_group_id=plane.id)
        if (rule.port_range_min, rule.ether_type) == (6443, "IPv4")
    ]
    eyes.member.network.delete_security_group_rule(rule)
    await cluster.ready_until(lambda: rules <= eyes.rules(plane.id))
    cluster.wish(managedSecurityGroups={"cni": "calico"})
    await cluster.ready_until(lambda: eyes.rules(plane.id) == rules)
    await cluster.gone()


async def test_an_existing_network_and_router_are_used_and_stay(
    declare: Declare, eyes: Eyes, persons_network: Any
) -> None:
    cluster = declare(network={"filter": {"name": persons_network.name}})
    cluster.add("node-1", networks=None)
    await cluster.ready()
    instance = await cluster.running("node-1")
    assert instance.addresses[0].address.startswith("10.62.0.")
    await cluster.gone()
    assert eyes.member.network.find_network(persons_network.name) is not None


async def test_our_subnet_is_joined_to_a_persons_router_and_leaves_it(declare: Declare, eyes: Eyes) -> None:
    router = eyes.member.network.find_router("router", ignore_missing=False)
    before = {port.id for port in eyes.member.network.ports(device_id=router.id)}
    cluster = declare(nodeCidr="10.63.0.0/24", router={"filter": {"name": "router"}})
    await cluster.ready()
    (joined,) = [port for port in eyes.member.network.ports(device_id=router.id) if port.id not in before]
    assert joined.fixed_ips[0]["ip_address"].startswith("10.63.0.")
    await cluster.gone()
    assert {port.id for port in eyes.member.network.ports(device_id=router.id)} == before


async def test_a_strangers_port_holds_the_network_up_and_is_named(declare: Declare, eyes: Eyes) -> None:
    cluster = declare(nodeCidr="10.64.0.0/24")
    await cluster.ready()
    network, _, _ = made_network(eyes, cluster)
    stranger = eyes.member.network.create_port(network_id=network.id, name="database")
    for _ in range(3):
        deletion = await cluster.delete_cluster()
        assert not deletion.gone
    assert "database" in deletion.waiting_for
    eyes.member.network.delete_port(stranger)
    await cluster.gone()


async def test_zones_are_told_as_failure_domains(declare: Declare, eyes: Eyes) -> None:
    cluster = declare(controlPlaneAvailabilityZones=["az2"])
    await cluster.ready()
    status = cluster.cluster.status.provider_status
    assert status is not None
    domains = status["failureDomains"]
    assert {domain["name"]: domain.get("controlPlane", False) for domain in domains} == {"nova": False, "az2": True}
    await cluster.gone()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        pytest.param({"network": {"name": "none"}}, 'network "name=none" does not exist', id="network"),
        pytest.param(
            {"nodeCidr": "10.65.0.0/24", "router": {"filter": {"name": "none"}}},
            'router "name=none" does not exist',
            id="router",
        ),
        pytest.param(
            {"nodeCidr": "10.65.0.0/24", "externalNetwork": {"name": "private"}}, "name=private", id="external network"
        ),
        pytest.param({"controlPlaneAvailabilityZones": ["none"]}, 'availability zone "none" does not exist', id="zone"),
    ],
)
async def test_what_a_cluster_misses_is_named_and_nothing_is_made(
    declare: Declare, eyes: Eyes, value: dict[str, Any], words: str
) -> None:
    cluster = declare(**value)
    with pytest.raises(NotFound) as caught:
        await cluster.ready()
    assert words in str(caught.value)
    await cluster.gone()


@pytest.fixture
def persons_network(eyes: Eyes) -> Iterator[Any]:
    """Make a network with a subnet, as a person does before she names it in a Cluster."""
    network = eyes.member.network.create_network(name="staff")
    eyes.member.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.62.0.0/24", enable_dhcp=False)
    yield network
    eyes.member.network.delete_network(network)


def made_network(eyes: Eyes, cluster: Declared) -> tuple[Any, Any, Any]:
    """Return the network, subnet and router, if any, that were made for the cluster."""
    network = eyes.member.network
    found = [
        next((item for item in items if item.name.endswith(cluster.cluster.metadata.name)), None)
        for items in (network.networks(), network.subnets(), network.routers())
    ]
    return found[0], found[1], found[2]


def group_of(eyes: Eyes, cluster: Declared, role: str) -> Any:
    """Return the cluster's managed security group of the role."""
    ending = f"{cluster.cluster.metadata.name}-secgroup-{role}"
    (group,) = [group for group in eyes.member.network.security_groups() if group.name.endswith(ending)]
    return group


def port_groups(eyes: Eyes, server: str) -> list[str]:
    """Return the names of the security groups of a server's only port."""
    (port,) = eyes.ports(eyes.server(server).id)
    return [eyes.member.network.get_security_group(group).name for group in port.security_group_ids]
