"""The article's story from its first to its last command, held against objects, Nodes, servers and the ledger.

It is told twice, and each test holds for both: in devcloud, and in real OpenStack services whose servers have guests.
"""

import re
import stat

import pytest
import yaml
from demo.story import STORY
from tests.e2e.conftest import ON_DEVCLOUD, Tale


def condition(obj: dict, type_: str) -> dict:
    return next((found for found in obj["status"].get("conditions", []) if found["type"] == type_), {})


def test_the_generated_folder_is_private_and_holds_the_chosen_cloud_only(tale: Tale) -> None:
    tale.until("generate-yaml")

    components = tale.stage.work / "out" / "provider-components.yaml"
    documents = [found for found in yaml.safe_load_all(components.read_text()) if found]
    secret = next(
        found for found in documents if found["kind"] == "Secret" and found["metadata"]["name"] == "cloud-config"
    )

    assert stat.S_IMODE(components.stat().st_mode) == 0o600
    assert "clouds.yaml" in {**secret.get("data", {}), **secret.get("stringData", {})}


def test_the_new_cluster_manages_itself(tale: Tale) -> None:
    tale.until("get-nodes")

    machines, nodes = tale.machines(), tale.nodes()
    cluster = tale.kubectl("get", "cluster", "test1")

    assert sorted(machines) == sorted(nodes)
    for name, machine in machines.items():
        assert machine["status"]["nodeRef"]["uid"] == nodes[name]["metadata"]["uid"]
        assert machine["spec"]["providerID"] == nodes[name]["spec"]["providerID"]
        assert machine["status"]["phase"] == "Running"
        assert condition(machine, "Ready")["status"] == "True"
    assert not cluster["spec"].get("paused")
    assert cluster["status"]["apiEndpoints"][0]["port"] == 6443


def test_each_machine_is_one_server_with_one_port_and_its_own_address(tale: Tale) -> None:
    tale.until("get-nodes")

    cloud, machines = tale.cloud(), tale.machines()
    servers = {server.name: server for server in cloud.compute.servers()}

    assert sorted(servers) == sorted(machines)
    for name, machine in machines.items():
        server = servers[name]
        ports = list(cloud.network.ports(device_id=server.id))
        wanted = machine["spec"]["providerSpec"]["value"]["floatingIP"]
        address = next(cloud.network.ips(floating_ip_address=wanted))
        assert machine["spec"]["providerID"] == f"openstack:///{server.id}"
        assert len(ports) == 1
        assert address.port_id == ports[0].id


@pytest.mark.parametrize("tale", [ON_DEVCLOUD], indirect=True)
def test_servers_were_created_once_each(tale: Tale) -> None:
    tale.until("get-nodes")

    entries = tale.control("/ledger?limit=20000&service=compute&method=POST")["entries"]
    created = [entry for entry in entries if entry["path"].endswith("/servers")]

    assert [entry["status"] for entry in created] == [202, 202]


def test_the_kubeconfig_is_private_and_the_bootstrap_cluster_is_gone(tale: Tale) -> None:
    tale.until("create-cluster")

    kubeconfig = tale.stage.work / "kubeconfig"
    state = tale.stage.folder / "home" / ".local" / "state" / "kubecapy"

    assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600
    assert not [path for path in state.rglob("*") if path.is_file()]


def test_no_cloud_password_reaches_a_server_or_a_log(tale: Tale) -> None:
    tale.until("get-pods")

    password = yaml.safe_load(tale.stage.clouds_yaml.read_text())["clouds"]["openstack"]["auth"]["password"]
    pod = tale.runner.known["pod"]
    log = tale.run("kubectl", "logs", pod, "-n", "openstack-provider-system")
    texts = [tale.user_data(server.id) for server in tale.cloud().compute.servers()]

    assert len(texts) == 2
    assert password not in "".join(texts)
    assert password not in log
    assert password not in (tale.stage.folder / "cloud.log").read_text()


def test_the_controllers_log_speaks_the_articles_words(tale: Tale) -> None:
    tale.until("delete-worker")

    log = tale.run("kubectl", "logs", tale.runner.known["pod"], "-n", "openstack-provider-system")
    worker = tale.runner.known["worker"]
    header = r"^[IWE]\d{4} \d{2}:\d{2}:\d{2}\.\d{6}\s+\d+ \w+\.py:\d+\] "

    for words in (
        f"Running reconcile Machine for {worker}",
        "Running reconcile Cluster for test1",
        "reconciling cluster object test1 triggers idempotent reconcile.",
        f"Reconciling machine object {worker} triggers idempotent create.",
        "Creating bootstrap token",
        f"Reconciling machine object {worker} triggers idempotent update.",
        f"reconciling machine object {worker} triggers delete.",
        f"machine object {worker} deletion successful, removing finalizer.",
    ):
        assert re.search(header + re.escape(words), log, re.MULTILINE), words


def test_the_cloud_shows_the_console_of_a_boot(tale: Tale) -> None:
    tale.until("get-nodes")

    for name in tale.machines():
        console = tale.run("openstack", "console", "log", "show", name)
        assert re.search(r"^Cloud-init v.* finished at ", console, re.MULTILINE), console


def test_a_deleted_worker_leaves_no_node_server_or_port_and_keeps_its_address(tale: Tale) -> None:
    tale.until("servers-after-delete")

    cloud, worker = tale.cloud(), tale.runner.known["worker"]
    given = yaml.safe_load((tale.stage.work / "machine.yaml").read_text())["spec"]["providerSpec"]["value"][
        "floatingIP"
    ]

    assert worker not in tale.nodes()
    assert [server.name for server in cloud.compute.servers() if server.name == worker] == []
    assert [port.name for port in cloud.network.ports() if port.name.startswith(f"{worker}_")] == []
    assert next(cloud.network.ips(floating_ip_address=given)).port_id is None


def test_a_machine_of_a_fixed_name_joins_and_takes_the_address_over(tale: Tale) -> None:
    tale.until("get-nodes-after-apply")

    machine, node = tale.machines()["liugya-node-1"], tale.nodes()["liugya-node-1"]
    cloud = tale.cloud()
    server = next(found for found in cloud.compute.servers() if found.name == "liugya-node-1")
    address = next(cloud.network.ips(floating_ip_address=machine["spec"]["providerSpec"]["value"]["floatingIP"]))

    assert machine["status"]["nodeRef"]["uid"] == node["metadata"]["uid"]
    assert node["status"]["nodeInfo"]["kubeletVersion"] == "v1.14.0"
    assert address.port_id in [port.id for port in cloud.network.ports(device_id=server.id)]


def test_a_deleted_cluster_leaves_the_project_as_it_was(tale: Tale) -> None:
    tale.until(STORY[-1].name)

    assert tale.holdings() == tale.before
    assert [address for address in tale.cloud().network.ips() if address.port_id] == []
