import json
import socket
import ssl
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.devcloud.control_client import ControlClient, ControlError
from tests.devcloud.running_cloud import running_cloud, wait_until

from kubecapy.devcloud import seed
from kubecapy.devcloud.serve import DevCloudServer


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevCloudServer]:
    with running_cloud(tmp_path_factory.mktemp("cloud")) as server:
        yield server


@pytest.fixture
def control(cloud: DevCloudServer) -> ControlClient:
    client = ControlClient.from_file(cloud.control_token_path)
    client.clear_faults()
    return client


def refused(control: ControlClient, method: str, path: str, body: object = None) -> tuple[int, str]:
    with pytest.raises(ControlError) as caught:
        control.call(method, path, body)
    return caught.value.status, caught.value.message


def test_the_control_endpoint_asks_for_its_token(control: ControlClient) -> None:
    stranger = ControlClient(control.url, "guess")

    assert refused(stranger, "GET", "/ledger") == (
        401,
        "give the token of control.json as Authorization: Bearer <token>",
    )
    assert stranger.call("GET", "/health") == {"calls": 0}


def test_a_fault_rule_is_set_shown_and_removed(control: ControlClient) -> None:
    rule = control.fault({"kind": "drop", "when": "after"}, nth=2, service="compute", path="/servers$")

    shown = control.call("GET", "/faults")["faults"]
    control.call("DELETE", f"/faults/{rule}")

    assert [(item["id"], item["rule"]["nth"], item["rule"]["action"]) for item in shown] == [
        (rule, 2, {"kind": "drop", "when": "after"})
    ]
    assert control.call("GET", "/faults") == {"faults": []}
    assert refused(control, "DELETE", f"/faults/{rule}") == (404, f"there is no fault rule {rule}")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"action": {"kind": "explode"}}, "Invalid value 'explode' - at `$.action.kind`"),
        ({"action": {"kind": "drop"}, "nth": 0}, "nth is 0, expected 1 or more: 1 is the next call that fits"),
        ({"action": {"kind": "drop"}, "match": {"path": "("}}, "path is no regular expression"),
        ({"action": {"kind": "kill", "pid": 1}}, "pid is 1, expected the id of one process, 2 or above"),
        (
            {"action": {"kind": "drop"}, "match": {"servce": "x"}},
            "Object contains unknown field `servce` - at `$.match`",
        ),
        ({}, "Object missing required field `action`"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_rule_is_refused_in_one_sentence(control: ControlClient, rule: object, message: str) -> None:
    status, text = refused(control, "POST", "/faults", rule)

    assert status == 400
    assert text.startswith(message)


def test_happenings_change_the_world(control: ControlClient) -> None:
    quota = control.happen("/world/quotas", service="network", resource="port", limit=7)
    timing = control.happen("/world/timing", boot_seconds=9)
    capacity = control.happen("/world/capacity", vcpus=3)
    address = control.happen("/world/floatingips", address="172.24.4.200")
    control.happen(f"/world/routers/{seed.ROUTER_ID}/detach", subnet_id=seed.SUBNET_ID)
    ports = control.world()["ports"]
    control.happen(f"/world/routers/{seed.ROUTER_ID}/attach", subnet_id=seed.SUBNET_ID)

    assert quota["limits"]["port"] == 7
    assert (timing["boot_seconds"], capacity["vcpus"]) == (9, 3)
    assert address["floating_ip_address"] == "172.24.4.200"
    assert control.world()["ports"] == ports + 1


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("/world/servers/none/remove", {}, 404, "Instance none could not be found."),
        ("/world/servers/none/error", {"message": "x"}, 404, "Instance none could not be found."),
        ("/world/quotas", {"service": "compute", "resource": "cars", "limit": 1}, 400, "no quota compute/cars; "),
        ("/world/timing", {"boot": 1}, 400, "unknown name boot; the names are boot_seconds, "),
        ("/world/timing", {"boot_seconds": -1}, 400, "timing: boot_seconds is -1"),
        ("/world/timing", {"boot_seconds": "soon"}, 400, "Expected `float`, got `str`"),
        ("/world/floatingips", {"address": "9.9.9.9"}, 400, "IP address 9.9.9.9 is not a valid IP for any of the "),
        ("/world/routers/none/detach", {"subnet_id": "s"}, 404, "Router none could not be found"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_happening_that_cannot_be_is_refused_in_one_sentence(
    control: ControlClient, path: str, body: object, status: int, message: str
) -> None:
    given, text = refused(control, "POST", path, body)

    assert given == status
    assert text.startswith(message)


def test_the_token_file_is_its_owners_alone(cloud: DevCloudServer) -> None:
    folder = cloud.control_token_path.parent

    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir() if path.is_file()} == dict.fromkeys(
        ["ca.pem", "clouds.yaml", "control.json", "server.key", "server.pem"], 0o600
    )


def test_the_summary_counts_by_route(cloud: DevCloudServer, control: ControlClient) -> None:
    before = cloud.statistics().calls

    for _ in range(3):
        _get_versions(cloud)

    summary = control.call("GET", "/ledger/summary")
    assert summary["calls"] == before + 3
    assert {"service": "network", "method": "GET", "template": "", "status": 200, "calls": 3} in summary["counts"]
    assert [entry["path"] for entry in control.entries(after=before, service="network")] == ["/networking/"] * 3


def test_the_cloud_stops_at_once_with_open_and_held_connections(tmp_path: Path) -> None:
    with running_cloud(tmp_path) as server:
        url, control = server.url, ControlClient.from_file(server.control_token_path)
        control.fault({"kind": "hold"}, times=None, service="network")
        held = _open_raw(server, b"GET /networking/ HTTP/1.1\r\nHost: x\r\n\r\n")
        idle = _open_raw(server, b"")
        wait_until(lambda: control.call("GET", "/faults")["faults"][0]["struck"])
        begun = time.monotonic()
    took = time.monotonic() - begun
    held.close()
    idle.close()

    assert took < 1
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))


def _get_versions(server: DevCloudServer) -> None:
    context = ssl.create_default_context(cafile=str(server.ca_path))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    with opener.open(f"{server.url}/networking/", timeout=5) as response:
        assert json.load(response)["versions"][0]["id"] == "v2.0"


def _open_raw(server: DevCloudServer, data: bytes) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(server.ca_path))
    plain = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))
    wrapped = context.wrap_socket(plain, server_hostname="127.0.0.1")
    wrapped.sendall(data)
    return wrapped
