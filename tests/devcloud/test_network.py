from typing import Any

import pytest
from tests.devcloud.core_client import CoreClient

from kubecapy.devcloud import seed


def error(client: CoreClient, method: str, url: str, body: Any = None) -> tuple[int, str, str]:
    reply = client.network(method, url, body)
    return reply.status, reply.json["NeutronError"]["type"], reply.json["NeutronError"]["message"]


def make(client: CoreClient, kind: str, **values: Any) -> Any:
    path = {"security_group": "security-groups", "security_group_rule": "security-group-rules"}.get(kind, f"{kind}s")
    reply = client.network("POST", path, {kind: values})
    assert reply.status == 201, reply.json
    return reply.json[kind]


class TestPorts:
    def test_a_port_has_an_address_and_the_default_group(self, client: CoreClient) -> None:
        port = client.make_port(name="p")

        groups = client.get("/networking/v2.0/security-groups?name=default")["security_groups"]
        assert port["fixed_ips"] == [{"subnet_id": seed.SUBNET_ID, "ip_address": "10.6.0.2"}]
        assert port["security_groups"] == [groups[0]["id"]]
        assert (port["status"], port["device_id"]) == ("DOWN", "")
        assert port["tenant_id"] == port["project_id"] == seed.PROJECT.id
        assert "binding:host_id" not in port

    def test_an_empty_list_of_groups_is_kept_empty(self, client: CoreClient) -> None:
        assert client.make_port(security_groups=[])["security_groups"] == []

    def test_an_address_in_use_is_refused(self, client: CoreClient) -> None:
        taken = client.make_port(fixed_ips=[{"ip_address": "10.6.0.77"}])["fixed_ips"][0]

        body = {"port": {"network_id": seed.NETWORK_ID, "fixed_ips": [{"ip_address": "10.6.0.77"}]}}

        assert error(client, "POST", "ports", body) == (
            409,
            "IpAddressAlreadyAllocated",
            f"IP address 10.6.0.77 already allocated in subnet {taken['subnet_id']}",
        )

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            (
                {"fixed_ips": [{"ip_address": "10.99.0.1"}]},
                (
                    400,
                    "InvalidIpForNetwork",
                    "IP address 10.99.0.1 is not a valid IP for any of the subnets on the specified network.",
                ),
            ),
            (
                {"security_groups": ["97acf9d4-e5bf-4fff-a2c0-be0b04fbc44c"]},
                (
                    404,
                    "SecurityGroupNotFound",
                    "Security group 97acf9d4-e5bf-4fff-a2c0-be0b04fbc44c does not exist",
                ),
            ),
            ({"nome": "x"}, (400, "HTTPBadRequest", "Unrecognized attribute(s) 'nome'")),
            (
                {"admin_state_up": "perhaps"},
                (
                    400,
                    "HTTPBadRequest",
                    "Invalid input for admin_state_up. Reason: 'perhaps' cannot be converted to boolean.",
                ),
            ),
            (
                {"binding:host_id": "h"},
                (
                    403,
                    "PolicyNotAuthorized",
                    "(rule:create_port and rule:create_port:binding:host_id) is disallowed by policy",
                ),
            ),
        ],
        ids=lambda value: str(value)[:30],
    )
    def test_a_bad_port_is_refused(
        self, client: CoreClient, values: dict[str, Any], expected: tuple[int, str, str]
    ) -> None:
        assert error(client, "POST", "ports", {"port": {"network_id": seed.NETWORK_ID, **values}}) == expected

    def test_a_port_needs_a_network(self, client: CoreClient) -> None:
        status, _, message = error(client, "POST", "ports", {"port": {"name": "p"}})

        assert (status, message) == (400, "Failed to parse request. Required attribute 'network_id' not specified")

    def test_quotas_of_network_are_refused_with_409(self, client: CoreClient, admin: CoreClient) -> None:
        used = len(client.get("/networking/v2.0/ports")["ports"])
        admin.network("PUT", f"quotas/{seed.PROJECT.id}", {"quota": {"port": used}})

        assert error(client, "POST", "ports", {"port": {"network_id": seed.NETWORK_ID}}) == (
            409,
            "OverQuota",
            "Quota exceeded for resources: ['port'].",
        )

    def test_a_full_subnet_says_so(self, client: CoreClient) -> None:
        network = make(client, "network", name="small")["id"]
        make(client, "subnet", network_id=network, cidr="10.9.0.0/30", ip_version=4)
        client.make_port(network_id=network)

        assert error(client, "POST", "ports", {"port": {"network_id": network}}) == (
            409,
            "IpAddressGenerationFailure",
            f"No more IP addresses available on network {network}.",
        )

    def test_a_routers_port_is_not_deleted_directly(self, client: CoreClient) -> None:
        port = client.get(f"/networking/v2.0/ports?device_id={seed.ROUTER_ID}")["ports"][0]["id"]

        assert error(client, "DELETE", f"ports/{port}") == (
            409,
            "ServicePortInUse",
            f"Port {port} cannot be deleted directly via the port API: has device owner network:router_interface.",
        )

    def test_a_port_can_be_deleted_under_a_server(self, client: CoreClient) -> None:
        port = client.make_port()
        server_id = client.make_server(networks=[{"port": port["id"]}])["id"]

        assert client.network("DELETE", f"ports/{port['id']}").status == 204
        assert client.server(server_id)["addresses"] == {}

    def test_an_update_keeps_the_addresses_that_it_names(self, client: CoreClient) -> None:
        port = client.make_port(fixed_ips=[{"ip_address": "10.6.0.50"}])
        wish = [*port["fixed_ips"], {"ip_address": "10.6.0.51"}]

        changed = client.network("PUT", f"ports/{port['id']}", {"port": {"fixed_ips": wish}}).json["port"]

        assert [fixed["ip_address"] for fixed in changed["fixed_ips"]] == ["10.6.0.50", "10.6.0.51"]
        assert changed["revision_number"] == port["revision_number"] + 1

    def test_an_update_with_an_old_revision_is_refused(self, client: CoreClient) -> None:
        port = client.make_port()
        url = f"/networking/v2.0/ports/{port['id']}"
        client.call("PUT", url, {"port": {"name": "a"}}, if_match="revision_number=1")

        late = client.call("PUT", url, {"port": {"name": "b"}}, if_match="revision_number=1")

        assert (late.status, late.message) == (412, "Constrained to 1, but current revision is 2")

    def test_a_member_may_not_plug_into_the_external_network(self, client: CoreClient) -> None:
        body = {"port": {"network_id": seed.EXTERNAL_NETWORK_ID}}

        assert error(client, "POST", "ports", body) == (
            403,
            "PolicyNotAuthorized",
            "rule:create_port is disallowed by policy",
        )


class TestNetworksAndSubnets:
    def test_a_network_with_ports_is_in_use(self, client: CoreClient) -> None:
        network = make(client, "network")["id"]
        subnet = make(client, "subnet", network_id=network, cidr="10.9.0.0/24", ip_version=4)["id"]
        port = client.make_port(network_id=network)["id"]

        assert error(client, "DELETE", f"networks/{network}") == (
            409,
            "NetworkInUse",
            (
                f"Unable to complete operation on network {network}. There are one or more ports still in use on the "
                f"network, id for these ports is: {port}."
            ),
        )
        assert error(client, "DELETE", f"subnets/{subnet}")[1] == "SubnetInUse"
        client.network("DELETE", f"ports/{port}")
        assert client.network("DELETE", f"networks/{network}").status == 204
        assert client.network("GET", f"subnets/{subnet}").status == 404

    def test_a_subnets_gateway_and_pools_follow_from_its_range(self, client: CoreClient) -> None:
        network = make(client, "network")["id"]

        subnet = make(client, "subnet", network_id=network, cidr="10.9.0.0/24", ip_version=4)
        without = make(client, "subnet", network_id=network, cidr="10.9.1.0/24", ip_version=4, gateway_ip=None)

        assert subnet["gateway_ip"] == "10.9.0.1"
        assert subnet["allocation_pools"] == [{"start": "10.9.0.2", "end": "10.9.0.254"}]
        assert without["gateway_ip"] is None
        assert without["allocation_pools"] == [{"start": "10.9.1.1", "end": "10.9.1.254"}]

    def test_a_loopback_range_is_accepted_without_dhcp_only(self, client: CoreClient) -> None:
        network = make(client, "network")["id"]
        wish = {"network_id": network, "cidr": "127.89.0.128/25", "ip_version": 4}

        assert error(client, "POST", "subnets", {"subnet": wish}) == (
            400,
            "InvalidInput",
            "Invalid input for operation: Loopback IP subnet is not supported if enable_dhcp is True.",
        )
        assert make(client, "subnet", **wish, enable_dhcp=False)["cidr"] == "127.89.0.128/25"

    def test_overlapping_subnets_are_refused(self, client: CoreClient) -> None:
        wish = {"network_id": seed.NETWORK_ID, "cidr": "10.6.0.128/25", "ip_version": 4}

        assert error(client, "POST", "subnets", {"subnet": wish})[2] == (
            "Invalid input for operation: Requested subnet with cidr: 10.6.0.128/25 for network: "
            f"{seed.NETWORK_ID} overlaps with another subnet."
        )

    def test_members_see_their_own_and_external_networks(self, client: CoreClient, admin: CoreClient) -> None:
        make(admin, "network", name="hidden")

        seen = [network["name"] for network in client.get("/networking/v2.0/networks")["networks"]]

        assert seen == ["private", "public"]
        assert [subnet["name"] for subnet in client.get("/networking/v2.0/subnets")["subnets"]] == ["private-subnet"]

    def test_another_projects_network_is_not_for_members_to_change(self, client: CoreClient) -> None:
        assert error(client, "PUT", f"networks/{seed.EXTERNAL_NETWORK_ID}", {"network": {"name": "mine"}}) == (
            403,
            "PolicyNotAuthorized",
            "rule:update_network is disallowed by policy",
        )


class TestRouters:
    def test_a_router_joins_a_subnet_at_its_gateway_and_parts_again(self, client: CoreClient) -> None:
        network = make(client, "network")["id"]
        subnet = make(client, "subnet", network_id=network, cidr="10.9.0.0/24", ip_version=4)["id"]
        router = make(client, "router", external_gateway_info={"network_id": seed.EXTERNAL_NETWORK_ID})

        joined = client.network("PUT", f"routers/{router['id']}/add_router_interface", {"subnet_id": subnet}).json
        port = client.port(joined["port_id"])
        in_use = error(client, "DELETE", f"routers/{router['id']}")
        parted = client.network("PUT", f"routers/{router['id']}/remove_router_interface", {"subnet_id": subnet})

        assert router["external_gateway_info"]["network_id"] == seed.EXTERNAL_NETWORK_ID
        assert port["fixed_ips"][0]["ip_address"] == "10.9.0.1"
        assert in_use == (409, "RouterInUse", f"Router {router['id']} has ports still attached: {port['id']}")
        assert parted.status == 200
        assert client.network("GET", f"ports/{joined['port_id']}").status == 404
        assert client.network("DELETE", f"routers/{router['id']}").status == 204

    def test_only_administrators_choose_a_gateways_address(self, client: CoreClient, admin: CoreClient) -> None:
        wish = {"ip_address": "127.64.0.77"}
        gateway = {"network_id": seed.EXTERNAL_NETWORK_ID, "external_fixed_ips": [wish]}

        refused = error(client, "POST", "routers", {"router": {"external_gateway_info": gateway}})
        assert refused[:2] == (403, "PolicyNotAuthorized")
        address = admin.network("GET", f"subnets/{seed.EXTERNAL_SUBNET_ID}").json["subnet"]["allocation_pools"][0][
            "end"
        ]
        wish["ip_address"] = address
        router = make(admin, "router", external_gateway_info=gateway)
        assert router["external_gateway_info"]["external_fixed_ips"][0]["ip_address"] == address

    def test_a_router_that_a_floating_ip_needs_stays_joined(self, client: CoreClient) -> None:
        client.associate(client.make_port()["id"])
        interface = {"subnet_id": seed.SUBNET_ID}

        kinds = [
            error(client, "PUT", f"routers/{seed.ROUTER_ID}/remove_router_interface", interface)[:2],
            error(client, "PUT", f"routers/{seed.ROUTER_ID}", {"router": {"external_gateway_info": None}})[:2],
        ]

        assert kinds == [
            (409, "RouterInterfaceInUseByFloatingIP"),
            (409, "RouterExternalGatewayInUseByFloatingIp"),
        ]

    def test_a_subnet_is_joined_once(self, client: CoreClient) -> None:
        body = {"subnet_id": seed.SUBNET_ID}

        assert error(client, "PUT", f"routers/{seed.ROUTER_ID}/add_router_interface", body) == (
            400,
            "BadRequest",
            f"Bad router request: Router already has a port on subnet {seed.SUBNET_ID}.",
        )


class TestSecurityGroups:
    def test_a_new_group_lets_everything_leave(self, client: CoreClient) -> None:
        group = make(client, "security_group", name="g")

        rules = [(rule["direction"], rule["ethertype"]) for rule in group["security_group_rules"]]
        assert rules == [("egress", "IPv4"), ("egress", "IPv6")]

    def test_a_rule_exists_once(self, client: CoreClient) -> None:
        group = make(client, "security_group", name="g")["id"]
        wish = {"security_group_id": group, "direction": "ingress", "protocol": "tcp"}
        ports = {"port_range_min": 22, "port_range_max": 22}
        first = make(client, "security_group_rule", **wish, **ports)

        assert error(client, "POST", "security-group-rules", {"security_group_rule": {**wish, **ports}}) == (
            409,
            "SecurityGroupRuleExists",
            f"Security group rule already exists. Rule id is {first['id']}.",
        )

    def test_a_group_in_use_stays(self, client: CoreClient) -> None:
        group = make(client, "security_group", name="g")["id"]
        port = client.make_port(security_groups=[group])["id"]

        assert error(client, "DELETE", f"security-groups/{group}") == (
            409,
            "SecurityGroupInUse",
            f"Security Group {group} in use.",
        )
        client.network("DELETE", f"ports/{port}")
        assert client.network("DELETE", f"security-groups/{group}").status == 204

    def test_anywhere_is_no_prefix_at_all(self, client: CoreClient) -> None:
        group = make(client, "security_group", name="g")["id"]
        wish = {"security_group_id": group, "direction": "ingress", "protocol": "tcp"}
        make(client, "security_group_rule", **wish, remote_ip_prefix="0.0.0.0/0")

        assert error(client, "POST", "security-group-rules", {"security_group_rule": wish})[0] == 409

    def test_several_rules_are_made_by_one_call_or_none_of_them(self, client: CoreClient) -> None:
        group = make(client, "security_group", name="g")["id"]
        wishes = [
            {"security_group_id": group, "direction": "ingress", "protocol": name} for name in ("tcp", "udp", "tcp")
        ]

        def protocols() -> list[str | None]:
            rules = client.network("GET", f"security-groups/{group}").json["security_group"]["security_group_rules"]
            return [rule["protocol"] for rule in rules]

        refused = error(client, "POST", "security-group-rules", {"security_group_rules": wishes})
        assert refused[1] == "SecurityGroupRuleExists"
        assert protocols() == [None, None]
        client.network("POST", "security-group-rules", {"security_group_rules": wishes[:2]})
        assert protocols() == [None, None, "tcp", "udp"]

    def test_rules_that_name_a_group_go_with_it(self, client: CoreClient) -> None:
        group, named = (make(client, "security_group", name=name)["id"] for name in ("g", "h"))
        wish = {"security_group_id": group, "direction": "ingress", "remote_group_id": named}
        make(client, "security_group_rule", **wish)

        assert client.network("DELETE", f"security-groups/{named}").status == 204
        shown = client.network("GET", f"security-groups/{group}").json["security_group"]
        assert [rule["direction"] for rule in shown["security_group_rules"]] == ["egress", "egress"]

    @pytest.mark.parametrize(
        ("wish", "kind"),
        [
            ({"port_range_min": 1, "port_range_max": 2}, "SecurityGroupProtocolRequiredWithPorts"),
            ({"protocol": "tcp", "port_range_min": 2, "port_range_max": 1}, "SecurityGroupInvalidPortRange"),
            (
                {"remote_ip_prefix": "10.0.0.0/8", "remote_group_id": seed.SECURITY_GROUP_ID},
                "SecurityGroupMultipleRemoteEntites",
            ),
        ],
    )
    def test_a_rule_must_make_sense(self, client: CoreClient, wish: dict[str, Any], kind: str) -> None:
        body = {"security_group_id": seed.SECURITY_GROUP_ID, "direction": "ingress", **wish}

        assert error(client, "POST", "security-group-rules", {"security_group_rule": body})[:2] == (400, kind)


class TestFloatingIps:
    def test_an_associated_address_is_active_and_shown_on_the_server(self, client: CoreClient) -> None:
        port = client.make_port()
        server_id = client.make_server(networks=[{"port": port["id"]}])["id"]

        assert client.associate(port["id"]).status == 200

        floating = client.floating_ip()
        addresses = client.server(server_id)["addresses"]["private"]
        assert (floating["status"], floating["port_id"]) == ("ACTIVE", port["id"])
        assert floating["fixed_ip_address"] == port["fixed_ips"][0]["ip_address"]
        assert floating["port_details"]["device_id"] == server_id
        assert [(item["addr"], item["OS-EXT-IPS:type"]) for item in addresses] == [
            (port["fixed_ips"][0]["ip_address"], "fixed"),
            (floating["floating_ip_address"], "floating"),
        ]

    def test_without_a_router_the_external_network_is_not_reachable(self, client: CoreClient) -> None:
        interface = {"subnet_id": seed.SUBNET_ID}
        client.network("PUT", f"routers/{seed.ROUTER_ID}/remove_router_interface", interface)
        port = client.make_port()["id"]
        url = f"floatingips/{seed.floating_ip_id(0)}"

        assert error(client, "PUT", url, {"floatingip": {"port_id": port}}) == (
            404,
            "ExternalGatewayForFloatingIPNotFound",
            (
                f"External network {seed.EXTERNAL_NETWORK_ID} is not reachable from subnet {seed.SUBNET_ID}.  "
                f"Therefore, cannot associate Port {port} with a Floating IP."
            ),
        )

    def test_an_association_moves_to_the_port_that_is_named_last(self, client: CoreClient) -> None:
        first, second = client.make_port()["id"], client.make_port()["id"]
        client.associate(first)

        client.associate(second)

        assert client.floating_ip()["port_id"] == second

    def test_a_fixed_address_has_one_floating_address(self, client: CoreClient) -> None:
        port = client.make_port()
        client.associate(port["id"], 0)

        reply = client.associate(port["id"], 1)

        assert reply.status == 409
        assert reply.json["NeutronError"]["type"] == "FloatingIPPortAlreadyAssociated"

    def test_a_deleted_port_gives_its_address_back(self, client: CoreClient) -> None:
        port = client.make_port()["id"]
        client.associate(port)

        client.network("DELETE", f"ports/{port}")

        floating = client.floating_ip()
        assert (floating["port_id"], floating["status"], floating["router_id"]) == (None, "DOWN", None)

    def test_a_chosen_address_is_for_administrators(self, client: CoreClient, admin: CoreClient) -> None:
        wish = {"floating_network_id": seed.EXTERNAL_NETWORK_ID, "floating_ip_address": "172.24.4.99"}

        assert error(client, "POST", "floatingips", {"floatingip": wish}) == (
            403,
            "PolicyNotAuthorized",
            "(rule:create_floatingip and rule:create_floatingip:floating_ip_address) is disallowed by policy",
        )
        made = make(admin, "floatingip", **wish, project_id=seed.PROJECT.id)
        assert made["floating_ip_address"] == "172.24.4.99"
        assert client.get("/networking/v2.0/floatingips?floating_ip_address=172.24.4.99")["floatingips"] == [made]

    def test_allocating_with_a_port_that_cannot_be_reached_allocates_nothing(self, client: CoreClient) -> None:
        interface = {"subnet_id": seed.SUBNET_ID}
        client.network("PUT", f"routers/{seed.ROUTER_ID}/remove_router_interface", interface)
        before = client.get("/networking/v2.0/floatingips")["floatingips"]
        wish = {"floating_network_id": seed.EXTERNAL_NETWORK_ID, "port_id": client.make_port()["id"]}

        assert client.network("POST", "floatingips", {"floatingip": wish}).status == 404
        assert client.get("/networking/v2.0/floatingips")["floatingips"] == before

    def test_an_internal_network_gives_no_floating_address(self, client: CoreClient) -> None:
        wish = {"floatingip": {"floating_network_id": seed.NETWORK_ID}}

        assert error(client, "POST", "floatingips", wish) == (
            400,
            "BadRequest",
            f"Bad floatingip request: Network {seed.NETWORK_ID} is not a valid external network.",
        )

    def test_the_project_owns_the_first_addresses_of_the_range(self, client: CoreClient) -> None:
        addresses = [ip["floating_ip_address"] for ip in client.get("/networking/v2.0/floatingips")["floatingips"]]

        assert addresses == [f"172.24.4.{number}" for number in range(2, 8)]


class TestLists:
    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("name=a", ["a"]),
            ("name=a&name=c", ["a", "c"]),
            ("tags=x", ["a", "b"]),
            ("tags=x,y", ["b"]),
            ("tags-any=y,z", ["b", "c"]),
            ("not-tags=x,y", ["a", "c"]),
            ("not-tags-any=x", ["c"]),
            ("name=a&tags=z", []),
            ("admin_state_up=False", ["c"]),
            ("fixed_ips=ip_address%3D10.6.0.12", ["b"]),
            (f"fixed_ips=subnet_id%3D{seed.SUBNET_ID}", ["a", "b", "c"]),
            (f"security_groups={seed.SECURITY_GROUP_ID}", ["b"]),
            ("sort_key=name&sort_dir=desc", ["c", "b", "a"]),
        ],
    )
    def test_lists_are_filtered_and_sorted(self, client: CoreClient, query: str, names: list[str]) -> None:
        client.make_port(name="a", tags=["x"], fixed_ips=[{"ip_address": "10.6.0.11"}])
        client.make_port(
            name="b",
            tags=["x", "y"],
            fixed_ips=[{"ip_address": "10.6.0.12"}],
            security_groups=[seed.SECURITY_GROUP_ID],
        )
        client.make_port(name="c", tags=["z"], admin_state_up=False)

        ports = client.get(f"/networking/v2.0/ports?device_id=&{query}")["ports"]

        assert [port["name"] for port in ports] == names

    def test_an_unknown_filter_is_refused(self, client: CoreClient) -> None:
        assert error(client, "GET", "ports?colour=red")[2] == "['colour'] is invalid attribute for filtering"

    def test_fields_narrow_the_answer(self, client: CoreClient) -> None:
        networks = client.get("/networking/v2.0/networks?fields=id&fields=name&name=private")["networks"]

        assert networks == [{"id": seed.NETWORK_ID, "name": "private"}]

    def test_pages_lead_forward_and_back(self, client: CoreClient) -> None:
        made = sorted(client.make_port(name="p")["id"] for _ in range(5))

        def follow(url: str, rel: str) -> list[list[str]]:
            pages = []
            while url:
                document = client.get(url)
                pages.append([port["id"] for port in document["ports"]])
                links = {link["rel"]: link["href"] for link in document.get("ports_links", [])}
                url = links.get(rel, "").removeprefix("https://cloud.test")
            return pages

        forward = follow("/networking/v2.0/ports?name=p&limit=2", "next")
        back = follow(f"/networking/v2.0/ports?name=p&limit=2&marker={made[4]}&page_reverse=True", "previous")

        assert forward == [made[0:2], made[2:4], made[4:5]]
        assert [page for page in back if page] == [made[2:4], made[0:2]]

    def test_an_unknown_marker_is_refused(self, client: CoreClient) -> None:
        assert error(client, "GET", "ports?limit=1&marker=none")[:2] == (404, "PortNotFound")


@pytest.mark.parametrize("path", ["networks", "subnets", "ports", "routers", "security-groups", "floatingips"])
def test_every_kind_has_tags(client: CoreClient, path: str) -> None:
    plural = path.replace("-", "_")
    owned = f"{path}?project_id={seed.PROJECT.id}"
    base = f"{path}/{client.get(f'/networking/v2.0/{owned}')[plural][-1]['id']}"

    assert client.network("PUT", f"{base}/tags", {"tags": ["a", "b"]}).json == {"tags": ["a", "b"]}
    assert client.network("PUT", f"{base}/tags/c").status == 201
    assert client.network("DELETE", f"{base}/tags/a").status == 204
    assert client.network("GET", f"{base}/tags/b").status == 204
    assert client.network("GET", f"{base}/tags/a").message == "Tag a could not be found."
    assert client.get(f"/networking/v2.0/{path}?tags=b,c")[plural][0]["tags"] == ["b", "c"]
    assert client.network("DELETE", f"{base}/tags").status == 204
    assert client.get(f"/networking/v2.0/{base}/tags") == {"tags": []}


def test_a_trunk_keeps_its_parent_port(client: CoreClient) -> None:
    port = client.make_port()["id"]
    trunk = make(client, "trunk", port_id=port, name="t")

    assert error(client, "DELETE", f"ports/{port}")[:2] == (409, "PortInUseAsTrunkParent")
    server_id = client.make_server(networks=[{"port": port}])["id"]
    client.wait(2)
    assert client.get(f"/networking/v2.0/trunks/{trunk['id']}")["trunk"]["status"] == "ACTIVE"
    assert error(client, "DELETE", f"trunks/{trunk['id']}")[:2] == (409, "TrunkInUse")
    client.compute("DELETE", f"servers/{server_id}")
    client.wait(1)
    assert client.network("DELETE", f"trunks/{trunk['id']}").status == 204
    assert client.network("DELETE", f"ports/{port}").status == 204


def test_extensions_are_listed_honestly(client: CoreClient) -> None:
    aliases = {item["alias"] for item in client.get("/networking/v2.0/extensions")["extensions"]}

    assert {"trunk", "standard-attr-tag", "router", "security-group"} <= aliases
    assert client.get("/networking/v2.0/extensions/trunk")["extension"]["alias"] == "trunk"
    assert error(client, "GET", "extensions/qos")[2] == "Extension with alias qos does not exist"


def test_an_unknown_path_and_a_wrong_verb_are_told_apart(client: CoreClient) -> None:
    assert error(client, "GET", "volumes")[0] == 404
    assert error(client, "PATCH", "networks")[0] == 405
