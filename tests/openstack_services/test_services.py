"""The services are real: the `openstack` command shows what they hold, and faults come in Nova's own words."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openstack.connection import Connection
from openstack.exceptions import ResourceFailure
from openstack_services.connections import MEMBER_CLOUD, connect
from openstack_services.instance import Instance
from tests.real_openstack import MARKS

pytestmark = MARKS
FLAVOR = "m1.small"
IMAGE = "KVM-Ubt18.04-Srv-x64"
_LOOK_SECONDS = 0.1


@pytest.fixture
def make_server(member: Connection) -> Iterator[Callable[..., Any]]:
    """Return a maker of servers on the private network; they go with the test."""
    made: list[Any] = []

    def make(**wishes: Any) -> Any:
        network = member.network.find_network("private", ignore_missing=False)
        usual = {
            "flavor_id": member.compute.find_flavor(FLAVOR, ignore_missing=False).id,
            "image_id": member.image.find_image(IMAGE, ignore_missing=False).id,
            "networks": [{"uuid": network.id}],
        }
        made.append(member.compute.create_server(name=f"s-{uuid.uuid4().hex[:8]}", **usual | wishes))
        return member.compute.wait_for_server(made[-1], interval=_LOOK_SECONDS)

    yield make
    for server in made:
        member.compute.delete_server(server)
    for server in made:
        member.compute.wait_for_delete(server, interval=_LOOK_SECONDS)


def test_a_server_with_a_floating_address_is_what_the_openstack_command_shows(
    make_server: Callable[..., Any], member: Connection, openstack: Callable[..., Any]
) -> None:
    server = make_server(availability_zone="az2", metadata={"made-by": "test"})
    (port,) = member.network.ports(device_id=server.id)
    external = member.network.find_network("public", ignore_missing=False)
    floating = member.network.create_ip(floating_network_id=external.id, port_id=port.id)

    shown = openstack("server", "show", server.name)
    address = openstack("floating", "ip", "show", floating.floating_ip_address)
    member.network.delete_ip(floating)

    assert shown["status"] == "ACTIVE"
    assert shown["OS-EXT-AZ:availability_zone"] == "az2"
    assert shown["properties"] == {"made-by": "test"}
    assert shown["addresses"] == {"private": [port.fixed_ips[0]["ip_address"], floating.floating_ip_address]}
    assert (port.status, address["status"], address["port_id"]) == ("ACTIVE", "ACTIVE", port.id)


@pytest.mark.parametrize(
    ("wishes", "fault"),
    [
        pytest.param({"metadata": {"sim_fault": "abort"}}, "sim_fault=abort", id="the host gives up"),
        pytest.param({"metadata": {"sim_fault": "spawn"}}, "max scheduling attempts 3", id="every host fails"),
    ],
)
def test_a_server_that_fails_says_so_in_novas_words(
    make_server: Callable[..., Any], member: Connection, wishes: dict[str, Any], fault: str
) -> None:
    with pytest.raises(ResourceFailure):
        make_server(**wishes)

    (failed,) = member.compute.servers(status="ERROR")
    assert fault in member.compute.get_server(failed.id).fault["message"]


def test_a_server_boots_from_a_volume_made_of_an_image_and_has_a_second_one(
    make_server: Callable[..., Any], member: Connection, openstack: Callable[..., Any]
) -> None:
    image = member.image.find_image(IMAGE, ignore_missing=False)
    new = {"destination_type": "volume", "delete_on_termination": True}
    root = {**new, "source_type": "image", "uuid": image.id, "boot_index": 0, "volume_size": 12, "volume_type": "fast"}
    second = {**new, "source_type": "blank", "boot_index": -1, "volume_size": 5}

    server = make_server(image_id="", block_device_mapping=[root, second])
    volumes = [openstack("volume", "show", attached.id) for attached in server.attached_volumes]

    assert {(volume["size"], volume["type"], volume["bootable"]) for volume in volumes} == {
        (12, "fast", True),
        (5, "__DEFAULT__", False),
    }
    assert {volume["status"] for volume in volumes} == {"in-use"}
    assert {volume["attachments"][0]["server_id"] for volume in volumes} == {server.id}


def test_trunks_tags_and_allowed_pairs_are_there(member: Connection) -> None:
    network = member.network.find_network("private", ignore_missing=False)
    pair = {"ip_address": "10.0.0.9"}
    parent = member.network.create_port(network_id=network.id, allowed_address_pairs=[pair])
    trunk = member.network.create_trunk(port_id=parent.id)
    member.network.set_tags(parent, ["a", "b"])

    found = member.network.get_port(parent.id)
    status = member.network.get_trunk(trunk.id).status
    member.network.delete_trunk(trunk)
    member.network.delete_port(parent)

    assert status == "ACTIVE"
    assert sorted(found.tags) == ["a", "b"]
    assert [kept["ip_address"] for kept in found.allowed_address_pairs] == ["10.0.0.9"]


def test_the_project_is_the_one_of_devcloud(member: Connection, openstack: Callable[..., Any]) -> None:
    zones = {zone.name for zone in member.compute.availability_zones()}
    flavors = {flavor.name for flavor in member.compute.flavors()}
    groups = {group.name for group in member.network.security_groups()}

    assert zones == {"nova", "az2"}
    assert flavors >= {"m1.small", "m1.medium", "m1.large", "m1.xlarge"}
    assert groups == {"default", "kubecapy"}
    assert len(list(member.network.ips())) == 6
    assert openstack("router", "show", "router")["status"] == "ACTIVE"
    assert openstack("token", "issue")["project_id"] == member.current_project_id


def test_an_application_credential_is_a_way_in(member: Connection, real_openstack: Any) -> None:
    credential = member.identity.create_application_credential(member.current_user_id, name=uuid.uuid4().hex)

    with Connection(
        auth_type="v3applicationcredential",
        auth={
            "auth_url": member.config.config["auth"]["auth_url"],
            "application_credential_id": credential.id,
            "application_credential_secret": credential.secret,
        },
        region_name="RegionOne",
    ) as other:
        project = other.current_project_id
    member.identity.delete_application_credential(member.current_user_id, credential)

    assert project == member.current_project_id


def test_an_instance_is_reached_past_the_proxy_that_a_person_uses(
    real_openstack: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    with connect(real_openstack.clouds_yaml, MEMBER_CLOUD) as member:
        assert [network.name for network in member.network.networks(name="private")] == ["private"]
