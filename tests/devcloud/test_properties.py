"""What holds for every call: no crash, no half-done refusal, and a world whose parts fit together."""

from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.devcloud.core_client import IMAGE_ID, PUBLIC_KEY, CoreClient, Reply

from kubecapy.devcloud import seed
from kubecapy.devcloud.settings import Capacity
from kubecapy.devcloud.world.world import World

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

TABLES = (
    "servers",
    "volumes",
    "snapshots",
    "server_groups",
    "key_pairs",
    "networks",
    "subnets",
    "ports",
    "routers",
    "security_groups",
    "security_group_rules",
    "floating_ips",
    "trunks",
    "application_credentials",
)
PREFIX = {
    "identity": "/identity",
    "compute": "/compute",
    "network": "/networking",
    "image": "/image",
    "block-storage": "/volume",
}
KEY_OF = {
    "servers": "server",
    "os-server-groups": "server_group",
    "volumes": "volume",
    "snapshots": "snapshot",
    "os-volume_attachments": "volumeAttachment",
    "os-keypairs": "keypair",
    "os-interface": "interfaceAttachment",
    "networks": "network",
    "subnets": "subnet",
    "ports": "port",
    "routers": "router",
    "security-groups": "security_group",
    "security-group-rules": "security_group_rule",
    "floatingips": "floatingip",
    "trunks": "trunk",
    "add_subports": "sub_ports",
    "remove_subports": "sub_ports",
    "os-quota-sets": "quota_set",
    "quotas": "quota",
    "application_credentials": "application_credential",
    "tokens": "auth",
    "metadata": "metadata",
    "{key}": "meta",
    "tags": "tags",
}
ACTIONS = (
    "os-getConsoleOutput",
    "reboot",
    "os-stop",
    "os-start",
    "addFloatingIp",
    "removeFloatingIp",
    "forceDelete",
    "restore",
)
FIELDS = (
    "id",
    "name",
    "domain",
    "uuid",
    "port",
    "ip_address",
    "subnet_id",
    "start",
    "end",
    "user",
    "project",
    "length",
)
GOOD_VALUES: tuple[Any, ...] = (
    "2", "password", "ingress", "10.6.0.9", "10.9.0.0/24", "::1", 4, 6, True, None, "", seed.NETWORK_ID,
    seed.SUBNET_ID, seed.EXTERNAL_NETWORK_ID, seed.ROUTER_ID, seed.SECURITY_GROUP_ID, *seed.IMAGE_NAMES, "SOFT",
    seed.MEMBER_USER_ID, ["password"], ["token"], ["application_credential"], "auto", "none", "172.24.4.2",
)  # fmt: skip

leaves = st.sampled_from(GOOD_VALUES) | st.integers(-5, 70000) | st.text(max_size=5)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=5),
    max_leaves=12,
)


USER = {"id": seed.MEMBER_USER_ID, "password": "x"}
LOGIN = {"methods": ["password"], "password": {"user": USER}, "token": {"id": "x"}, "application_credential": {}}
SUB_PORT = {"port_id": seed.NETWORK_ID, "segmentation_type": "vlan", "segmentation_id": 7}
SOUND: dict[str, dict[str, Any]] = {
    "server": {
        "name": "s",
        "flavorRef": "2",
        "imageRef": IMAGE_ID,
        "networks": [{"uuid": seed.NETWORK_ID, "fixed_ip": None, "port": None}],
        "security_groups": [{"name": "default"}],
        "metadata": {"a": "b"},
        "tags": ["t"],
        "user_data": "aGk=",
        "availability_zone": "nova",
        "key_name": None,
        "description": None,
        "config_drive": False,
        "block_device_mapping_v2": [
            {
                "boot_index": 0,
                "uuid": IMAGE_ID,
                "source_type": "image",
                "destination_type": "volume",
                "volume_size": 1,
                "delete_on_termination": True,
            }
        ],
        "max_count": 1,
    },
    "server_group": {"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": 2}},
    "volume": {"name": "v", "size": 1, "imageRef": IMAGE_ID, "volume_type": "fast", "metadata": {"a": "b"}},
    "snapshot": {"name": "s", "volume_id": "v", "force": True},
    "volumeAttachment": {"volumeId": "v", "delete_on_termination": True},
    "keypair": {"name": "k", "public_key": PUBLIC_KEY, "type": "ssh", "user_id": None},
    "interfaceAttachment": {"net_id": seed.NETWORK_ID, "fixed_ips": [{"ip_address": "10.6.0.9"}]},
    "network": {"name": "n", "mtu": 1400, "admin_state_up": True},
    "subnet": {
        "network_id": seed.NETWORK_ID,
        "cidr": "10.9.0.0/24",
        "ip_version": 4,
        "gateway_ip": "10.9.0.1",
        "enable_dhcp": False,
        "allocation_pools": [{"start": "10.9.0.8", "end": "10.9.0.9"}],
        "host_routes": [{"destination": "10.8.0.0/24", "nexthop": "10.9.0.1"}],
    },
    "port": {
        "network_id": seed.NETWORK_ID,
        "fixed_ips": [{"ip_address": "10.6.0.9", "subnet_id": seed.SUBNET_ID}],
        "mac_address": "fa:16:3e:00:00:01",
        "allowed_address_pairs": [{"ip_address": "10.6.0.0/24"}],
        "security_groups": [seed.SECURITY_GROUP_ID],
        "binding:vnic_type": "normal",
        "device_id": "",
    },
    "router": {"external_gateway_info": {"network_id": seed.EXTERNAL_NETWORK_ID, "enable_snat": True}},
    "security_group": {"name": "g", "description": ""},
    "security_group_rule": {
        "security_group_id": seed.SECURITY_GROUP_ID,
        "direction": "ingress",
        "protocol": "tcp",
        "port_range_min": 1,
        "port_range_max": 2,
        "remote_ip_prefix": None,
        "remote_group_id": None,
        "ethertype": "IPv4",
    },
    "floatingip": {
        "floating_network_id": seed.EXTERNAL_NETWORK_ID,
        "port_id": None,
        "fixed_ip_address": None,
        "description": "",
    },
    "trunk": {"port_id": seed.NETWORK_ID, "name": "t", "sub_ports": [SUB_PORT]},
    "networks": [{"name": "one"}, {"name": "two"}],
    "sub_ports": [SUB_PORT],
    "quota_set": {"cores": 5},
    "quota": {"port": 100},
    "metadata": {"a": "b"},
    "meta": {"k": "v"},
    "application_credential": {"name": "a", "secret": "s", "expires_at": "2027-01-01T00:00:00"},
    "auth": {"identity": LOGIN, "scope": {"project": {"id": seed.PROJECT.id, "name": "x", "domain": {"id": "x"}}}},
    "addFloatingIp": {"address": "172.24.4.2", "fixed_address": None},
    "removeFloatingIp": {"address": "172.24.4.2"},
    "os-getConsoleOutput": {"length": 5},
    "reboot": {"type": "HARD"},
}


def names_in(sound: Any) -> set[str]:
    """Return the names of every object within `sound`."""
    if isinstance(sound, list):
        return set().union(*(names_in(item) for item in sound))
    if not isinstance(sound, dict):
        return set()
    return set(sound).union(*(names_in(item) for item in sound.values()))


def spoil(sound: Any, changes: dict[str, Any]) -> Any:
    """Return `sound` with the values of `changes` in place of its own, at every depth."""
    if isinstance(sound, list):
        return [spoil(item, changes) for item in sound]
    if not isinstance(sound, dict):
        return sound
    return {name: changes[name] if name in changes else spoil(value, changes) for name, value in sound.items()}


def without(sound: Any, gone: set[str]) -> Any:
    """Return `sound` without some of its names; a list loses them in every item."""
    if isinstance(sound, list):
        return [without(item, gone) for item in sound]
    return {name: value for name, value in sound.items() if name not in gone}


def bodies(template: str) -> st.SearchStrategy[Any]:
    """Return bodies with the key that the route wants: sound ones gone bad in places, and now and then anything."""
    keys = [KEY_OF[part] for part in template.split("/") if part in KEY_OF][-1:] or ["subnet_id"]
    keys = list(ACTIONS) if template.endswith("/action") else keys
    return st.sampled_from(keys).flatmap(bodies_with) | bare | values


def bodies_with(key: str) -> st.SearchStrategy[Any]:
    sound = SOUND.get(key, {})
    names = st.sampled_from(sorted(names_in(sound)) or ["name"])
    spoilt = st.dictionaries(names, values, max_size=2).map(lambda changes: {key: spoil(sound, changes)})
    fewer = st.sets(names, max_size=8).map(lambda gone: {key: without(sound, gone)})
    return spoilt | spoilt | fewer | values.map(lambda value: {key: value})


bare = st.dictionaries(st.sampled_from(["subnet_id", "port_id", "tags"]), leaves, max_size=2)
queries = st.dictionaries(
    st.sampled_from(
        ["limit", "marker", "name", "sort_key", "sort_dir", "tags", "fields", "changes-since", "ip", "status"]
    ),
    st.sampled_from(["1", "x", "(", "", "0", "desc", "2026-01-01", seed.NETWORK_ID]),
    max_size=3,
)


def snapshot(world: World) -> Any:
    return {name: dict(getattr(world, name)) for name in TABLES}


def all_routes(client: CoreClient) -> list[tuple[str, str]]:
    found = []
    for service in client.cloud._services.values():
        for routes in service.table._by_length.values():
            found += [(route.method, PREFIX[service.name] + route.template) for _, route in routes]
    return sorted(set(found))


ROUTES = all_routes(CoreClient.fresh())
WRITES = [route for route in ROUTES if route[0] in {"POST", "PUT"}]


def fill(template: str, client: CoreClient, draw: st.DataObject) -> str:
    world = client.cloud.world
    known = {
        "server_id": list(world.servers), "image_id": list(seed.IMAGE_NAMES), "flavor_id": ["2"],
        "project_id": [seed.PROJECT.id], "user_id": [seed.MEMBER_USER_ID], "alias": ["trunk"], "name": ["k"],
        "port_id": list(world.ports), "tag": ["t"], "key": ["k"],
        "id": [
            seed.NETWORK_ID, seed.SUBNET_ID, seed.ROUTER_ID, seed.SECURITY_GROUP_ID, seed.floating_ip_id(0),
            *world.ports, *world.trunks, *world.server_groups,
        ],
        "volume_id": list(world.volumes), "snapshot_id": list(world.snapshots),
    }  # fmt: skip
    path = template
    for name, choices in known.items():
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", draw.draw(st.sampled_from([*choices, "unknown"])))
    return path


@QUICK
@given(data=st.data())
def test_no_call_crashes_and_a_refused_one_changes_nothing(data: st.DataObject) -> None:
    client = CoreClient.fresh()
    client.make_server(networks=[{"port": client.make_port()["id"]}])
    caller = client.as_admin() if data.draw(st.booleans()) else client

    for _ in range(15):
        method, template = data.draw(st.sampled_from(ROUTES) | st.sampled_from(WRITES))
        query = "&".join(f"{name}={value}" for name, value in data.draw(queries).items()) if method == "GET" else ""
        body = data.draw(bodies(template)) if method in {"POST", "PUT"} else None
        before = snapshot(client.cloud.world)

        reply = caller.call(method, f"{fill(template, client, data)}?{query}", body)

        assert reply.status < 500
        if reply.status >= 400:
            assert snapshot(client.cloud.world) == before


def operate(client: CoreClient, operation: str, data: st.DataObject) -> Reply | None:
    world = client.cloud.world
    servers = list(world.servers)
    own_ports = [port.id for port in world.ports.values() if port.project_id == seed.PROJECT.id]
    match operation:
        case "port":
            return client.network("POST", "ports", {"port": {"network_id": seed.NETWORK_ID, "name": "p"}})
        case "server on network":
            return client.try_server()
        case "server on port":
            return client.try_server(networks=[{"port": data.draw(st.sampled_from(own_ports))}])
        case "huge server":
            return client.try_server(flavorRef="5")
        case "delete server" if servers:
            return client.compute("DELETE", f"servers/{data.draw(st.sampled_from(servers))}")
        case "delete port":
            return client.network("DELETE", f"ports/{data.draw(st.sampled_from(own_ports))}")
        case "associate":
            return client.associate(data.draw(st.sampled_from([*own_ports, None])), data.draw(st.integers(0, 5)))
        case "detach" if servers:
            path = f"servers/{data.draw(st.sampled_from(servers))}/os-interface/{data.draw(st.sampled_from(own_ports))}"
            return client.compute("DELETE", path)
        case "wait":
            client.wait(data.draw(st.sampled_from([0.1, 1.0, 2.0])))
    return None


def require_consistent(world: World) -> None:
    fixed = [(ip.subnet_id, ip.ip_address) for port in world.ports.values() for ip in port.fixed_ips]
    floating = [ip.floating_ip_address for ip in world.floating_ips.values()]
    assert len(fixed) == len(set(fixed)), "an address was given twice"
    assert len(floating) == len(set(floating)), "a floating address was given twice"
    devices = {*world.servers, *world.routers, ""}
    for port in world.ports.values():
        assert port.device_id in devices, "a port is bound to a device that is gone"
        server = world.servers.get(port.device_id)
        if server is not None:
            assert (port.status == "ACTIVE") == (server.status == "ACTIVE")
    for ip in world.floating_ips.values():
        port = world.ports.get(ip.port_id or "")
        assert (port is not None) == (ip.port_id is not None) == (ip.status == "ACTIVE")
        assert port is None or ip.fixed_ip_address in {fixed.ip_address for fixed in port.fixed_ips}
    made_by_nova = {port_id for server in world.servers.values() for port_id in server.own_port_ids}
    nameless = {
        port.id for port in world.ports.values() if not port.name and not port.device_owner.startswith("network:")
    }
    assert nameless <= made_by_nova, "Nova left a port of its own behind"


OPERATIONS = (
    "port", "server on network", "server on port", "huge server", "delete server", "delete port", "associate", "detach",
    "wait",
)  # fmt: skip


@QUICK
@given(data=st.data())
def test_whatever_is_done_the_parts_of_the_world_fit_together(data: st.DataObject) -> None:
    client = CoreClient.fresh(capacity=Capacity(vcpus=9))

    for operation in data.draw(st.lists(st.sampled_from(OPERATIONS), max_size=25)):
        operate(client, operation, data)
        require_consistent(client.cloud.world)


@QUICK
@given(data=st.data())
def test_a_project_whose_servers_and_ports_are_deleted_is_as_at_the_start(data: st.DataObject) -> None:
    client = CoreClient.fresh()
    world = client.cloud.world
    before = {name: set(table) for name, table in snapshot(world).items()}
    for operation in data.draw(st.lists(st.sampled_from(OPERATIONS), max_size=15)):
        operate(client, operation, data)

    for server_id in list(world.servers):
        client.compute("DELETE", f"servers/{server_id}")
    client.wait(10)
    client.get("/compute/v2.1/servers")
    for port in list(world.ports.values()):
        if port.name == "p":
            assert client.network("DELETE", f"ports/{port.id}").status == 204

    assert {name: set(table) for name, table in snapshot(world).items()} == before
    assert all(ip.port_id is None or ip.port_id in world.ports for ip in world.floating_ips.values())


def test_the_same_seed_makes_the_same_cloud() -> None:
    first, second = CoreClient.fresh(), CoreClient.fresh()

    assert first.make_server()["id"] == second.make_server()["id"]
    assert msgspec.json.encode(snapshot(first.cloud.world)["ports"]) == msgspec.json.encode(
        snapshot(second.cloud.world)["ports"]
    )
