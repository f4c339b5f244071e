import base64
from typing import Any

import pytest
from tests.devcloud.core_client import IMAGE_ID, PUBLIC_KEY, CoreClient

from kubecapy.devcloud import seed
from kubecapy.devcloud.settings import Capacity

USER_DATA = base64.b64encode(b"#cloud-config\n").decode()


def test_a_server_boots_after_its_time_with_its_port_active(client: CoreClient) -> None:
    port = client.make_port(name="m-0")
    server_id = client.make_server(networks=[{"port": port["id"]}], user_data=USER_DATA)["id"]

    first = client.server(server_id)
    client.wait(1.9)
    early = client.server(server_id)
    client.wait(0.1)
    booted = client.server(server_id)

    assert (first["status"], first["OS-EXT-STS:task_state"]) == ("BUILD", "spawning")
    assert early["status"] == "BUILD"
    assert (booted["status"], booted["OS-EXT-STS:task_state"]) == ("ACTIVE", None)
    assert booted["OS-SRV-USG:launched_at"] == "2026-11-23T08:00:02.000000"
    bound = client.port(port["id"])
    assert (bound["status"], bound["device_id"], bound["device_owner"]) == ("ACTIVE", server_id, "compute:nova")
    address = booted["addresses"]["private"][0]
    assert (address["addr"], address["OS-EXT-IPS:type"]) == (port["fixed_ips"][0]["ip_address"], "fixed")


def test_a_deleted_server_leaves_its_owners_port_unbound_and_takes_its_own_with_it(client: CoreClient) -> None:
    kept = client.make_port()
    networks = [{"port": kept["id"]}, {"uuid": seed.NETWORK_ID}]
    server_id = client.make_server(networks=networks)["id"]
    client.wait(2)
    interfaces = client.get(f"/compute/v2.1/servers/{server_id}/os-interface")["interfaceAttachments"]
    own = next(item["port_id"] for item in interfaces if item["port_id"] != kept["id"])

    assert client.compute("DELETE", f"servers/{server_id}").status == 204
    deleting = client.server(server_id)
    client.wait(1)

    assert (deleting["status"], deleting["OS-EXT-STS:task_state"]) == ("ACTIVE", "deleting")
    assert client.compute("GET", f"servers/{server_id}").message == f"Instance {server_id} could not be found."
    unbound = client.port(kept["id"])
    assert (unbound["device_id"], unbound["device_owner"], unbound["status"]) == ("", "", "DOWN")
    assert client.network("GET", f"ports/{own}").status == 404


def test_deleting_twice_is_accepted_and_does_not_begin_anew(client: CoreClient) -> None:
    server_id = client.make_server()["id"]
    client.compute("DELETE", f"servers/{server_id}")
    client.wait(0.9)

    assert client.compute("DELETE", f"servers/{server_id}").status == 204
    client.wait(0.1)

    assert client.compute("GET", f"servers/{server_id}").status == 404


def test_a_server_deleted_while_it_builds_never_becomes_active(client: CoreClient) -> None:
    server_id = client.make_server()["id"]

    client.compute("DELETE", f"servers/{server_id}")
    client.wait(10)

    assert client.get("/compute/v2.1/servers/detail")["servers"] == []


def test_without_room_a_server_ends_in_error_and_leaves_no_port() -> None:
    client = CoreClient.fresh(capacity=Capacity(vcpus=1))
    ports_before = len(client.get("/networking/v2.0/ports")["ports"])
    server_id = client.make_server(flavorRef="5")["id"]

    client.wait(0.2)
    failed = client.server(server_id)

    assert failed["status"] == "ERROR"
    assert failed["fault"] == {
        "code": 500,
        "created": "2026-11-23T08:00:00Z",
        "message": "No valid host was found. ",
    }
    assert len(client.get("/networking/v2.0/ports")["ports"]) == ports_before


@pytest.mark.parametrize(
    ("values", "status", "message"),
    [
        ({"imageRef": "no"}, 400, "Can not find requested image"),
        ({"flavorRef": "huge"}, 400, "Flavor huge could not be found."),
        ({"key_name": "none"}, 400, "Invalid key_name provided."),
        ({"availability_zone": "mars"}, 400, "The requested availability zone is not available"),
        ({"networks": [{"uuid": "n"}]}, 400, "Network n could not be found."),
        ({"networks": [{"port": "p"}]}, 400, "Port p could not be found."),
        ({"security_groups": [{"name": "g"}]}, 400, f"Security group g not found for project {seed.PROJECT.id}."),
        (
            {"networks": [{"uuid": seed.EXTERNAL_NETWORK_ID}]},
            403,
            f"It is not allowed to create an interface on external network {seed.EXTERNAL_NETWORK_ID}",
        ),
        (
            {"networks": None},
            400,
            "Invalid input for field/attribute server. 'networks' is a required property",
        ),
        (
            {"colour": "red"},
            400,
            "Invalid input for field/attribute server. Additional properties are not allowed ('colour' was unexpected)",
        ),
        (
            {"user_data": "not base64!"},
            400,
            "Invalid input for field/attribute user_data. The value is not a 'base64'",
        ),
        (
            {"user_data": "A" * 65_536},
            400,
            "Invalid input for field/attribute user_data. The value is too long: 65536 characters, at most 65535",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_server_is_refused_in_novas_words_and_leaves_nothing(
    client: CoreClient, values: dict[str, Any], status: int, message: str
) -> None:
    reply = client.try_server(**values)

    assert (reply.status, reply.message) == (status, message)
    assert client.get("/compute/v2.1/servers")["servers"] == []


def test_quotas_of_compute_are_refused_with_403(client: CoreClient, admin: CoreClient) -> None:
    limits = {"quota_set": {"instances": 1}}
    assert admin.compute("PUT", f"os-quota-sets/{seed.PROJECT.id}", limits).status == 200
    client.make_server("first")

    reply = client.try_server("second")

    assert reply.json == {
        "forbidden": {
            "code": 403,
            "message": "Quota exceeded for instances: Requested 1, but already used 1 of 1 instances",
        }
    }


def test_a_port_in_use_is_refused_with_409(client: CoreClient) -> None:
    port = client.make_port()
    client.make_server(networks=[{"port": port["id"]}])

    reply = client.try_server("second", networks=[{"port": port["id"]}])

    assert (reply.status, reply.message) == (409, f"Port {port['id']} is still in use.")


def test_administrators_alone_see_user_data_and_all_projects(client: CoreClient, admin: CoreClient) -> None:
    server_id = client.make_server(user_data=USER_DATA)["id"]

    seen = admin.get("/compute/v2.1/servers/detail?all_tenants=1")["servers"]
    refused = client.compute("GET", "servers/detail?all_tenants=1")

    assert [(item["id"], item["OS-EXT-SRV-ATTR:user_data"]) for item in seen] == [(server_id, USER_DATA)]
    assert "OS-EXT-SRV-ATTR:user_data" not in client.server(server_id)
    assert admin.get("/compute/v2.1/servers/detail")["servers"] == []
    assert refused.status == 403


def test_another_projects_server_does_not_exist_for_a_member(client: CoreClient, admin: CoreClient) -> None:
    server_id = admin.make_server(networks="none")["id"]

    assert client.compute("GET", f"servers/{server_id}").status == 404
    assert client.compute("DELETE", f"servers/{server_id}").status == 404


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("name=node-1", ["x-node-1", "node-10", "node-1"]),
        ("name=%5Enode-1%24", ["node-1"]),
        ("status=ACTIVE", []),
        ("status=build", ["x-node-1", "node-10", "node-1"]),
        ("tags=a", ["node-10", "node-1"]),
        ("tags=a,b", ["node-10"]),
        ("tags-any=b,c", ["x-node-1", "node-10"]),
        ("not-tags=a", ["x-node-1"]),
        ("not-tags-any=b,c", ["node-1"]),
        ("sort_key=display_name&sort_dir=asc", ["node-1", "node-10", "x-node-1"]),
        ("limit=2", ["x-node-1", "node-10"]),
    ],
)
def test_lists_of_servers_are_filtered_as_nova_does(client: CoreClient, query: str, names: list[str]) -> None:
    for name, tags in {"node-1": ["a"], "node-10": ["a", "b"], "x-node-1": ["c"]}.items():
        client.make_server(name, tags=tags)
        client.wait(0.01)

    servers = client.get(f"/compute/v2.1/servers?{query}")["servers"]

    assert [server["name"] for server in servers] == names


def test_pages_of_servers_lead_from_one_to_the_next(client: CoreClient) -> None:
    for number in range(5):
        client.make_server(f"s{number}")
        client.wait(0.01)

    seen: list[str] = []
    url = "/compute/v2.1/servers?limit=2"
    while url:
        page = client.get(url)
        seen += [server["name"] for server in page["servers"]]
        url = next((link["href"].removeprefix("https://cloud.test") for link in page.get("servers_links", [])), "")

    assert seen == ["s4", "s3", "s2", "s1", "s0"]


def test_changes_since_shows_deleted_servers_too(client: CoreClient) -> None:
    gone = client.make_server("gone")["id"]
    client.compute("DELETE", f"servers/{gone}")
    client.wait(5)
    client.make_server("young")

    since = client.get("/compute/v2.1/servers/detail?changes-since=2026-11-23T08:00:01Z")["servers"]

    assert {server["name"]: server["status"] for server in since} == {"gone": "DELETED", "young": "BUILD"}


def test_console_output_is_the_tail_of_the_serial_log(client: CoreClient) -> None:
    server_id = client.make_server()["id"]
    client.consoles.texts[server_id] = "one\ntwo\nthree"

    def read(**wish: int) -> str:
        return client.compute("POST", f"servers/{server_id}/action", {"os-getConsoleOutput": wish}).json["output"]

    assert read() == "one\ntwo\nthree"
    assert read(length=2) == "two\nthree"
    assert read(length=0) == ""
    assert read(length=-1) == "one\ntwo\nthree"


def test_a_stopped_server_starts_again(client: CoreClient) -> None:
    server_id = client.make_server()["id"]
    client.wait(2)

    def act(action: str) -> int:
        return client.compute("POST", f"servers/{server_id}/action", {action: None}).status

    assert act("os-start") == 409
    assert act("os-stop") == 202
    client.wait(0.5)
    assert client.server(server_id)["status"] == "SHUTOFF"
    assert act("os-start") == 202
    client.wait(0.5)
    assert client.server(server_id)["status"] == "ACTIVE"


def test_a_reboot_goes_through_its_state(client: CoreClient) -> None:
    server_id = client.make_server()["id"]
    client.wait(2)

    client.compute("POST", f"servers/{server_id}/action", {"reboot": {"type": "HARD"}})
    rebooting = client.server(server_id)["status"]
    client.wait(0.5)

    assert rebooting == "REBOOT"
    assert client.server(server_id)["status"] == "ACTIVE"


def test_interfaces_are_attached_and_detached(client: CoreClient) -> None:
    server_id = client.make_server(networks="none")["id"]
    client.wait(2)
    port = client.make_port()

    body = {"interfaceAttachment": {"port_id": port["id"]}}
    attached = client.compute("POST", f"servers/{server_id}/os-interface", body)
    bound = client.port(port["id"])
    detached = client.compute("DELETE", f"servers/{server_id}/os-interface/{port['id']}")

    assert attached.json["interfaceAttachment"]["port_state"] == "ACTIVE"
    assert bound["device_id"] == server_id
    assert detached.status == 202
    assert client.port(port["id"])["device_id"] == ""


def test_key_pairs_are_imported_listed_and_deleted(client: CoreClient) -> None:
    body = {"keypair": {"name": "capo", "public_key": PUBLIC_KEY}}

    made = client.compute("POST", "os-keypairs", body)
    again = client.compute("POST", "os-keypairs", body)
    shown = client.get("/compute/v2.1/os-keypairs/capo")["keypair"]
    gone = client.compute("DELETE", "os-keypairs/capo")

    assert (made.status, gone.status) == (201, 204)
    assert (again.status, again.message) == (409, "Key pair 'capo' already exists.")
    assert (shown["public_key"], len(shown["fingerprint"])) == (PUBLIC_KEY, 47)
    missing = client.compute("GET", "os-keypairs/capo")
    assert missing.message == f"Keypair capo not found for user {seed.MEMBER_USER_ID}"


def test_a_public_key_that_is_none_is_refused(client: CoreClient) -> None:
    reply = client.compute("POST", "os-keypairs", {"keypair": {"name": "k", "public_key": "ssh-rsa nonsense"}})

    assert (reply.status, reply.message) == (400, "Keypair data is invalid: failed to generate fingerprint")


def test_tags_and_metadata_of_servers_are_kept(client: CoreClient) -> None:
    server_id = client.make_server(metadata={"a": "1"}, tags=["x"])["id"]
    base = f"servers/{server_id}"

    assert client.compute("PUT", f"{base}/tags/y").status == 201
    assert client.compute("DELETE", f"{base}/tags/x").status == 204
    assert client.compute("POST", f"{base}/metadata", {"metadata": {"b": "2"}}).status == 200
    assert client.compute("DELETE", f"{base}/metadata/a").status == 204

    server = client.server(server_id)
    assert (server["tags"], server["metadata"]) == (["y"], {"b": "2"})
    assert client.compute("GET", f"{base}/tags/x").message == f"Server {server_id} has no tag 'x'"


class TestMicroversions:
    def test_the_answer_names_its_microversion(self, client: CoreClient) -> None:
        client.microversion = "2.52"

        headers = client.compute("GET", "flavors").headers

        assert headers["openstack-api-version"] == "compute 2.52"
        assert headers["x-openstack-nova-api-version"] == "2.52"

    def test_an_unknown_microversion_is_refused_with_406(self, client: CoreClient) -> None:
        client.microversion = "2.999"

        reply = client.compute("GET", "flavors")

        assert reply.status == 406
        assert reply.message == ("Version 2.999 is not supported by the API. Minimum is 2.1 and maximum is 2.96.")

    def test_the_old_header_is_read_too(self, client: CoreClient) -> None:
        reply = client.call(
            "GET", "/compute/v2.1/flavors", openstack_api_version="", x_openstack_nova_api_version="2.60"
        )

        assert reply.headers["x-openstack-nova-api-version"] == "2.60"

    def test_below_2_37_the_only_network_is_chosen(self, client: CoreClient) -> None:
        client.microversion = "2.36"
        server_id = client.make_server(networks=None)["id"]

        assert list(client.server(server_id)["addresses"]) == ["private"]

    def test_below_2_37_several_networks_are_ambiguous(self, client: CoreClient) -> None:
        other = client.network("POST", "networks", {"network": {"name": "other"}}).json["network"]["id"]
        client.network("POST", "subnets", {"subnet": {"network_id": other, "cidr": "10.9.0.0/24", "ip_version": 4}})
        client.microversion = "2.36"

        reply = client.try_server(networks=None)

        assert reply.status == 409
        assert reply.message == "Multiple possible networks found, use a Network ID to be more specific."

    def test_tags_come_with_2_52_on_create_and_2_26_to_read(self, client: CoreClient) -> None:
        client.microversion = "2.51"
        refused = client.try_server(tags=["a"])
        client.microversion = "2.52"
        server_id = client.make_server(tags=["a"])["id"]
        client.microversion = "2.25"

        assert refused.status == 400
        assert "'tags' was unexpected" in refused.message
        assert "tags" not in client.server(server_id)
        assert client.compute("GET", f"servers/{server_id}/tags").status == 404

    def test_the_flavor_is_embedded_from_2_47_on(self, client: CoreClient) -> None:
        server_id = client.make_server()["id"]

        client.microversion = "2.46"
        assert client.server(server_id)["flavor"]["id"] == "2"
        client.microversion = "2.47"
        assert client.server(server_id)["flavor"]["original_name"] == "m1.small"

    def test_the_floating_ip_action_is_gone_from_2_44_on(self, client: CoreClient) -> None:
        server_id = client.make_server()["id"]
        body = {"addFloatingIp": {"address": client.floating_ip()["floating_ip_address"]}}

        client.microversion = "2.44"
        gone = client.compute("POST", f"servers/{server_id}/action", body)
        client.microversion = "2.43"
        served = client.compute("POST", f"servers/{server_id}/action", body)

        assert gone.json == {"itemNotFound": {"code": 404, "message": "The resource could not be found."}}
        assert served.status == 202
        assert client.floating_ip()["status"] == "ACTIVE"


def test_images_are_found_by_name_and_shown_by_id(client: CoreClient) -> None:
    name = seed.IMAGE_NAMES[IMAGE_ID][0]

    found = client.get(f"/image/v2/images?name={name}")["images"]
    missing = client.call("GET", "/image/v2/images/none")

    assert [image["id"] for image in found] == [IMAGE_ID]
    assert client.get(f"/image/v2/images/{IMAGE_ID}")["os_distro"] == "ubuntu"
    assert client.get("/image/v2/images?status=queued")["images"] == []
    assert missing.status == 404
    assert "No image found with ID none" in missing.json


def test_pages_of_images_lead_from_one_to_the_next(client: CoreClient) -> None:
    first = client.get("/image/v2/images?limit=1")
    second = client.get("/image" + first["next"])

    assert {image["id"] for image in first["images"] + second["images"]} == set(seed.IMAGE_NAMES)
