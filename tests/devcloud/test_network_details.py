"""The less trodden paths of Neutron: updates, allowed pairs, router ports, refusals of shapes."""

from typing import Any

import pytest
from tests.devcloud.core_client import CoreClient
from tests.devcloud.test_network import error, make

from kubecapy.devcloud import seed


def test_networks_and_subnets_are_updated(client: CoreClient, admin: CoreClient) -> None:
    network = make(client, "network", name="a")["id"]
    subnet = make(client, "subnet", network_id=network, cidr="10.9.0.0/24", ip_version=4)["id"]

    client.network("PUT", f"networks/{network}", {"network": {"name": "b", "mtu": "1400"}})
    admin.network("PUT", f"networks/{network}", {"network": {"router:external": True}})
    pools = [{"start": "10.9.0.10", "end": "10.9.0.20"}]
    changed = client.network("PUT", f"subnets/{subnet}", {"subnet": {"allocation_pools": pools, "gateway_ip": None}})

    shown = client.get(f"/networking/v2.0/networks/{network}")["network"]
    assert (shown["name"], shown["mtu"], shown["router:external"], shown["subnets"]) == ("b", 1400, True, [subnet])
    assert changed.json["subnet"]["allocation_pools"] == pools
    assert client.make_port(network_id=network)["fixed_ips"][0]["ip_address"] == "10.9.0.10"


@pytest.mark.parametrize(
    ("wish", "kind"),
    [
        ({"ip_version": 6}, "InvalidInput"),
        ({"allocation_pools": [{"start": "10.8.0.1", "end": "10.8.0.2"}]}, "OutOfBoundsAllocationPool"),
        ({"allocation_pools": [{"start": "10.9.0.9", "end": "10.9.0.8"}]}, "InvalidAllocationPool"),
        ({"cidr": "10.9.0.1/24"}, "HTTPBadRequest"),
        ({"gateway_ip": "door"}, "HTTPBadRequest"),
        ({"allocation_pools": "all"}, "HTTPBadRequest"),
        ({"allocation_pools": ["all"]}, "HTTPBadRequest"),
        ({"allocation_pools": [{"start": "10.9.0.9"}]}, "HTTPBadRequest"),
        ({"network_id": "somewhere"}, "HTTPBadRequest"),
        ({"name": 5}, "HTTPBadRequest"),
        ({"name": "n" * 256}, "HTTPBadRequest"),
        ({"ip_version": "four"}, "HTTPBadRequest"),
        ({"project_id": seed.ADMIN_PROJECT.id}, "HTTPBadRequest"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_subnet_is_refused(client: CoreClient, wish: dict[str, Any], kind: str) -> None:
    network = make(client, "network")["id"]
    body = {"network_id": network, "cidr": "10.9.0.0/24", "ip_version": 4, **wish}

    assert error(client, "POST", "subnets", {"subnet": body})[:2] == (400, kind)
    assert client.get(f"/networking/v2.0/subnets?network_id={network}")["subnets"] == []


def test_a_list_of_nothing_is_refused(client: CoreClient) -> None:
    assert error(client, "POST", "networks", {"networks": []})[2] == "Resources required"


def test_what_cannot_be_updated_is_refused(client: CoreClient) -> None:
    port = client.make_port()["id"]

    assert error(client, "PUT", f"ports/{port}", {"port": {"network_id": seed.NETWORK_ID}})[2] == (
        "Cannot update read-only attribute network_id"
    )


class TestPorts:
    def test_allowed_pairs_take_the_ports_hardware_address(self, client: CoreClient) -> None:
        port = client.make_port(mac_address="fa:16:3e:aa:bb:cc", allowed_address_pairs=[{"ip_address": "10.6.9.0/24"}])

        assert port["allowed_address_pairs"] == [{"ip_address": "10.6.9.0/24", "mac_address": "fa:16:3e:aa:bb:cc"}]

    def test_a_hardware_address_is_used_once(self, client: CoreClient) -> None:
        client.make_port(mac_address="fa:16:3e:aa:bb:cc")
        wish = {"network_id": seed.NETWORK_ID, "mac_address": "FA:16:3E:AA:BB:CC"}

        assert error(client, "POST", "ports", {"port": wish})[:2] == (409, "MacAddressInUse")

    def test_without_port_security_there_are_no_groups(self, client: CoreClient) -> None:
        assert client.make_port(port_security_enabled=False)["security_groups"] == []
        wish = {
            "network_id": seed.NETWORK_ID,
            "port_security_enabled": False,
            "security_groups": [seed.SECURITY_GROUP_ID],
        }

        assert error(client, "POST", "ports", {"port": wish})[1] == "PortSecurityAndIPRequiredForSecurityGroups"

    @pytest.mark.parametrize(
        ("fixed", "status", "kind"),
        [
            ({"subnet_id": "00000000-0000-4000-8000-000000000000"}, 404, "SubnetNotFound"),
            ({"subnet_id": seed.EXTERNAL_SUBNET_ID}, 400, "InvalidInput"),
            ({"subnet_id": seed.SUBNET_ID, "ip_address": "10.7.0.1"}, 400, "InvalidIpForSubnet"),
            ({}, 400, "HTTPBadRequest"),
            ({"colour": "red"}, 400, "HTTPBadRequest"),
        ],
    )
    def test_an_address_that_does_not_fit_is_refused(
        self, client: CoreClient, fixed: dict[str, str], status: int, kind: str
    ) -> None:
        wish = {"network_id": seed.NETWORK_ID, "fixed_ips": [fixed]}

        assert error(client, "POST", "ports", {"port": wish})[:2] == (status, kind)

    def test_a_subnet_is_enough_to_get_an_address(self, client: CoreClient) -> None:
        wishes = [{"subnet_id": seed.SUBNET_ID}, {"subnet_id": seed.SUBNET_ID}]

        fixed = client.make_port(fixed_ips=wishes)["fixed_ips"]

        assert [item["ip_address"] for item in fixed] == ["10.6.0.2", "10.6.0.3"]

    def test_administrators_see_where_a_port_is_bound(self, client: CoreClient, admin: CoreClient) -> None:
        port = client.make_port()["id"]
        before = admin.port(port)["binding:vif_type"]
        client.make_server(networks=[{"port": port}])

        bound = admin.port(port)

        assert (before, bound["binding:vif_type"], bound["binding:host_id"]) == ("unbound", "ovs", "devcloud-1")


class TestRouters:
    def test_a_port_joins_a_router(self, client: CoreClient) -> None:
        network = make(client, "network")["id"]
        make(client, "subnet", network_id=network, cidr="10.9.0.0/24", ip_version=4)
        port, router = client.make_port(network_id=network)["id"], make(client, "router")["id"]

        assert client.network("PUT", f"routers/{router}/add_router_interface", {"port_id": port}).status == 200
        again = error(client, "PUT", f"routers/{router}/add_router_interface", {"port_id": port})
        parted = client.network("PUT", f"routers/{router}/remove_router_interface", {"port_id": port})

        assert again[:2] == (409, "PortInUse")
        assert parted.json["port_id"] == port

    @pytest.mark.parametrize(
        ("action", "body", "status"),
        [
            ("add", {}, 400),
            ("add", {"subnet_id": seed.SUBNET_ID, "port_id": "p"}, 400),
            ("add", {"subnet_id": "none"}, 404),
            ("add", {"port_id": "none"}, 404),
            ("remove", {}, 400),
            ("remove", {"subnet_id": "none"}, 404),
            ("remove", {"port_id": "none"}, 404),
        ],
    )
    def test_a_bad_interface_is_refused(
        self, client: CoreClient, action: str, body: dict[str, str], status: int
    ) -> None:
        assert error(client, "PUT", f"routers/{seed.ROUTER_ID}/{action}_router_interface", body)[0] == status

    def test_subnets_of_a_router_must_not_overlap(self, client: CoreClient) -> None:
        network = make(client, "network")["id"]
        subnet = make(client, "subnet", network_id=network, cidr="10.6.0.0/16", ip_version=4)["id"]

        message = error(client, "PUT", f"routers/{seed.ROUTER_ID}/add_router_interface", {"subnet_id": subnet})[2]

        assert message.startswith(f"Bad router request: Cidr 10.6.0.0/16 of subnet {subnet} overlaps with cidr ")

    def test_a_subnet_without_a_gateway_cannot_be_joined(self, client: CoreClient) -> None:
        network = make(client, "network")["id"]
        subnet = make(client, "subnet", network_id=network, cidr="10.9.0.0/24", ip_version=4, gateway_ip=None)["id"]

        message = error(client, "PUT", f"routers/{seed.ROUTER_ID}/add_router_interface", {"subnet_id": subnet})[2]

        assert message == "Bad router request: Subnet for router interface must have a gateway IP."

    def test_an_internal_network_is_no_way_out(self, client: CoreClient) -> None:
        wish = {"router": {"external_gateway_info": {"network_id": seed.NETWORK_ID}}}

        assert error(client, "POST", "routers", wish)[:2] == (400, "BadRequest")

    def test_a_gateway_moves_to_another_external_network(self, client: CoreClient, admin: CoreClient) -> None:
        other = make(admin, "network", name="other", **{"router:external": True})["id"]
        make(admin, "subnet", network_id=other, cidr="10.50.0.0/24", ip_version=4)
        wish = {"router": {"external_gateway_info": {"network_id": other, "enable_snat": False}, "name": "renamed"}}

        refused = error(client, "PUT", f"routers/{seed.ROUTER_ID}", wish)
        changed = admin.network("PUT", f"routers/{seed.ROUTER_ID}", wish).json["router"]

        assert refused[:2] == (403, "PolicyNotAuthorized")
        gateway = changed["external_gateway_info"]
        assert (gateway["network_id"], gateway["enable_snat"], changed["name"]) == (other, False, "renamed")
        assert gateway["external_fixed_ips"][0]["ip_address"] == "10.50.0.2"
        gateways = admin.get(f"/networking/v2.0/ports?device_id={seed.ROUTER_ID}&device_owner=network:router_gateway")
        assert [port["network_id"] for port in gateways["ports"]] == [other]

    def test_a_gateway_that_cannot_be_opened_leaves_the_old_one(self, client: CoreClient, admin: CoreClient) -> None:
        full = make(admin, "network", name="full", **{"router:external": True})["id"]
        make(admin, "subnet", network_id=full, cidr="10.50.0.0/30", ip_version=4)
        make(admin, "floatingip", floating_network_id=full)
        before = client.get(f"/networking/v2.0/routers/{seed.ROUTER_ID}")

        refused = error(
            client, "PUT", f"routers/{seed.ROUTER_ID}", {"router": {"external_gateway_info": {"network_id": full}}}
        )

        assert refused[:2] == (409, "IpAddressGenerationFailure")
        assert client.get(f"/networking/v2.0/routers/{seed.ROUTER_ID}") == before


class TestFloatingIps:
    def test_a_port_with_two_addresses_needs_a_choice(self, client: CoreClient) -> None:
        port = client.make_port(fixed_ips=[{"subnet_id": seed.SUBNET_ID}, {"subnet_id": seed.SUBNET_ID}])
        url = f"floatingips/{seed.floating_ip_id(0)}"

        unsure = error(client, "PUT", url, {"floatingip": {"port_id": port["id"]}})
        wrong = error(client, "PUT", url, {"floatingip": {"port_id": port["id"], "fixed_ip_address": "10.6.0.99"}})
        chosen = client.network("PUT", url, {"floatingip": {"port_id": port["id"], "fixed_ip_address": "10.6.0.3"}})

        assert "has multiple fixed IPv4 addresses" in unsure[2]
        assert wrong[2] == f"Bad floatingip request: Port {port['id']} does not have fixed ip 10.6.0.99."
        assert chosen.json["floatingip"]["fixed_ip_address"] == "10.6.0.3"

    def test_a_port_without_an_address_takes_none(self, client: CoreClient) -> None:
        port = client.make_port(fixed_ips=[])["id"]

        reply = client.associate(port)

        assert reply.json["NeutronError"]["message"] == (
            f"Bad floatingip request: Cannot add floating IP to port {port} that has no fixed IPv4 addresses."
        )

    def test_an_address_is_described_freed_and_given_back(self, client: CoreClient) -> None:
        client.associate(client.make_port()["id"])
        url = f"floatingips/{seed.floating_ip_id(0)}"

        described = client.network("PUT", url, {"floatingip": {"description": "for m-0"}}).json["floatingip"]
        freed = client.associate(None).json["floatingip"]
        unsound = error(client, "PUT", url, {"floatingip": {"fixed_ip_address": "10.6.0.2"}})
        gone = client.network("DELETE", url)

        assert (described["description"], described["status"]) == ("for m-0", "ACTIVE")
        assert (freed["port_id"], freed["status"]) == (None, "DOWN")
        assert unsound[0] == 400
        assert gone.status == 204
        assert error(client, "GET", url)[:2] == (404, "FloatingIPNotFound")

    def test_another_projects_port_is_unknown(self, client: CoreClient, admin: CoreClient) -> None:
        port = make(admin, "port", network_id=seed.EXTERNAL_NETWORK_ID)["id"]

        reply = client.associate(port)

        assert (reply.status, reply.message) == (404, f"Port {port} could not be found.")

    def test_a_new_address_comes_with_its_association(self, client: CoreClient) -> None:
        port = client.make_port()["id"]

        made = make(client, "floatingip", floating_network_id=seed.EXTERNAL_NETWORK_ID, port_id=port, description="d")

        assert (made["port_id"], made["status"], made["description"]) == (port, "ACTIVE", "d")

    def test_a_range_that_is_used_up_says_so(self, client: CoreClient, admin: CoreClient) -> None:
        full = make(admin, "network", **{"router:external": True})["id"]
        make(admin, "subnet", network_id=full, cidr="10.50.0.0/30", ip_version=4)
        make(client, "floatingip", floating_network_id=full)

        assert error(client, "POST", "floatingips", {"floatingip": {"floating_network_id": full}}) == (
            409,
            "IpAddressGenerationFailure",
            f"No more IP addresses available on network {full}.",
        )


class TestSecurityGroups:
    def test_groups_and_rules_are_updated(self, client: CoreClient) -> None:
        group = make(client, "security_group", name="g")
        rule = group["security_group_rules"][0]["id"]

        renamed = client.network("PUT", f"security-groups/{group['id']}", {"security_group": {"name": "h"}})
        described = client.network(
            "PUT", f"security-group-rules/{rule}", {"security_group_rule": {"description": "out"}}
        )
        client.network("DELETE", f"security-group-rules/{rule}")

        assert renamed.json["security_group"]["name"] == "h"
        assert described.json["security_group_rule"]["description"] == "out"
        assert error(client, "GET", f"security-group-rules/{rule}")[1] == "SecurityGroupRuleNotFound"

    def test_the_default_group_is_there_for_good(self, client: CoreClient) -> None:
        default = client.get("/networking/v2.0/security-groups?name=default")["security_groups"][0]["id"]

        assert error(client, "DELETE", f"security-groups/{default}")[1] == "SecurityGroupCannotRemoveDefault"
        assert error(client, "POST", "security-groups", {"security_group": {"name": "default"}})[0] == 409

    def test_a_rule_of_an_unknown_group_is_refused(self, client: CoreClient) -> None:
        wish = {"security_group_id": "97acf9d4-e5bf-4fff-a2c0-be0b04fbc44c", "direction": "ingress"}

        assert error(client, "POST", "security-group-rules", {"security_group_rule": wish})[:2] == (
            404,
            "SecurityGroupNotFound",
        )

    @pytest.mark.parametrize(
        "wish", [{"protocol": "300"}, {"remote_ip_prefix": "all"}, {"direction": "up"}, {"ethertype": "IPX"}], ids=str
    )
    def test_a_malformed_rule_is_refused(self, client: CoreClient, wish: dict[str, str]) -> None:
        body = {"security_group_id": seed.SECURITY_GROUP_ID, "direction": "ingress", **wish}

        assert error(client, "POST", "security-group-rules", {"security_group_rule": body})[0] == 400


def test_a_port_is_one_trunks_parent(client: CoreClient) -> None:
    port = client.make_port()["id"]
    trunk = make(client, "trunk", port_id=port)["id"]

    assert error(client, "POST", "trunks", {"trunk": {"port_id": port}})[:2] == (409, "ParentPortInUse")
    renamed = client.network("PUT", f"trunks/{trunk}", {"trunk": {"name": "t"}})
    assert renamed.json["trunk"]["name"] == "t"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=many", "Limit must be an integer 0 or greater and not 'many'"),
        ("sort_key=colour", "['colour'] is invalid attribute for sort_keys"),
        ("sort_key=name&sort_dir=asc&sort_dir=desc", "The number of sort_keys and sort_dirs must be same"),
    ],
)
def test_a_malformed_query_is_refused(client: CoreClient, query: str, message: str) -> None:
    assert error(client, "GET", f"ports?{query}")[2] == message
