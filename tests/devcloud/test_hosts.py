"""Where servers land: hosts, zones, server groups, hints, counts."""

from collections import Counter
from typing import Any

import pytest
from tests.devcloud.core_client import IMAGE_ID, CoreClient

from kubecapy.devcloud.settings import Capacity, Timing

NO_ROOM = "No valid host was found. "
NONE_ALLOWED = "No valid host was found. There are not enough hosts available."


def make_group(client: CoreClient, policy: str = "anti-affinity", **values: Any) -> Any:
    reply = client.compute("POST", "os-server-groups", {"server_group": {"name": "g", "policy": policy, **values}})
    assert reply.status == 200, reply.json
    return reply.json["server_group"]


def boot(client: CoreClient, hints: dict[str, Any], name: str = "server", **values: Any) -> str:
    server = {"name": name, "flavorRef": "2", "imageRef": IMAGE_ID, "networks": "none", **values}
    reply = client.compute("POST", "servers", {"server": server, "os:scheduler_hints": hints})
    assert reply.status == 202, reply.json
    return str(reply.json["server"]["id"])


def hosts_of(admin: CoreClient) -> list[str | None]:
    servers = admin.get("/compute/v2.1/servers/detail?all_tenants=1&sort_key=created_at&sort_dir=asc")["servers"]
    return [server["OS-EXT-SRV-ATTR:host"] for server in servers]


def test_a_strict_group_spreads_servers_and_the_one_too_many_says_that_hosts_are_missing(
    client: CoreClient, admin: CoreClient
) -> None:
    group = make_group(client)
    servers = [boot(client, {"group": group["id"]}) for _ in range(4)]
    client.wait(3)

    states = [client.server(server) for server in servers]

    assert [state["status"] for state in states] == ["ACTIVE", "ACTIVE", "ACTIVE", "ERROR"]
    assert states[3]["fault"]["message"] == NONE_ALLOWED
    assert len({admin.server(server)["OS-EXT-SRV-ATTR:host"] for server in servers[:3]}) == 3
    assert states[0]["server_groups"] == [group["id"]]
    shown = client.get(f"/compute/v2.1/os-server-groups/{group['id']}")["server_group"]
    assert sorted(shown["members"]) == sorted(servers)


def test_a_rule_lets_a_host_carry_several_members(client: CoreClient) -> None:
    group = make_group(client, rules={"max_server_per_host": 2})
    servers = [boot(client, {"group": group["id"]}) for _ in range(7)]
    client.wait(3)

    assert Counter(client.server(server)["status"] for server in servers) == {"ACTIVE": 6, "ERROR": 1}


def test_affinity_keeps_servers_together_and_soft_policies_never_refuse(client: CoreClient, admin: CoreClient) -> None:
    together, soft = make_group(client, "affinity"), make_group(client, "soft-anti-affinity")
    for _ in range(3):
        boot(client, {"group": together["id"]})
    assert len(set(hosts_of(admin))) == 1

    for _ in range(4):
        boot(client, {"group": soft["id"]})

    assert Counter(hosts_of(admin)) == {"devcloud-1": 4, "devcloud-2": 2, "devcloud-3": 1}


def test_hints_of_hosts_are_obeyed(client: CoreClient, admin: CoreClient) -> None:
    first = boot(client, {})
    beside = boot(client, {"same_host": [first]})
    apart = boot(client, {"different_host": first})

    here, same, other = (admin.server(server)["OS-EXT-SRV-ATTR:host"] for server in (first, beside, apart))

    assert here == same != other


def test_a_zone_chooses_the_host_and_is_shown(client: CoreClient) -> None:
    pinned = boot(client, {}, availability_zone="az2")
    free = boot(client, {})

    shown = client.server(pinned)
    assert (shown["OS-EXT-AZ:availability_zone"], shown["pinned_availability_zone"]) == ("az2", "az2")
    assert client.server(free)["pinned_availability_zone"] is None
    zones = client.get("/compute/v2.1/os-availability-zone")["availabilityZoneInfo"]
    assert [zone["zoneName"] for zone in zones] == ["nova", "az2"]


def test_hosts_of_a_zone_without_room_are_told_apart_from_forbidden_ones() -> None:
    client = CoreClient.fresh(capacity=Capacity(vcpus=1))
    first = boot(client, {}, availability_zone="az2")
    second = boot(client, {}, availability_zone="az2")
    client.wait(3)

    assert client.server(first)["status"] == "ACTIVE"
    assert client.server(second)["fault"]["message"] == NO_ROOM


@pytest.mark.parametrize(
    ("wish", "version", "status", "message"),
    [
        ({"name": "g", "policy": "near"}, "2.64", 400, "'near' is not one of"),
        ({"name": "g", "policies": ["soft-affinity"]}, "2.14", 400, "'soft-affinity' is not one of"),
        ({"name": "g", "policies": ["affinity"]}, "2.64", 400, "('policies' was unexpected)"),
        ({"name": "g", "policy": "affinity", "rules": {"max_server_per_host": 2}}, "2.64", 400, "Only anti-affinity"),
        ({"policy": "affinity"}, "2.64", 400, "'name' is a required property"),
    ],
)
def test_a_malformed_group_is_refused(
    client: CoreClient, wish: dict[str, Any], version: str, status: int, message: str
) -> None:
    client.microversion = version
    reply = client.compute("POST", "os-server-groups", {"server_group": wish})

    assert reply.status == status
    assert message in reply.message


def test_groups_are_shown_as_their_microversion_has_it_listed_and_deleted(client: CoreClient) -> None:
    group = make_group(client, rules={"max_server_per_host": "3"})
    boot(client, {"group": group["id"]})
    client.microversion = "2.15"
    old = client.get("/compute/v2.1/os-server-groups")["server_groups"]

    assert (group["policy"], group["rules"]) == ("anti-affinity", {"max_server_per_host": 3})
    assert (old[0]["policies"], old[0]["metadata"]) == (["anti-affinity"], {})
    assert client.compute("DELETE", f"os-server-groups/{group['id']}").status == 204
    gone = client.compute("GET", f"os-server-groups/{group['id']}")
    assert (gone.status, gone.message) == (404, f"Instance group {group['id']} could not be found.")


def test_quotas_of_groups_and_members_are_refused_in_novas_words(client: CoreClient, admin: CoreClient) -> None:
    group = make_group(client)
    limits = {"quota_set": {"server_groups": 1, "server_group_members": 0}}
    assert admin.compute("PUT", f"os-quota-sets/{group['project_id']}", limits).status == 200

    groups = client.compute("POST", "os-server-groups", {"server_group": {"name": "h", "policy": "affinity"}})
    body = {"server": {"name": "s", "flavorRef": "2", "imageRef": IMAGE_ID, "networks": "none"}}
    members = client.compute("POST", "servers", {**body, "OS-SCH-HNT:scheduler_hints": {"group": group["id"]}})

    assert (groups.status, groups.message) == (403, "Quota exceeded, too many server groups.")
    assert (members.status, members.message) == (403, "Quota exceeded, too many servers in group")


def test_an_unknown_group_is_refused(client: CoreClient, admin: CoreClient) -> None:
    foreign = make_group(admin)
    body = {"server": {"name": "s", "flavorRef": "2", "imageRef": IMAGE_ID, "networks": "none"}}

    reply = client.compute("POST", "servers", {**body, "os:scheduler_hints": {"group": foreign["id"]}})

    assert (reply.status, reply.message) == (400, f"Instance group {foreign['id']} could not be found.")


def test_one_call_makes_several_servers_as_far_as_the_quota_goes(client: CoreClient, admin: CoreClient) -> None:
    project = client.server(boot(client, {}, name="first"))["tenant_id"]
    assert admin.compute("PUT", f"os-quota-sets/{project}", {"quota_set": {"instances": 3}}).status == 200

    made = client.try_server("node", min_count=1, max_count=5)
    refused = client.try_server("more", min_count=2, max_count=2)

    assert made.status == 202
    names = {server["name"] for server in client.get("/compute/v2.1/servers")["servers"]}
    assert names == {"first", "node-1", "node-2"}
    assert refused.message == "Quota exceeded for instances: Requested 2, but already used 3 of 3 instances"


def test_all_quotas_that_are_passed_are_named_together(client: CoreClient, admin: CoreClient) -> None:
    project = client.server(boot(client, {}))["tenant_id"]
    limits = {"quota_set": {"instances": 1, "cores": 2}}
    assert admin.compute("PUT", f"os-quota-sets/{project}", limits).status == 200

    reply = client.try_server(flavorRef="4")

    assert reply.message == (
        "Quota exceeded for cores, instances: Requested 4, 1, but already used 1, 1 of 2, 1 cores, instances"
    )


def test_a_port_cannot_serve_several_servers(client: CoreClient) -> None:
    port = client.make_port()

    reply = client.try_server(networks=[{"port": port["id"]}], min_count=2)

    assert (reply.status, reply.message[:60]) == (
        400,
        "Failed to launch instances: Unable to launch multiple instan",
    )


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("abort", "Build of instance {} aborted: sim_fault=abort"),
        (
            "spawn",
            (
                "Exceeded maximum number of retries. Exhausted all hosts available for retrying build failures for "
                "instance {}."
            ),
        ),
    ],
)
def test_metadata_makes_a_boot_fail_and_frees_the_ports(client: CoreClient, fault: str, message: str) -> None:
    kept = client.make_port()
    ports = client.get("/networking/v2.0/ports")["ports"]
    server = client.make_server(
        metadata={"sim_fault": fault}, networks=[{"port": kept["id"]}, {"uuid": kept["network_id"]}]
    )["id"]
    client.wait(2)

    failed = client.server(server)

    assert (failed["status"], failed["fault"]["message"]) == ("ERROR", message.format(server))
    assert failed["OS-EXT-AZ:availability_zone"] == ""
    assert [port["id"] for port in client.get("/networking/v2.0/ports")["ports"]] == [port["id"] for port in ports]
    assert client.port(kept["id"])["device_id"] == ""


def test_metadata_delays_a_boot_for_as_long_as_it_says(client: CoreClient) -> None:
    slow = client.make_server(metadata={"sim_delay": "8.5"})["id"]
    stuck = client.make_server(metadata={"sim_delay": "inf"})["id"]
    client.wait(10)
    before = client.server(slow)["status"]
    client.wait(0.5)

    assert (before, client.server(slow)["status"]) == ("BUILD", "ACTIVE")
    client.wait(86_400)
    client.log_in()
    assert client.server(stuck)["status"] == "BUILD"


class TestSoftDelete:
    @pytest.fixture
    def client(self) -> CoreClient:
        return CoreClient.fresh(timing=Timing(reclaim_seconds=60))

    def test_a_soft_deleted_server_is_hidden_keeps_its_ports_and_goes_later(self, client: CoreClient) -> None:
        port = client.make_port()
        server = client.make_server(networks=[{"port": port["id"]}])["id"]
        client.wait(3)

        assert client.compute("DELETE", f"servers/{server}").status == 204
        client.wait(1)
        shown = client.server(server)

        assert (shown["status"], shown["OS-EXT-STS:vm_state"]) == ("SOFT_DELETED", "soft-delete")
        assert client.get("/compute/v2.1/servers")["servers"] == []
        assert client.port(port["id"])["device_id"] == server
        since = "/compute/v2.1/servers/detail?changes-since=2026-11-23T08:00:00Z"
        assert [item["status"] for item in client.get(since)["servers"]] == ["SOFT_DELETED"]
        client.wait(60)
        assert client.compute("GET", f"servers/{server}").status == 404
        assert client.port(port["id"])["device_id"] == ""
        assert [item["status"] for item in client.get(since)["servers"]] == ["DELETED"]

    def test_a_soft_deleted_server_can_be_restored_or_deleted_for_good(self, client: CoreClient) -> None:
        server = client.make_server(networks="none")["id"]
        client.wait(3)
        action = f"servers/{server}/action"
        assert client.compute("POST", action, {"restore": None}).status == 409
        client.compute("DELETE", f"servers/{server}")
        client.wait(1)

        assert client.compute("POST", action, {"restore": None}).status == 202
        client.wait(1)
        assert client.server(server)["status"] == "ACTIVE"
        assert client.compute("POST", action, {"forceDelete": None}).status == 202
        client.wait(1)
        assert client.compute("GET", f"servers/{server}").status == 404

    def test_a_server_that_never_ran_goes_at_once(self, client: CoreClient) -> None:
        server = client.make_server(networks="none")["id"]
        client.compute("DELETE", f"servers/{server}")
        client.wait(1)

        assert client.compute("GET", f"servers/{server}").status == 404


def test_changes_include_deleted_servers_within_their_bounds(client: CoreClient) -> None:
    gone = client.make_server("gone", networks="none")["id"]
    client.wait(5)
    client.compute("DELETE", f"servers/{gone}")
    client.wait(5)
    client.make_server("late", networks="none")

    def names(query: str) -> list[tuple[str, str]]:
        servers = client.get(f"/compute/v2.1/servers/detail?{query}")["servers"]
        return [(server["name"], server["status"]) for server in servers]

    since, before = "changes-since=2026-11-23T08:00:05Z", "changes-before=2026-11-23T08:00:09Z"
    assert names(since) == [("late", "BUILD"), ("gone", "DELETED")]
    assert names(f"{since}&{before}") == [("gone", "DELETED")]
    refused = client.compute("GET", "servers?changes-since=2026-11-24T00:00:00Z&changes-before=2026-11-23T00:00:00Z")
    assert refused.message == "The value of changes-since must be less than or equal to changes-before."
    client.microversion = "2.65"
    assert names(before) == [("late", "BUILD")]


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("status=sleepy", 400, "Invalid status value"),
        ("status=DELETED", 403, "Only administrators may list deleted instances"),
    ],
)
def test_a_status_that_cannot_be_listed_is_refused(client: CoreClient, query: str, status: int, message: str) -> None:
    reply = client.compute("GET", f"servers?{query}")

    assert (reply.status, reply.message) == (status, message)
