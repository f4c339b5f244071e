"""Trunks with sub-ports, and what ports show of them."""

from typing import Any

import pytest
from tests.devcloud.core_client import CoreClient
from tests.devcloud.test_network import error, make


def vlan(port: str, number: int = 100) -> dict[str, Any]:
    return {"port_id": port, "segmentation_type": "vlan", "segmentation_id": number}


def test_sub_ports_follow_the_parent_of_their_trunk(client: CoreClient) -> None:
    parent, child = client.make_port()["id"], client.make_port()
    trunk = make(client, "trunk", port_id=parent, sub_ports=[vlan(child["id"])], description="d")["id"]
    client.make_server(networks=[{"port": parent}])
    client.wait(2)

    followed = client.port(child["id"])
    details = client.port(parent)["trunk_details"]

    assert (followed["status"], followed["device_owner"]) == ("ACTIVE", "trunk:subport")
    assert details == {"trunk_id": trunk, "sub_ports": [{**vlan(child["id"]), "mac_address": child["mac_address"]}]}
    assert error(client, "DELETE", f"ports/{child['id']}") == (
        409,
        "PortInUseAsSubPort",
        f"Port {child['id']} is currently a subport for trunk {trunk}.",
    )


def test_sub_ports_are_added_listed_and_taken_away(client: CoreClient) -> None:
    parent, first, second = (client.make_port()["id"] for _ in range(3))
    path = f"trunks/{make(client, 'trunk', port_id=parent)['id']}"

    added = client.network("PUT", f"{path}/add_subports", {"sub_ports": [vlan(first, 1), vlan(second, 2)]})
    removed = client.network("PUT", f"{path}/remove_subports", {"sub_ports": [{"port_id": first}]})

    assert [item["port_id"] for item in added.json["sub_ports"]] == [first, second]
    assert [item["port_id"] for item in removed.json["sub_ports"]] == [second]
    assert client.network("GET", f"{path}/get_subports").json == {"sub_ports": [vlan(second, 2)]}
    assert client.port(first)["device_owner"] == ""
    assert client.network("DELETE", path).status == 204
    assert client.port(second)["device_owner"] == ""
    assert {client.network("DELETE", f"ports/{port}").status for port in (parent, first, second)} == {204}


def test_a_port_has_one_place_among_trunks(client: CoreClient) -> None:
    parent, child, other = (client.make_port()["id"] for _ in range(3))
    trunk = make(client, "trunk", port_id=parent, sub_ports=[vlan(child)])["id"]

    def refused(**values: Any) -> str:
        return error(client, "POST", "trunks", {"trunk": values})[1]

    assert refused(port_id=child) == "TrunkPortInUse"
    assert refused(port_id=other, sub_ports=[vlan(child)]) == "TrunkPortInUse"
    assert refused(port_id=other, sub_ports=[vlan(parent)]) == "ParentPortInUse"
    assert refused(port_id=other, sub_ports=[vlan(other)]) == "ParentPortInUse"
    wish = {"sub_ports": [vlan(other)]}
    assert error(client, "PUT", f"trunks/{trunk}/add_subports", wish) == (
        409,
        "DuplicateSubPort",
        f"segmentation_type vlan and segmentation_id 100 already in use on trunk {trunk}.",
    )


@pytest.mark.parametrize(
    ("sub_port", "message"),
    [
        ({"segmentation_id": 0}, "Segmentation ID '0' is not in range"),
        ({"segmentation_type": "vxlan"}, "Unknown segmentation_type 'vxlan'"),
        ({"segmentation_id": None}, "missing segmentation information"),
        ({"port_id": "no"}, "'no' is not a valid UUID"),
    ],
)
def test_a_malformed_sub_port_is_refused(client: CoreClient, sub_port: dict[str, Any], message: str) -> None:
    parent, child = client.make_port()["id"], client.make_port()["id"]
    wish = {"trunk": {"port_id": parent, "sub_ports": [{**vlan(child), **sub_port}]}}

    assert message in error(client, "POST", "trunks", wish)[2]


def test_a_disabled_trunk_stays_as_it_is(client: CoreClient) -> None:
    trunk = make(client, "trunk", port_id=client.make_port()["id"], admin_state_up=False)["id"]

    assert error(client, "DELETE", f"trunks/{trunk}") == (
        409,
        "TrunkDisabled",
        f"Trunk {trunk} is currently disabled.",
    )


def test_a_port_of_a_server_cannot_become_a_parent(client: CoreClient) -> None:
    port = client.make_port()["id"]
    client.make_server(networks=[{"port": port}])

    assert error(client, "POST", "trunks", {"trunk": {"port_id": port}})[1] == "ParentPortInUse"
