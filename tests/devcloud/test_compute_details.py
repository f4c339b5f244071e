"""The less trodden paths of Nova: refusals of actions, interfaces, key pairs, limits."""

from typing import Any

import pytest
from tests.devcloud.core_client import IMAGE_ID, PUBLIC_KEY, CoreClient, Reply

from kubecapy.devcloud import seed


def act(client: CoreClient, server_id: str, action: str, value: Any = None) -> Reply:
    return client.compute("POST", f"servers/{server_id}/action", {action: value})


class TestActions:
    @pytest.mark.parametrize(
        ("action", "value", "status", "message"),
        [
            ("fly", None, 400, "There is no such action: fly"),
            ("reboot", {"type": "LATER"}, 400, "Invalid input for field/attribute type."),
            ("os-getConsoleOutput", {"length": "all"}, 400, "Invalid input for field/attribute length."),
            ("os-start", None, 409, "Cannot 'start' instance {id} while it is in vm_state active"),
        ],
    )
    def test_an_action_that_cannot_be_is_refused(
        self, client: CoreClient, action: str, value: Any, status: int, message: str
    ) -> None:
        server_id = client.make_server()["id"]
        client.wait(2)

        reply = act(client, server_id, action, value)

        assert reply.status == status
        assert reply.message.startswith(message.format(id=server_id))

    def test_a_server_that_is_being_stopped_is_not_stopped_again(self, client: CoreClient) -> None:
        server_id = client.make_server()["id"]
        client.wait(2)
        act(client, server_id, "os-stop")

        reply = act(client, server_id, "os-stop")

        assert reply.status == 409
        assert reply.message == f"Cannot 'stop' instance {server_id} while it is in task_state powering-off"

    def test_a_forced_delete_removes_the_server(self, client: CoreClient) -> None:
        server_id = client.make_server()["id"]

        assert act(client, server_id, "forceDelete").status == 202
        client.wait(1)

        assert client.compute("GET", f"servers/{server_id}").status == 404

    def test_a_server_without_a_host_has_no_console(self, client: CoreClient, admin: CoreClient) -> None:
        client.cloud.world.capacity = type(client.cloud.world.capacity)(vcpus=0)
        server_id = client.make_server()["id"]

        reply = act(client, server_id, "os-getConsoleOutput", {})

        assert (reply.status, reply.message) == (409, f"Instance {server_id} is not ready")

    def test_the_old_floating_ip_actions_associate_and_disassociate(self, client: CoreClient) -> None:
        client.microversion = "2.36"
        server_id = client.make_server()["id"]
        address = {"address": client.floating_ip()["floating_ip_address"]}

        statuses = [act(client, server_id, "removeFloatingIp", address).status]
        statuses.append(act(client, server_id, "addFloatingIp", address).status)
        statuses.append(act(client, server_id, "removeFloatingIp", address).status)
        unknown = act(client, server_id, "addFloatingIp", {"address": "1.2.3.4"})

        assert statuses == [409, 202, 202]
        assert client.floating_ip()["port_id"] is None
        assert (unknown.status, unknown.message) == (404, "floating IP not found")

    def test_the_old_floating_ip_action_tells_that_no_router_joins_the_networks(self, client: CoreClient) -> None:
        interface = {"subnet_id": seed.SUBNET_ID}
        client.network("PUT", f"routers/{seed.ROUTER_ID}/remove_router_interface", interface)
        client.microversion = "2.36"
        server_id = client.make_server()["id"]

        reply = act(client, server_id, "addFloatingIp", {"address": client.floating_ip()["floating_ip_address"]})

        assert reply.status == 400
        assert f"External network {seed.EXTERNAL_NETWORK_ID} is not reachable from subnet" in reply.message

    def test_a_server_without_a_port_takes_no_floating_ip(self, client: CoreClient) -> None:
        server_id = client.make_server(networks="none")["id"]
        client.microversion = "2.36"

        reply = act(client, server_id, "addFloatingIp", {"address": client.floating_ip()["floating_ip_address"]})

        assert (reply.status, reply.message) == (400, "No fixed IPs associated to instance")


class TestInterfaces:
    def attach(self, client: CoreClient, server_id: str, **wish: Any) -> Reply:
        return client.compute("POST", f"servers/{server_id}/os-interface", {"interfaceAttachment": wish})

    def test_a_network_makes_a_port_that_goes_when_it_is_detached(self, client: CoreClient) -> None:
        server_id = client.make_server(networks="none")["id"]
        made = self.attach(client, server_id, net_id=seed.NETWORK_ID, fixed_ips=[{"ip_address": "10.6.0.40"}])
        view = made.json["interfaceAttachment"]

        shown = client.get(f"/compute/v2.1/servers/{server_id}/os-interface/{view['port_id']}")
        client.compute("DELETE", f"servers/{server_id}/os-interface/{view['port_id']}")

        assert shown["interfaceAttachment"]["fixed_ips"][0]["ip_address"] == "10.6.0.40"
        assert client.network("GET", f"ports/{view['port_id']}").status == 404

    def test_both_a_port_and_a_network_are_too_much(self, client: CoreClient) -> None:
        server_id = client.make_server(networks="none")["id"]

        reply = self.attach(client, server_id, net_id=seed.NETWORK_ID, port_id=client.make_port()["id"])

        assert (reply.status, reply.message) == (400, "Must not input both network_id and port_id")

    def test_another_servers_port_is_not_shown(self, client: CoreClient) -> None:
        server_id, port_id = client.make_server(networks="none")["id"], client.make_port()["id"]

        reply = client.compute("GET", f"servers/{server_id}/os-interface/{port_id}")

        assert reply.message == f"Instance {server_id} does not have a port with id {port_id}"

    def test_addresses_groups_and_volumes_are_shown_beside_the_server(self, client: CoreClient) -> None:
        server_id = client.make_server(security_groups=[{"name": "kubecapy"}])["id"]
        base = f"/compute/v2.1/servers/{server_id}"

        assert client.get(f"{base}/ips") == {"addresses": {"private": [{"version": 4, "addr": "10.6.0.2"}]}}
        groups = client.get(f"{base}/os-security-groups")["security_groups"]
        assert [group["id"] for group in groups] == [seed.SECURITY_GROUP_ID]
        assert client.get(f"{base}/os-volume_attachments") == {"volumeAttachments": []}

    def test_a_port_without_an_address_serves_no_server(self, client: CoreClient) -> None:
        port_id = client.make_port(fixed_ips=[])["id"]

        reply = client.try_server(networks=[{"port": port_id}])

        assert (reply.status, reply.message) == (400, f"Port {port_id} requires a FixedIP in order to be used.")

    def test_a_network_without_a_subnet_serves_no_server(self, client: CoreClient) -> None:
        network = client.network("POST", "networks", {"network": {}}).json["network"]["id"]

        reply = client.try_server(networks=[{"uuid": network}])

        assert reply.message == f"Network {network} requires a subnet in order to boot instances on."

    def test_a_server_whose_second_port_is_refused_leaves_no_first(self, client: CoreClient, admin: CoreClient) -> None:
        used = len(client.get("/networking/v2.0/ports")["ports"])
        admin.network("PUT", f"quotas/{seed.PROJECT.id}", {"quota": {"port": used + 1}})

        reply = client.try_server(networks=[{"uuid": seed.NETWORK_ID}, {"uuid": seed.NETWORK_ID}])

        assert (reply.status, reply.message) == (403, "Maximum number of ports exceeded")
        assert len(client.get("/networking/v2.0/ports")["ports"]) == used


class TestKeyPairs:
    @pytest.mark.parametrize(
        ("wish", "status", "message"),
        [
            ({"name": "a/b"}, 400, "Keypair data is invalid: Keypair name contains unsafe characters"),
            ({"name": "k", "public_key": None}, 400, "Invalid input for field/attribute keypair. 'public_key' is a"),
            ({"name": None}, 400, "Invalid input for field/attribute keypair. 'name' is a required property"),
            ({"name": "k", "type": "x509"}, 400, "Invalid input for field/attribute type."),
            ({"name": "k", "user_id": "somebody"}, 403, "Policy doesn't allow os_compute_api:os-keypairs"),
        ],
    )
    def test_a_bad_key_pair_is_refused(
        self, client: CoreClient, wish: dict[str, Any], status: int, message: str
    ) -> None:
        reply = client.compute("POST", "os-keypairs", {"keypair": {"public_key": PUBLIC_KEY, **wish}})

        assert reply.status == status
        assert reply.message.startswith(message)

    def test_too_many_key_pairs_are_refused(self, client: CoreClient, admin: CoreClient) -> None:
        admin.compute("PUT", f"os-quota-sets/{seed.PROJECT.id}", {"quota_set": {"key_pairs": 0}})

        reply = client.compute("POST", "os-keypairs", {"keypair": {"name": "k", "public_key": PUBLIC_KEY}})

        assert (reply.status, reply.message) == (403, "Quota exceeded, too many key pairs.")

    def test_administrators_import_for_others(self, client: CoreClient, admin: CoreClient) -> None:
        wish = {"name": "k", "public_key": PUBLIC_KEY, "user_id": seed.MEMBER_USER_ID}
        admin.compute("POST", "os-keypairs", {"keypair": wish})

        assert client.get("/compute/v2.1/os-keypairs")["keypairs"][0]["keypair"]["name"] == "k"
        assert admin.get("/compute/v2.1/os-keypairs") == {"keypairs": []}

    def test_the_first_microversion_answers_as_it_did(self, client: CoreClient) -> None:
        client.microversion = "2.1"
        wish = {"keypair": {"name": "k", "public_key": PUBLIC_KEY}}

        made, gone = client.compute("POST", "os-keypairs", wish), client.compute("DELETE", "os-keypairs/k")

        assert (made.status, gone.status) == (200, 202)
        assert "type" not in made.json["keypair"]


def test_limits_and_quotas_tell_what_is_used(client: CoreClient) -> None:
    client.make_server(flavorRef="3")
    project = seed.PROJECT.id

    limits = client.get("/compute/v2.1/limits")["limits"]["absolute"]
    details = client.get(f"/compute/v2.1/os-quota-sets/{project}/detail")["quota_set"]
    network = client.get(f"/networking/v2.0/quotas/{project}/details")["quota"]

    assert (limits["totalInstancesUsed"], limits["totalCoresUsed"], limits["totalRAMUsed"]) == (1, 2, 4096)
    assert details["cores"] == {"limit": 400, "in_use": 2, "reserved": 0}
    assert (network["floatingip"]["used"], network["router"]["used"]) == (6, 1)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/compute/v2.1/os-quota-sets/{project}", {"quota_set": {"cores": 1}}),
        ("GET", "/compute/v2.1/os-quota-sets/other", None),
        ("GET", "/compute/v2.1/os-availability-zone/detail", None),
        ("PUT", "/networking/v2.0/quotas/{project}", {"quota": {"port": 1}}),
        ("GET", "/networking/v2.0/quotas/other", None),
    ],
)
def test_what_is_for_administrators_is_refused_to_members(
    client: CoreClient, method: str, path: str, body: Any
) -> None:
    assert client.call(method, path.format(project=seed.PROJECT.id), body).status == 403


@pytest.mark.parametrize("limit", [-2, "many", True], ids=str)
def test_a_limit_that_is_none_is_refused_and_nothing_is_set(admin: CoreClient, limit: Any) -> None:
    wish = {"quota_set": {"cores": 1, "instances": limit}}

    reply = admin.compute("PUT", f"os-quota-sets/{seed.PROJECT.id}", wish)

    assert reply.status == 400
    assert reply.message.startswith("the limit of instances is ")
    assert admin.get(f"/compute/v2.1/os-quota-sets/{seed.PROJECT.id}")["quota_set"]["cores"] == 400


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"name": None}, "Invalid input for field/attribute server. 'name' is a required property"),
        ({"name": " "}, "Invalid input for field/attribute name. Value:  . ' ' is too short"),
        ({"name": "n" * 256}, "Invalid input for field/attribute name. Value: nnn"),
        ({"imageRef": None}, "Missing imageRef attribute"),
        ({"max_count": 1, "min_count": 2}, "min_count must be <= max_count"),
        ({"max_count": 0}, "Invalid input for field/attribute max_count. Value: 0."),
        ({"metadata": {"a": 1}}, "Invalid input for field/attribute metadata."),
        ({"tags": ["a,b"]}, "Invalid input for field/attribute tags."),
        (
            {"tags": [str(n) for n in range(51)]},
            "Invalid input for field/attribute tags. There are too many: 51, at most 50",
        ),
        (
            {"networks": [{"uuid": seed.NETWORK_ID, "fixed_ip": "here"}]},
            "Invalid input for field/attribute fixed_ip. Value: here. 'here' is not a 'ip-address'",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_malformed_server_is_refused(client: CoreClient, wish: dict[str, Any], message: str) -> None:
    reply = client.try_server(**wish)

    assert reply.status == 400
    assert reply.message.startswith(message)


def test_an_image_that_is_not_active_boots_nothing(client: CoreClient) -> None:
    images = client.cloud.world.images
    images[IMAGE_ID] = type(images[IMAGE_ID])(
        IMAGE_ID, "queued", seed.ADMIN_PROJECT.id, 0, "", client.now, status="queued"
    )

    assert client.try_server().message == f"Image {IMAGE_ID} is not active."


def test_a_server_is_renamed_and_described(client: CoreClient) -> None:
    server_id = client.make_server("old")["id"]

    client.compute("PUT", f"servers/{server_id}", {"server": {"name": "new", "description": ""}})

    assert (client.server(server_id)["name"], client.server(server_id)["description"]) == ("new", "")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=many", "Invalid input for query parameters limit. Value: many."),
        ("marker=none", "marker [none] not found"),
        ("name=(", "Invalid filter name: '(' is not a regular expression"),
        ("sort_key=colour", "Invalid input for query parameters sort_key. Value: colour."),
        ("changes-since=lately", "Invalid input for query parameters changes-since. Value: lately."),
    ],
)
def test_a_malformed_query_is_refused(client: CoreClient, query: str, message: str) -> None:
    reply = client.compute("GET", f"servers?{query}")

    assert reply.status == 400
    assert reply.message.startswith(message)


def test_servers_are_found_by_address_and_by_what_has_not_changed(client: CoreClient) -> None:
    first = client.make_server("first")["id"]
    client.wait(10)
    client.make_server("second")

    by_address = client.get("/compute/v2.1/servers?ip=%5E10.6.0.2%24")["servers"]
    unchanged = client.get("/compute/v2.1/servers?changes-before=2026-11-23T08:00:05Z")["servers"]

    assert [server["id"] for server in by_address] == [first]
    assert [server["id"] for server in unchanged] == [first]


def test_administrators_find_deleted_servers_and_those_of_one_project(client: CoreClient, admin: CoreClient) -> None:
    server_id = client.make_server("gone")["id"]
    client.make_server("here")
    client.compute("DELETE", f"servers/{server_id}")
    client.wait(1)
    admin.wait(1)

    deleted = admin.get(f"/compute/v2.1/servers?all_tenants=1&deleted=true&project_id={seed.PROJECT.id}")["servers"]
    there = admin.get("/compute/v2.1/servers?all_tenants=1")["servers"]

    assert [server["name"] for server in deleted] == ["gone"]
    assert [server["name"] for server in there] == ["here"]


def test_flavors_are_paged_and_shown(client: CoreClient) -> None:
    first = client.get("/compute/v2.1/flavors?limit=3")
    second = client.get(first["flavors_links"][0]["href"].removeprefix("https://cloud.test"))

    assert [flavor["name"] for flavor in first["flavors"] + second["flavors"]] == [
        "m1.small",
        "m1.medium",
        "m1.large",
        "m1.xlarge",
    ]
    assert client.get("/compute/v2.1/flavors/2")["flavor"]["ram"] == 2048
    assert client.compute("GET", "flavors/9").message == "Flavor 9 could not be found."


def test_an_administrator_makes_flavors_which_servers_outlive(client: CoreClient, admin: CoreClient) -> None:
    wish = {"name": "odd", "vcpus": 1, "ram": 512, "disk": 0}
    made = admin.compute("POST", "flavors", {"flavor": wish}).json["flavor"]
    server_id = client.make_server("small", flavorRef=made["id"])["id"]
    removed = admin.compute("DELETE", f"flavors/{made['id']}")

    assert (made["name"], made["ram"], removed.status) == ("odd", 512, 202)
    assert client.compute("GET", f"flavors/{made['id']}").status == 404
    assert client.get(f"/compute/v2.1/servers/{server_id}")["server"]["name"] == "small"


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"name": "m1.small"}, 409, "Flavor with name m1.small already exists."),
        ({"id": "2"}, 409, "Flavor with ID 2 already exists."),
        ({"vcpus": 0}, 400, "0 is less than the minimum of 1"),
        ({"ram": "much"}, 400, "'much' is not of type 'integer'"),
        ({"disk": None}, 400, "'disk' is a required property"),
        ({"wings": 2}, 400, "('wings' was unexpected)"),
    ],
)
def test_a_flavor_that_cannot_be_is_refused(admin: CoreClient, change: dict[str, Any], status: int, words: str) -> None:
    wish = {"name": "odd", "vcpus": 1, "ram": 512, "disk": 0} | change
    reply = admin.compute("POST", "flavors", {"flavor": wish})

    assert (reply.status, words in reply.message) == (status, True), reply.message


def test_a_member_makes_no_flavor(client: CoreClient) -> None:
    reply = client.compute("POST", "flavors", {"flavor": {}})
    assert reply.status == 403
    assert reply.message == "Policy doesn't allow os_compute_api:os-flavor-manage:create to be performed."


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("sort=name:asc", ["KVM-CentOS7-x64", "KVM-Ubt18.04-Srv-x64"]),
        ("sort_key=name&sort_dir=desc", ["KVM-Ubt18.04-Srv-x64", "KVM-CentOS7-x64"]),
        ("os_distro=centos", ["KVM-CentOS7-x64"]),
        ("status=in:active,queued&sort_key=name&sort_dir=asc", ["KVM-CentOS7-x64", "KVM-Ubt18.04-Srv-x64"]),
        ("tag=x", []),
        ("visibility=private", []),
    ],
)
def test_lists_of_images_are_filtered_and_sorted(client: CoreClient, query: str, names: list[str]) -> None:
    assert [image["name"] for image in client.get(f"/image/v2/images?{query}")["images"]] == names


@pytest.mark.parametrize("query", ["limit=x", "marker=none", "sort_key=colour"])
def test_a_malformed_query_for_images_is_refused(client: CoreClient, query: str) -> None:
    assert client.call("GET", f"/image/v2/images?{query}").status == 400


def test_a_path_of_no_service_is_told(client: CoreClient) -> None:
    reply = client.call("GET", "/load-balancer/v2")

    assert reply.status == 404
    assert reply.json["message"] == (
        "no service at /load-balancer/v2; there are /compute, /identity, /image, /networking, /volume"
    )


def test_a_body_that_is_no_json_is_refused(client: CoreClient) -> None:
    reply = client.compute("POST", "servers", ["not", "an", "object"])

    assert (reply.status, reply.message) == (400, "Malformed request body")
