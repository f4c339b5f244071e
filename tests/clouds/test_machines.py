"""What machines are made of, and that nothing of it is left."""

import re
from collections.abc import Callable

from tests.clouds.driving import Declared
from tests.clouds.eyes import Eyes

from kubecapy.contract.errors import CapacityExhausted, Conflict

Declare = Callable[..., Declared]
VAST_DISK_GIB = 10_000_000
"""No quota of Nova counts it, and no host has it."""
MANY_CORES = 5_000
"""More than any quota allows."""


async def test_a_machine_is_a_server_on_a_port_of_its_own(declare: Declare, eyes: Eyes) -> None:
    cluster = declare()
    cluster.add("node-1")
    instance = await cluster.running("node-1")
    server = eyes.server("node-1")
    assert instance.provider_id == f"openstack:///{server.id}"
    assert server.status == "ACTIVE"
    (port,) = eyes.ports(server.id)
    assert [address.address for address in instance.addresses] == [fixed["ip_address"] for fixed in port.fixed_ips]
    assert port.description.endswith(f"cluster default/{cluster.cluster.metadata.name}")
    await cluster.gone()


async def test_the_openstack_command_shows_what_was_made(declare: Declare, eyes: Eyes) -> None:
    cluster = declare()
    cluster.add("node-1", serverMetadata={"owner": "night shift"})
    await cluster.running("node-1")
    (listed,) = eyes.cli("server", "list", "--tags", "kubecapy")
    assert (listed["Name"], listed["Status"]) == ("node-1", "ACTIVE")
    shown = eyes.cli("server", "show", listed["ID"])
    assert shown["properties"]["owner"] == "night shift"
    assert shown["properties"]["kubecapy-machine"] == "default/node-1"
    (port,) = eyes.cli("port", "list", "--server", listed["ID"])
    assert port["Status"] == "ACTIVE"
    await cluster.gone()


async def test_a_given_floating_address_is_led_to_the_machine_and_stays_with_the_project(
    declare: Declare, eyes: Eyes, given_address: str
) -> None:
    cluster = declare()
    cluster.add("node-1", floatingIP=given_address)
    instance = await cluster.running("node-1")
    assert instance.addresses[0].address == given_address
    (port,) = eyes.ports(eyes.server("node-1").id)
    (floating,) = eyes.member.network.ips(floating_ip_address=given_address)
    assert floating.port_id == port.id
    await cluster.gone()
    (floating,) = eyes.member.network.ips(floating_ip_address=given_address)
    assert floating.port_id is None


async def test_an_address_in_use_elsewhere_is_not_taken_away(declare: Declare, eyes: Eyes, given_address: str) -> None:
    cluster = declare()
    cluster.add("node-1", floatingIP=given_address)
    cluster.add("node-2", floatingIP=given_address)
    await cluster.running("node-1")
    error = await cluster.refusal("node-2")
    assert isinstance(error, Conflict)
    assert given_address in str(error)
    assert "of server node-1" in str(error)
    await cluster.gone()


async def test_names_and_clusters_that_look_alike_are_not_mixed_up(declare: Declare, eyes: Eyes) -> None:
    one, other = declare("c", "a-b"), declare("b-c", "a")
    for cluster in (one, other):
        cluster.add("node-1")
    one.add("node-10")
    made = {id(cluster): await cluster.running("node-1") for cluster in (one, other)}
    tenth = await one.running("node-10")
    assert len({made[id(one)].provider_id, made[id(other)].provider_id, tenth.provider_id}) == 3
    await one.deleted("node-1")
    left = {server.id for server in eyes.member.compute.servers(details=False)}
    assert left == {instance.provider_id.rpartition("/")[2] for instance in (made[id(other)], tenth)}
    await other.gone()
    await one.gone()


async def test_a_machine_whose_record_was_lost_finds_its_server_again(declare: Declare, eyes: Eyes) -> None:
    cluster = declare()
    cluster.add("node-1")
    first = await cluster.running("node-1")
    cluster.forget("node-1")
    again = await cluster.running("node-1")
    assert (again.provider_id, again.addresses) == (first.provider_id, first.addresses)
    await cluster.gone()


async def test_a_server_that_someone_removed_is_seen_to_be_gone(declare: Declare, eyes: Eyes) -> None:
    cluster = declare()
    cluster.add("node-1")
    await cluster.running("node-1")
    eyes.member.compute.delete_server(eyes.server("node-1").id)
    await cluster.observed_gone("node-1")
    assert await cluster.actuators.machine.observe_instance(cluster.request("node-1")) is None
    await cluster.gone()


async def test_a_quota_that_is_too_small_is_told_in_the_clouds_words_with_what_was_needed_and_what_is_left(
    declare: Declare, eyes: Eyes, make_flavor: Callable[..., str]
) -> None:
    flavor = make_flavor(vcpus=MANY_CORES)
    cluster = declare()
    cluster.add("node-1", flavor=flavor)
    error = await cluster.refusal("node-1")
    await cluster.gone()
    assert isinstance(error, CapacityExhausted)
    told = str(error)
    assert f"Quota exceeded for cores: Requested {MANY_CORES}, but already used" in told
    limit = eyes.member.compute.get("/limits").json()["limits"]["absolute"]["maxTotalCores"]
    assert re.search(rf"quota: flavor {flavor} needs {MANY_CORES} cores, \d+ of {limit} (is|are) left$", told), told


async def test_a_server_that_fits_no_host_fails_in_the_clouds_words_with_what_was_asked_of_the_hosts(
    declare: Declare, eyes: Eyes, make_flavor: Callable[..., str]
) -> None:
    flavor = make_flavor(disk=VAST_DISK_GIB)
    cluster = declare()
    cluster.add("node-1", flavor=flavor)
    told = await cluster.failing("node-1")
    await cluster.gone()
    assert told.startswith("No valid host was found"), told
    assert f"asked for flavor {flavor} (1 vCPUs, 512 MiB of memory, {VAST_DISK_GIB} GiB of disk)" in told


async def test_the_console_is_read_on_request(declare: Declare, eyes: Eyes) -> None:
    cluster = declare()
    cluster.add("node-1")
    await cluster.running("node-1")
    text = await cluster.actuators.machine.read_console(cluster.request("node-1"), 5)
    assert isinstance(text, str)
    await cluster.gone()
