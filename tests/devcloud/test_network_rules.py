"""Rules of security groups, bulk calls, tags, port security: where Neutron is particular."""

from typing import Any

import pytest
from tests.devcloud.core_client import CoreClient
from tests.devcloud.test_network import error, make

from kubecapy.devcloud import seed


def rule(client: CoreClient, **values: Any) -> Any:
    wish = {"security_group_id": seed.SECURITY_GROUP_ID, "direction": "ingress", **values}
    return client.network("POST", "security-group-rules", {"security_group_rule": wish})


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"protocol": "ipip"}, {"protocol": "4"}),
        ({"protocol": 112}, {"protocol": "vrrp"}),
        ({"protocol": "any"}, {"protocol": None}),
        (
            {"protocol": "udp", "port_range_min": 1, "port_range_max": 65535},
            {"protocol": "udp", "ethertype": "ipv4"},
        ),
        ({"protocol": "icmp", "ethertype": "IPv6"}, {"protocol": "ipv6-icmp", "ethertype": "IPv6"}),
        ({"protocol": "tcp", "remote_ip_prefix": "10.0.0.1"}, {"protocol": "6", "remote_ip_prefix": "10.0.0.1/32"}),
    ],
)
def test_rules_that_neutron_takes_for_the_same_are_refused(
    client: CoreClient, first: dict[str, Any], second: dict[str, Any]
) -> None:
    made = rule(client, **first)
    again = rule(client, **second)

    assert made.status == 201
    made_id = made.json["security_group_rule"]["id"]
    assert (again.status, again.message) == (409, f"Security group rule already exists. Rule id is {made_id}.")


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"protocol": "ipip", "port_range_min": 1, "port_range_max": 2}, "Ports cannot be specified for protocol 4."),
        ({"protocol": "tcp", "port_range_min": 0, "port_range_max": 2}, "Invalid value for port 0"),
        ({"protocol": "tcp", "port_range_min": 1, "port_range_max": 70000}, "Invalid value for port 70000"),
        ({"protocol": "icmp", "port_range_max": 3}, "ICMP code (port-range-max) 3 is provided but ICMP type"),
        ({"protocol": "icmp", "port_range_min": 256}, "Invalid value for ICMP type (port_range_min) 256."),
        ({"protocol": "ipv6-icmp"}, "Invalid ethertype IPv4 for protocol ipv6-icmp."),
        ({"remote_ip_prefix": "fd00::/8"}, "Conflicting value ethertype IPv4 for CIDR fd00::/8"),
        ({"protocol": "carrier-pigeon"}, "Security group rule protocol carrier-pigeon not supported."),
        ({"protocol": 256}, "Security group rule protocol 256 not supported."),
        ({"ethertype": "IPv5"}, "Security group rule for ethertype 'IPv5' not supported."),
        ({"remote_ip_prefix": "here"}, "Invalid CIDR here given as IP prefix."),
    ],
)
def test_a_rule_that_cannot_be_is_refused_in_neutrons_words(
    client: CoreClient, wish: dict[str, Any], message: str
) -> None:
    reply = rule(client, **wish)

    assert reply.status == 400
    assert reply.message.startswith(message)


def test_a_rule_shows_its_normal_range_and_whether_it_is_a_default_groups(client: CoreClient) -> None:
    shown = rule(client, protocol="tcp", remote_ip_prefix="10.1.2.3/8").json["security_group_rule"]

    assert (shown["remote_ip_prefix"], shown["normalized_cidr"]) == ("10.1.2.3/8", "10.0.0.0/8")
    assert shown["belongs_to_default_sg"] is False


def test_the_default_group_keeps_its_name(client: CoreClient) -> None:
    default = client.get("/networking/v2.0/security-groups?name=default")["security_groups"][0]["id"]
    path = f"security-groups/{default}"

    assert error(client, "PUT", path, {"security_group": {"name": "x"}})[1] == "SecurityGroupCannotUpdateDefault"
    assert client.network("PUT", path, {"security_group": {"description": "x"}}).status == 200


def test_ports_are_made_by_one_call_with_their_tags_or_none_of_them(client: CoreClient) -> None:
    wish = {"network_id": seed.NETWORK_ID, "tags": ["a"]}
    fixed = [{"ip_address": "10.6.0.77"}]
    before = client.get("/networking/v2.0/ports")["ports"]

    refused = error(
        client, "POST", "ports", {"ports": [wish, {**wish, "fixed_ips": fixed}, {**wish, "fixed_ips": fixed}]}
    )
    left = client.get("/networking/v2.0/ports")["ports"]
    made = client.network("POST", "ports", {"ports": [{"port": wish}, {**wish, "name": "b"}]})

    assert refused[:2] == (409, "IpAddressAlreadyAllocated")
    assert left == before
    assert made.status == 201
    assert [(port["name"], port["tags"]) for port in made.json["ports"]] == [("", ["a"]), ("b", ["a"])]


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("POST", "ports", {"ports": []}, "Resources required"),
        ("POST", "ports", {"ports": [1]}, "Body contains invalid data"),
        ("POST", "ports", {"port": 1}, "Object 'port' contains invalid data"),
        ("POST", "networks", {"network": {"tags": ["a"]}}, "Attribute 'tags' not allowed in POST"),
        ("PUT", f"networks/{seed.NETWORK_ID}", {"network": {"tags": []}}, "Cannot update read-only attribute tags"),
        ("PUT", f"networks/{seed.NETWORK_ID}", {"networks": [{}]}, "Bulk operation not supported"),
    ],
)
def test_a_malformed_body_is_refused(client: CoreClient, method: str, path: str, body: Any, message: str) -> None:
    assert error(client, method, path, body) == (400, "HTTPBadRequest", message)


def test_tags_are_added_to_those_there_up_to_their_limit(client: CoreClient) -> None:
    path = f"networks/{seed.NETWORK_ID}/tags"
    client.network("PUT", path, {"tags": ["a"]})

    merged = client.network("POST", path, {"tags": ["b", "a"]})
    many = error(client, "PUT", path, {"tags": [str(number) for number in range(51)]})
    twice = error(client, "PUT", path, {"tags": ["a", "a"]})

    assert (merged.status, merged.json) == (201, {"tags": ["a", "b"]})
    assert many == (
        400,
        "BadRequest",
        "Bad networks request: The number of tags exceed the per-resource limit of 50.",
    )
    assert twice[1] == "InvalidInput"


@pytest.mark.parametrize(
    ("wish", "status", "kind"),
    [
        ({"allowed_address_pairs": [{"ip_address": "10.6.0.9"}]}, 409, "AddressPairAndPortSecurityRequired"),
        ({"security_groups": [seed.SECURITY_GROUP_ID]}, 400, "PortSecurityAndIPRequiredForSecurityGroups"),
    ],
)
def test_without_port_security_there_are_no_groups_and_no_pairs(
    client: CoreClient, wish: dict[str, Any], status: int, kind: str
) -> None:
    body = {"port": {"network_id": seed.NETWORK_ID, "port_security_enabled": False, **wish}}

    assert error(client, "POST", "ports", body)[:2] == (status, kind)
    assert client.make_port(port_security_enabled=False)["security_groups"] == []


def test_port_security_ends_only_after_the_groups(client: CoreClient) -> None:
    path = f"ports/{client.make_port()['id']}"

    refused = error(client, "PUT", path, {"port": {"port_security_enabled": False}})
    both = client.network("PUT", path, {"port": {"port_security_enabled": False, "security_groups": []}})

    assert refused[:2] == (409, "PortSecurityPortHasSecurityGroup")
    assert both.json["port"]["port_security_enabled"] is False


def test_the_same_pair_twice_is_refused_and_the_binding_profile_is_for_administrators(
    client: CoreClient, admin: CoreClient
) -> None:
    wish = {"network_id": seed.NETWORK_ID, "allowed_address_pairs": [{"ip_address": "10.9.0.1"}] * 2}
    profile = {"port": {"network_id": seed.NETWORK_ID, "binding:profile": {"trusted": "true"}}}

    assert error(client, "POST", "ports", {"port": wish})[1] == "DuplicateAddressPairInRequest"
    assert error(client, "POST", "ports", profile)[0] == 403
    made = admin.network("POST", "ports", profile).json["port"]
    assert made["binding:profile"] == {"trusted": "true"}
    assert "binding:profile" not in client.port(made["id"])


def test_a_floating_address_comes_from_the_subnet_that_is_asked_for(client: CoreClient, admin: CoreClient) -> None:
    second = make(admin, "subnet", network_id=seed.EXTERNAL_NETWORK_ID, cidr="172.30.0.0/24", ip_version=4)["id"]

    made = make(client, "floatingip", floating_network_id=seed.EXTERNAL_NETWORK_ID, subnet_id=second)

    assert made["floating_ip_address"].startswith("172.30.0.")


def test_a_gateway_address_that_a_router_uses_cannot_change(client: CoreClient) -> None:
    wish = {"subnet": {"gateway_ip": None}}

    assert error(client, "PUT", f"subnets/{seed.SUBNET_ID}", wish)[:2] == (409, "GatewayIpInUse")
