"""What each field of a machine's providerSpec makes in the cloud, and that nothing of it is left."""

from collections.abc import Callable
from typing import Any

from tests.clouds.driving import Declared
from tests.clouds.eyes import Eyes

from kubecapy.contract.errors import CapacityExhausted

Declare = Callable[..., Declared]
PRIVATE = {"name": "private"}
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE8HK2cQJZ0p0gxPZ1jQG4oF1yXk3C3kM7mVvTn0Xx9b night@shift"


async def test_ports_are_made_as_they_are_described(declare: Declare, eyes: Eyes) -> None:
    free = free_address(eyes)
    plain = {"network": PRIVATE, "nameSuffix": "plain", "tags": ["storage"], "vnicType": "normal"}
    pairs = [{"ipAddress": "192.0.2.7"}, {"ipAddress": "198.51.100.0/24", "macAddress": "fa:16:3e:00:00:01"}]
    fixed = {
        "network": PRIVATE,
        "fixedIPs": [{"ipAddress": free}],
        "allowedAddressPairs": pairs,
        "macAddress": "fa:16:3e:77:88:99",
        "securityGroups": [{"name": "kubecapy"}],
    }
    bare = {"network": PRIVATE, "nameSuffix": "bare", "enablePortSecurity": False, "securityGroups": []}
    cluster = declare()
    cluster.add("node-1", networks=None, tags=["everything"], ports=[plain, fixed, bare])
    await cluster.running("node-1")
    ports = {port.name.partition("_")[2].partition("_")[2]: port for port in eyes.ports(eyes.server("node-1").id)}
    assert set(ports) == {"plain", "1", "bare"}
    assert {"everything", "storage"} <= set(ports["plain"].tags)
    assert "storage" not in ports["1"].tags
    assert ports["plain"].binding_vnic_type == "normal"
    assert [address["ip_address"] for address in ports["1"].fixed_ips] == [free]
    assert ports["1"].mac_address == "fa:16:3e:77:88:99"
    assert {pair["ip_address"] for pair in ports["1"].allowed_address_pairs} == {"192.0.2.7", "198.51.100.0/24"}
    group = eyes.member.network.find_security_group("kubecapy", ignore_missing=False)
    assert ports["1"].security_group_ids == [group.id]
    assert (ports["bare"].is_port_security_enabled, ports["bare"].security_group_ids) == (False, [])
    await cluster.gone()


async def test_a_trunk_is_made_on_the_ports_that_ask_for_one(declare: Declare, eyes: Eyes) -> None:
    cluster = declare()
    ports = [{"network": PRIVATE}, {"network": PRIVATE, "trunk": False}]
    cluster.add("node-1", networks=None, trunk=True, tags=["blue"], ports=ports)
    await cluster.running("node-1")
    first, _ = eyes.ports(eyes.server("node-1").id)
    (trunk,) = [trunk for trunk in eyes.member.network.trunks() if trunk.name.startswith("node-1")]
    assert trunk.port_id == first.id
    assert set(trunk.tags) == {"blue"}
    assert trunk.description.startswith("kubecapy-")
    await cluster.gone()


async def test_networks_and_subnets_give_a_port_each(declare: Declare, eyes: Eyes) -> None:
    network = eyes.member.network.create_network(name="storage")
    try:
        for cidr in ("10.31.0.0/24", "10.32.0.0/24"):
            eyes.member.network.create_subnet(network_id=network.id, ip_version=4, cidr=cidr, enable_dhcp=False)
        subnets = [{"filter": {"cidr": cidr}} for cidr in ("10.32.0.0/24", "10.31.0.0/24")]
        cluster = declare()
        cluster.add("node-1", networks=[{"filter": PRIVATE}, {"uuid": network.id, "subnets": subnets}])
        instance = await cluster.running("node-1")
        addresses = [address.address for address in instance.addresses]
        assert [address.split(".")[:2] for address in addresses[1:]] == [["10", "32"], ["10", "31"]]
        assert len(eyes.ports(eyes.server("node-1").id)) == 3
        await cluster.gone()
    finally:
        eyes.member.network.delete_network(network)


async def test_an_address_of_the_pool_is_allocated_and_released(declare: Declare, eyes: Eyes) -> None:
    cluster = declare()
    cluster.add("node-1", floatingIPPool={"name": "public"})
    instance = await cluster.running("node-1")
    (port,) = eyes.ports(eyes.server("node-1").id)
    (floating,) = eyes.member.network.ips(port_id=port.id)
    assert instance.addresses[0].address == floating.floating_ip_address
    assert floating.description.startswith("kubecapy-")
    await cluster.gone()


async def test_the_root_disk_and_further_volumes_are_made_of_their_sizes_and_types(
    declare: Declare, eyes: Eyes
) -> None:
    cluster = declare()
    cluster.add("node-1", rootVolume={"diskSize": 7, "volumeType": "fast"}, volumes=[{"name": "data", "diskSize": 3}])
    await cluster.running("node-1")
    server = eyes.server("node-1")
    assert not server.image.get("id"), "it did not boot from a volume"
    root, data = eyes.attached_volumes(server)
    assert (root.size, root.volume_type, root.is_bootable) == (7, "fast", True)
    assert (data.size, data.status) == (3, "in-use")
    assert data.name.endswith("data")
    await cluster.gone()


async def test_a_volume_that_is_to_stay_stays(declare: Declare, eyes: Eyes) -> None:
    cluster = declare()
    cluster.add("node-1", volumes=[{"name": "ledger", "diskSize": 2, "deleteOnTermination": False}])
    await cluster.running("node-1")
    (volume,) = eyes.attached_volumes(eyes.server("node-1"))
    await cluster.gone()
    kept = eyes.wait("the volume's detachment", lambda: available(eyes, volume.id))
    eyes.member.block_storage.delete_volume(kept)
    eyes.wait("the volume's end", lambda: not [one for one in eyes.member.block_storage.volumes() if one.id == kept.id])


async def test_a_persons_volume_is_booted_from_and_stays(declare: Declare, eyes: Eyes) -> None:
    image = eyes.member.image.find_image("KVM-Ubt18.04-Srv-x64", ignore_missing=False)
    given = eyes.member.block_storage.create_volume(size=2, image_id=image.id, name="golden")
    eyes.wait("the volume", lambda: available(eyes, given.id))
    cluster = declare()
    cluster.add("node-1", image=None, rootVolume={"sourceType": "volume", "sourceUUID": given.id})
    await cluster.running("node-1")
    (root,) = eyes.attached_volumes(eyes.server("node-1"))
    assert root.id == given.id
    await cluster.deleted()
    eyes.member.block_storage.delete_volume(eyes.wait("its detachment", lambda: available(eyes, given.id)))
    eyes.wait("its end", lambda: not [one for one in eyes.member.block_storage.volumes() if one.id == given.id])
    await cluster.gone()


async def test_servers_of_a_group_keep_apart(declare: Declare, eyes: Eyes, admin: Any) -> None:
    group = eyes.member.compute.create_server_group(name="apart", policy="anti-affinity")
    try:
        cluster = declare()
        for name in ("node-1", "node-2"):
            cluster.add(name, serverGroup="apart", availabilityZone="nova")
            await cluster.running(name)
        servers = [admin.compute.get_server(eyes.server(name).id) for name in ("node-1", "node-2")]
        assert len({server.compute_host for server in servers}) == 2
        assert set(eyes.member.compute.get_server_group(group.id).member_ids) == {server.id for server in servers}
        await cluster.gone()
    finally:
        eyes.member.compute.delete_server_group(group)


async def test_a_hint_leads_the_scheduler(declare: Declare, eyes: Eyes, admin: Any) -> None:
    cluster = declare()
    cluster.add("node-1", availabilityZone="nova")
    await cluster.running("node-1")
    first = eyes.server("node-1").id
    cluster.add("node-2", schedulerHints={"same_host": [first]})
    await cluster.running("node-2")
    cluster.add("node-3", availabilityZone="nova", schedulerHints={"different_host": [first]})
    await cluster.running("node-3")
    host, same, other = (admin.compute.get_server(eyes.server(name).id).compute_host for name in cluster.machines)
    assert host == same
    assert other not in ("", host)
    await cluster.gone()


async def test_zone_drive_metadata_and_tags_are_the_servers(declare: Declare, eyes: Eyes) -> None:
    cluster = declare(tags=["fleet"])
    cluster.add("node-1", availabilityZone="az2", configDrive=True, serverMetadata={"rack": "7"}, tags=["blue"])
    await cluster.running("node-1")
    server = eyes.server("node-1")
    assert (server.availability_zone, bool(server.has_config_drive)) == ("az2", True)
    assert server.metadata["rack"] == "7"
    assert {"fleet", "blue", "kubecapy"} <= set(server.fetch_tags(eyes.member.compute).tags)
    await cluster.gone()


async def test_flavor_image_and_groups_may_be_given_by_id_and_filter(declare: Declare, eyes: Eyes) -> None:
    flavor = eyes.member.compute.find_flavor("m1.medium", ignore_missing=False)
    image = eyes.member.image.find_image("KVM-CentOS7-x64", ignore_missing=False)
    group = eyes.member.network.find_security_group("kubecapy", ignore_missing=False)
    cluster = declare()
    groups = [{"uuid": group.id}, {"filter": {"name": "default", "projectId": eyes.project_id}}]
    cluster.add("node-1", flavor=flavor.id, image=image.id, securityGroups=groups)
    await cluster.running("node-1")
    server = eyes.server("node-1")
    assert (server.flavor.name, server.image.id) == ("m1.medium", image.id)
    (port,) = eyes.ports(server.id)
    assert group.id in port.security_group_ids
    assert len(port.security_group_ids) == 2
    await cluster.gone()


async def test_a_key_pair_is_made_of_a_key_and_goes_with_its_last_machine(declare: Declare, eyes: Eyes) -> None:
    cluster = declare()
    for name in ("node-1", "node-2"):
        cluster.add(name, publicKey=PUBLIC_KEY)
        await cluster.running(name)
    names = {eyes.server(name).key_name for name in ("node-1", "node-2")}
    (pair,) = [eyes.member.compute.get_keypair(name) for name in names]
    assert pair.public_key.split()[:2] == PUBLIC_KEY.split()[:2]
    await cluster.deleted("node-1")
    assert eyes.member.compute.find_keypair(pair.name) is not None
    await cluster.gone()


async def test_a_volume_beyond_the_quota_is_told_in_the_clouds_words(declare: Declare, eyes: Eyes) -> None:
    cluster = declare()
    cluster.add("node-1", volumes=[{"name": "data", "diskSize": 1_000_000}])
    error = await cluster.refusal("node-1")
    assert isinstance(error, CapacityExhausted), error
    assert "1000000" in str(error).replace(",", "").replace("_", "")
    await cluster.gone()


def free_address(eyes: Eyes) -> str:
    """Return the last address of the private network, which nobody is given before all others."""
    network = eyes.member.network.find_network("private", ignore_missing=False)
    (subnet,) = eyes.member.network.subnets(network_id=network.id)
    address: str = subnet.allocation_pools[-1]["end"]
    return address


def available(eyes: Eyes, volume_id: str) -> Any:
    """Return the volume once no server has it, None before."""
    volume = eyes.member.block_storage.get_volume(volume_id)
    assert volume.status != "error"
    return volume if volume.status == "available" else None
