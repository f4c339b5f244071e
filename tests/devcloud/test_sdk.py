"""openstacksdk, unmodified, as a stranger who knows only OpenStack."""

import base64
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import openstack
import pytest
import requests
from keystoneauth1 import exceptions as auth_errors
from openstack.config import OpenStackConfig
from openstack.connection import Connection
from tests.devcloud.control_client import ControlClient
from tests.devcloud.core_client import IMAGE_ID, PUBLIC_KEY
from tests.devcloud.running_cloud import running_cloud, wait_until

from kubecapy.devcloud import seed
from kubecapy.devcloud.serve import DevCloudServer

NAME = "liugya-master-x7k2p"
# The SDK warns of its own next version, from its own code.
pytestmark = [
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK50Warning"),
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK60Warning"),
]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevCloudServer]:
    with running_cloud(tmp_path_factory.mktemp("cloud")) as server:
        yield server


@pytest.fixture(scope="module", autouse=True)
def _no_proxy() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield


@pytest.fixture
def control(cloud: DevCloudServer) -> Iterator[ControlClient]:
    client = ControlClient.from_file(cloud.control_token_path)
    yield client
    client.clear_faults()


def connect(cloud: DevCloudServer, name: str = "openstack", **auth: str) -> Connection:
    config = OpenStackConfig(config_files=[str(cloud.clouds_yaml_path)], load_envvars=False)
    return Connection(config=config.get_one(name, **({"auth": auth} if auth else {})))


@pytest.fixture(scope="module")
def member(cloud: DevCloudServer) -> Iterator[Connection]:
    with connect(cloud) as connection:
        yield connection


@pytest.fixture(scope="module")
def admin(cloud: DevCloudServer) -> Iterator[Connection]:
    with connect(cloud, "admin") as connection:
        yield connection


def test_the_whole_life_of_a_machine(cloud: DevCloudServer, member: Connection, admin: Connection) -> None:
    user_data = base64.b64encode(b"#cloud-config\n").decode()
    key = member.compute.create_keypair(name="cluster-api-provider-openstack", public_key=PUBLIC_KEY)
    network = member.network.get_network(seed.NETWORK_ID)
    group = member.network.find_security_group(seed.SECURITY_GROUP_ID)
    image, flavor = next(member.image.images(name="KVM-Ubt18.04-Srv-x64")), member.compute.find_flavor("m1.xlarge")

    port = member.network.create_port(name=NAME, network_id=network.id, security_groups=[group.id])
    member.network.set_tags(port, ["cluster-api-provider-openstack", "test1"])
    server = member.compute.create_server(
        name=NAME,
        image_id=image.id,
        flavor_id=flavor.id,
        availability_zone="nova",
        key_name=key.name,
        networks=[{"port": port.id}],
        user_data=user_data,
        tags=["test1"],
        metadata={"cluster": "test1"},
    )
    wait_until(lambda: member.compute.get_server(server.id).status == "ACTIVE")
    floating_ip = next(member.network.ips(port_id=None))
    member.network.update_ip(floating_ip, port_id=port.id)

    shown = member.compute.get_server(server.id)
    addresses = {item["OS-EXT-IPS:type"]: item["addr"] for item in shown.addresses["private"]}
    assert addresses == {
        "fixed": port.fixed_ips[0]["ip_address"],
        "floating": floating_ip.floating_ip_address,
    }
    assert (shown.key_name, shown.tags, shown.metadata) == (key.name, ["test1"], {"cluster": "test1"})
    assert [item.id for item in member.network.ports(tags="test1", name=NAME)] == [port.id]
    assert [item.id for item in member.compute.servers(name=f"^{NAME}$")] == [server.id]
    assert [item.user_data for item in admin.compute.servers(all_projects=True)] == [user_data]

    cloud.console_dir.mkdir(exist_ok=True)
    (cloud.console_dir / f"{server.id}.log").write_text("cloud-init finished\n")
    assert member.compute.get_server_console_output(server.id)["output"] == "cloud-init finished\n"

    member.compute.delete_server(server)
    wait_until(lambda: member.compute.find_server(server.id) is None)
    assert member.network.get_port(port.id).device_id == ""
    member.network.delete_port(port)
    assert member.network.get_ip(floating_ip.id).port_id is None
    member.compute.delete_keypair(key)
    assert list(member.compute.keypairs()) == []


def test_networks_routers_and_groups_are_made_and_removed(member: Connection) -> None:
    network = member.network.create_network(name="n")
    subnet = member.network.create_subnet(
        network_id=network.id, cidr="10.20.0.0/24", ip_version=4, dns_nameservers=["9.9.9.9"]
    )
    router = member.network.create_router(name="r", external_gateway_info={"network_id": seed.EXTERNAL_NETWORK_ID})
    member.network.add_interface_to_router(router, subnet_id=subnet.id)
    group = member.network.create_security_group(name="g")
    rule = member.network.create_security_group_rule(
        security_group_id=group.id, direction="ingress", protocol="tcp", port_range_min=22, port_range_max=22
    )

    assert [port.device_owner for port in member.network.ports(device_id=router.id)] == ["network:router_interface"]
    assert rule.id in {item["id"] for item in member.network.get_security_group(group.id).security_group_rules}
    with pytest.raises(openstack.exceptions.ConflictException):
        member.network.delete_network(network)

    member.network.remove_interface_from_router(router, subnet_id=subnet.id)
    member.network.delete_router(router)
    member.network.delete_security_group(group)
    member.network.delete_network(network)
    assert member.network.find_subnet(subnet.id) is None


def test_the_sdk_understands_the_errors(member: Connection) -> None:
    wish = {"name": "s", "flavor_id": "2", "image_id": IMAGE_ID}

    with pytest.raises(openstack.exceptions.BadRequestException, match="Invalid key_name provided"):
        member.compute.create_server(**wish, networks="none", key_name="missing")
    with pytest.raises(openstack.exceptions.NotFoundException, match="No image found with ID none"):
        member.image.get_image("none")
    with pytest.raises(openstack.exceptions.NotFoundException, match="Port none could not be found"):
        member.network.get_port("none")


def test_a_wrong_password_is_told_by_keystone(cloud: DevCloudServer) -> None:
    refusal = "The request you have made requires authentication"

    with (
        connect(cloud, password="wrong") as connection,
        pytest.raises(openstack.exceptions.SDKException, match=refusal),
    ):
        connection.authorize()


def test_a_client_that_does_not_trust_the_authority_stops(cloud: DevCloudServer) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{cloud.url}/identity/v3", timeout=5)


def test_an_expired_token_is_renewed_by_the_sdk(member: Connection, control: ControlClient) -> None:
    member.authorize()
    expired = control.happen("/world/tokens/expire", user="capi")["expired"]

    assert expired >= 1
    assert [network.name for network in member.network.networks()] == ["private", "public"]


def test_a_server_can_fail_and_vanish_behind_its_owners_back(member: Connection, control: ControlClient) -> None:
    server = member.compute.create_server(name="s", flavor_id="2", image_id=IMAGE_ID, networks="none")
    control.happen(f"/world/servers/{server.id}/error", message="disk full")
    failed = member.compute.get_server(server.id)
    control.happen(f"/world/servers/{server.id}/remove")

    assert (failed.status, failed.fault["message"]) == ("ERROR", "disk full")
    assert member.compute.find_server(server.id) is None


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_a_dropped_connection_is_an_error_to_the_client(
    member: Connection, control: ControlClient, when: str, made: int
) -> None:
    before = control.world()["ports"]
    control.fault({"kind": "drop", "when": when}, service="network", method="POST")

    with pytest.raises(auth_errors.ConnectFailure):
        member.network.create_port(name="dropped", network_id=seed.NETWORK_ID)

    assert control.world()["ports"] == before + made
    for port in member.network.ports(name="dropped"):
        member.network.delete_port(port)


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_a_client_process_is_killed_at_its_call(
    cloud: DevCloudServer, control: ControlClient, when: str, made: int
) -> None:
    with connect(cloud) as connection:
        token, url = connection.auth_token, f"{cloud.url}/networking/v2.0/ports"
    before = control.world()["ports"]
    client = subprocess.Popen([sys.executable, "-c", CLIENT, url, str(cloud.ca_path)], stdin=subprocess.PIPE, text=True)
    control.fault({"kind": "kill", "pid": client.pid, "when": when}, user_agent="doomed")

    client.communicate(token, timeout=10)

    assert client.returncode == -signal.SIGKILL
    assert control.world()["ports"] == before + made
    assert control.entries(effect="write")[-1]["fault"] == f"kill {when}"


# A client with few imports; the token comes by standard input, since arguments can be read by everybody.
CLIENT = f"""
import json, ssl, sys, urllib.request
body = json.dumps({{"port": {{"name": "doomed", "network_id": "{seed.NETWORK_ID}"}}}}).encode()
headers = {{"X-Auth-Token": sys.stdin.read(), "User-Agent": "doomed"}}
request = urllib.request.Request(sys.argv[1], body, headers)
context = ssl.create_default_context(cafile=sys.argv[2])
opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}), urllib.request.HTTPSHandler(context=context))
opener.open(request)
"""


def test_a_delayed_answer_comes_late(member: Connection, control: ControlClient) -> None:
    member.authorize()
    control.fault({"kind": "delay", "seconds": 0.1}, service="network", method="GET")

    begun = time.monotonic()
    list(member.network.networks())

    assert time.monotonic() - begun >= 0.1


def test_an_overloaded_service_answers_in_its_place(member: Connection, control: ControlClient) -> None:
    body = {"overLimit": {"code": 413, "message": "slow down"}}
    control.fault({"kind": "answer", "status": 413, "body": body}, service="compute", method="GET", path="servers")

    with pytest.raises(openstack.exceptions.HttpException, match="slow down"):
        list(member.compute.servers())


def test_the_openstack_command_line_works_unmodified(cloud: DevCloudServer, tmp_path: Path) -> None:
    (tmp_path / "key.pub").write_text(PUBLIC_KEY)
    commands = [
        f"keypair create --public-key {tmp_path}/key.pub demo -f value -c fingerprint",
        "keypair list -f value -c Name",
        "keypair show demo -f value -c user_id",
        "image list -f value -c Name",
        "flavor list -f value -c Name",
        "network list -f value -c Name",
        "network show private -f value -c id",
        "subnet list -f value -c Name",
        "port list -f value -c Status",
        "router list -f value -c Name",
        "floating ip list -f value -c 'Floating IP Address'",
        "security group list -f value -c Name",
        "security group show kubecapy -f value -c id",
        "availability zone list -f value -c 'Zone Name'",
        "catalog list -f value -c Type",
        "token issue -f value -c project_id",
        "server create --flavor m1.small --image KVM-CentOS7-x64 --network private --key-name demo vm -f value -c name",
        "server list -f value -c Name -c Flavor",
        "server show vm -f value -c key_name",
        "console log show vm",
        "server delete vm",
        "keypair delete demo",
    ]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "OS_CLIENT_CONFIG_FILE": str(cloud.clouds_yaml_path),
        "OS_CLOUD": "openstack",
        "NO_PROXY": "127.0.0.1",
    }

    finished = subprocess.run(
        [sys.executable, "-c", SHELL],
        input="\n".join(commands),
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )

    answers = dict(part.split("\n", 1) for part in finished.stdout.split("$ ")[1:])
    assert [command for command in commands if not answers[command].endswith("=> 0\n")] == [], finished.stderr
    assert answers[commands[1]] == "demo\n=> 0\n"
    assert answers["network show private -f value -c id"] == f"{seed.NETWORK_ID}\n=> 0\n"
    assert answers["server list -f value -c Name -c Flavor"] == "vm m1.small\n=> 0\n"
    assert answers["image list -f value -c Name"].split("\n")[:2] == ["KVM-CentOS7-x64", "KVM-Ubt18.04-Srv-x64"]
    assert answers["token issue -f value -c project_id"] == f"{seed.PROJECT.id}\n=> 0\n"


# The command's own entry point, called for each line: 20 starts of the interpreter would take half a minute.
SHELL = """
import shlex, sys
from openstackclient.shell import OpenStackShell
for line in sys.stdin.read().splitlines():
    print("$ " + line, flush=True)
    print("=> %d" % OpenStackShell().run(shlex.split(line)), flush=True)
"""


def test_the_sdk_finds_cinder_in_the_catalog_and_boots_from_a_volume(member: Connection) -> None:
    volume = member.block_storage.create_volume(size=2, image_id=IMAGE_ID, name="root")
    member.block_storage.wait_for_status(volume, "available", interval=0.05, wait=10)
    mapping = {"boot_index": 0, "uuid": volume.id, "source_type": "volume", "destination_type": "volume"}

    server = member.compute.create_server(
        name="from-volume", flavor_id="2", networks="none", block_device_mapping=[mapping]
    )
    member.compute.wait_for_server(server, interval=0.05, wait=10)

    assert member.block_storage.get_volume(volume).attachments[0]["server_id"] == server.id
    assert [item.volume_id for item in member.compute.volume_attachments(server)] == [volume.id]
    member.compute.delete_server(server)
    member.compute.wait_for_delete(server, interval=0.05, wait=10)
    member.block_storage.delete_volume(volume)
    member.block_storage.wait_for_delete(volume, interval=0.05, wait=10)


def test_the_sdk_goes_to_the_region_and_interface_that_it_is_told(tmp_path: Path) -> None:
    with running_cloud(tmp_path, regions=("RegionOne", "RegionTwo")) as server:
        elsewhere = tmp_path / "elsewhere.yaml"
        text = server.clouds_yaml_path.read_text()
        elsewhere.write_text(text.replace("RegionOne", "RegionTwo").replace("public", "internal"))
        config = OpenStackConfig(config_files=[str(elsewhere)], load_envvars=False)
        with Connection(config=config.get_one("openstack")) as there:
            assert next(iter(there.network.networks(name="private"))).name == "private"
            assert list(there.compute.servers()) == []
            assert list(there.block_storage.volumes()) == []
        entries = ControlClient.from_file(server.control_token_path).entries()

    called = {entry["path"].split("/compute")[0].split("/networking")[0] for entry in entries if entry["user"]}
    assert "/at/RegionTwo/internal" in called
    assert {entry["service"] for entry in entries if entry["path"].startswith("/at/RegionTwo/internal/")} == {
        "compute",
        "network",
        "block-storage",
    }
