import re
from pathlib import Path

import msgspec
import pytest
from tests.bootstrap.builders import a_cluster, a_machine, a_request

from kubecapy.api.cluster.v1alpha1 import Cluster, ClusterSpec, Taint
from kubecapy.apimachinery.codec import load_yaml
from kubecapy.apimachinery.meta import ObjectMeta
from kubecapy.bootstrap.certificates import Authorities, public_key_hash
from kubecapy.bootstrap.cloud_init import HostFile, Template
from kubecapy.bootstrap.errors import InvalidWish
from kubecapy.bootstrap.templates import user_data_templates
from kubecapy.bootstrap.user_data import BootRequest, check_wish, render_user_data
from kubecapy.telemetry.secrets import Secret

GOLDEN = Path(__file__).parent / "golden"
CASES = [
    (system, role, kubelet)
    for system in ("ubuntu", "centos")
    for role in ("master", "worker")
    for kubelet in ("1.14.0", "1.31.2")
]


def request_for(role: str, kubelet: str, authorities: Authorities) -> BootRequest:
    if role == "master":
        return a_request(a_machine("master-1", kubelet, control_plane=kubelet), authorities, joins=False)
    return a_request(a_machine("node-1", kubelet), authorities)


def document(request: BootRequest, system: str = "ubuntu", role: str = "worker") -> dict:
    template = Template(user_data_templates(system)[role], "built-in template")
    (parsed,) = load_yaml(render_user_data(template, request).reveal().decode())
    return parsed


def file_of(user_data: dict, path: str) -> str:
    (content,) = [file["content"] for file in user_data["write_files"] if file["path"] == path]
    return content


def without_keys(text: str, authorities: Authorities) -> str:
    """Return `text` with what differs from run to run replaced by its name."""
    text = text.replace(public_key_hash(authorities.cluster.certificate), "sha256:<hash of the authority>")
    return re.sub(r"(-----BEGIN [A-Z ]+-----\n).*?( *-----END)", r"\1    <base64>\n\2", text, flags=re.DOTALL)


@pytest.mark.parametrize(("system", "role", "kubelet"), CASES)
def test_user_data_is_as_recorded(system: str, role: str, kubelet: str, authorities: Authorities) -> None:
    template = Template(user_data_templates(system)[role], "built-in template")

    user_data = render_user_data(template, request_for(role, kubelet, authorities)).reveal().decode()

    recorded = GOLDEN / f"{system}-{role}-{kubelet}.yaml"
    assert without_keys(user_data, authorities) == recorded.read_text(), f"update {recorded} and say why"


@pytest.mark.parametrize(("system", "role", "kubelet"), CASES)
def test_every_command_fails_loudly_or_is_allowed_to_fail(
    system: str, role: str, kubelet: str, authorities: Authorities
) -> None:
    commands = document(request_for(role, kubelet, authorities), system, role)["runcmd"]

    loud = re.compile(r"echo 'kubecapy: (.+)'; if ! .+; then echo 'kubecapy: bootstrap failed: \1'; exit 1; fi")
    quiet = re.compile(r"export .*|.* \|\| true|echo 'kubecapy: bootstrap finished'")
    assert [command for command in commands if not loud.fullmatch(command) and not quiet.fullmatch(command)] == []
    assert commands[-1] == "echo 'kubecapy: bootstrap finished'"


def test_only_control_planes_get_the_authorities_keys(authorities: Authorities) -> None:
    worker = document(request_for("worker", "1.14.0", authorities))
    master = document(request_for("master", "1.14.0", authorities), role="master")

    assert not any("/pki/" in file["path"] for file in worker["write_files"])
    assert "PRIVATE KEY" not in str(worker)
    assert [file["path"] for file in master["write_files"] if "/pki/" in file["path"]] == [
        f"/etc/kubernetes/pki/{name}"
        for name in (
            "ca.crt", "ca.key", "etcd/ca.crt", "etcd/ca.key",
            "front-proxy-ca.crt", "front-proxy-ca.key", "sa.pub", "sa.key",
        )
    ]  # fmt: skip
    assert file_of(master, "/etc/kubernetes/pki/ca.key") == authorities.cluster.key.reveal()


def test_files_with_secrets_are_for_root_alone(authorities: Authorities) -> None:
    master = document(request_for("master", "1.14.0", authorities), role="master")

    secret = [file for file in master["write_files"] if file["path"].endswith((".key", "kubeadm.yaml"))]
    assert len(secret) == 5
    assert {file["permissions"] for file in secret} == {"0600"}


def test_a_worker_joins_with_the_pin_of_the_clusters_authority(authorities: Authorities) -> None:
    config = file_of(document(request_for("worker", "1.14.0", authorities)), "/etc/kubernetes/kubeadm.yaml")

    assert public_key_hash(authorities.cluster.certificate) in config


def test_certificates_cover_the_endpoint_all_addresses_and_the_host(authorities: Authorities) -> None:
    user_data = document(request_for("master", "1.14.0", authorities), role="master")
    _, cluster = load_yaml(file_of(user_data, "/etc/kubernetes/kubeadm.yaml"))

    assert cluster["apiServer"]["certSANs"] == ["9.20.206.22", "10.0.0.5", "9.20.206.8", "master-1"]


def test_a_providers_own_files_are_written(authorities: Authorities) -> None:
    request = request_for("worker", "1.14.0", authorities)
    host = msgspec.structs.replace(
        request.host, files=(HostFile("/etc/cloud.conf", Secret("[x]\n{{ no }}\n"), "0640"),)
    )

    user_data = document(msgspec.structs.replace(request, host=host))

    assert file_of(user_data, "/etc/cloud.conf") == "[x]\n{{ no }}\n"


def test_labels_and_taints_reach_the_kubelet(authorities: Authorities) -> None:
    labels = {
        "tier": "web",
        "node.kubernetes.io/size": "big",
        "kubernetes.io/evil": "x",
        "node-role.kubernetes.io/x": "",
    }
    machine = a_machine(metadata=ObjectMeta(labels=labels), taints=(Taint(key="gpu", effect="NoSchedule"),))

    user_data = document(a_request(machine, authorities))
    (config,) = load_yaml(file_of(user_data, "/etc/kubernetes/kubeadm.yaml"))

    registration = config["nodeRegistration"]
    assert registration["kubeletExtraArgs"]["node-labels"] == "node.kubernetes.io/size=big,tier=web"
    assert registration["taints"] == [{"key": "gpu", "effect": "NoSchedule"}]


@pytest.mark.parametrize(
    ("pods", "message"),
    [
        ((), "Cluster spec.clusterNetwork.pods.cidrBlocks: expected at least one address range such as 192.168.0.0/16"),
        (
            ("10.0.0.0/99",),
            "Cluster spec.clusterNetwork.pods.cidrBlocks[0]: expected an address range such as 192.168.0.0/16",
        ),
    ],
)
def test_a_wrong_pod_range_is_refused_by_its_path(pods: tuple[str, ...], message: str) -> None:
    with pytest.raises(InvalidWish, match=re.escape(message)):
        check_wish(a_machine(), a_cluster(pods))


def test_a_cluster_without_a_network_gets_the_usual_one(authorities: Authorities) -> None:
    bare = Cluster(metadata=a_cluster().metadata, spec=ClusterSpec())
    request = msgspec.structs.replace(a_request(a_machine(control_plane="1.14.0"), authorities), joins=False)

    user_data = document(msgspec.structs.replace(request, cluster=bare))

    documents = load_yaml(file_of(user_data, "/etc/kubernetes/kubeadm.yaml"))
    (networking,) = (found["networking"] for found in documents if "networking" in found)
    assert networking == {
        "podSubnet": "192.168.0.0/16",
        "serviceSubnet": "10.96.0.0/12",
        "dnsDomain": "cluster.local",
    }


def test_a_machine_without_versions_is_refused() -> None:
    machine = a_machine()
    bare = msgspec.structs.replace(machine, spec=msgspec.structs.replace(machine.spec, versions=None))

    with pytest.raises(InvalidWish, match=r"^spec\.versions\.kubelet: expected a Kubernetes version such as 1\.14\.0"):
        check_wish(bare, a_cluster())


def test_a_control_plane_of_two_release_lines_is_refused() -> None:
    with pytest.raises(InvalidWish, match=r"expected the release line of spec.versions.kubelet, 1\.13, found 1\.14\.0"):
        check_wish(a_machine(kubelet="1.13.0", control_plane="1.14.0"), a_cluster())


@pytest.mark.parametrize("system", ["ubuntu", "centos"])
def test_user_data_leaves_room_for_a_persons_own_lines(system: str, authorities: Authorities) -> None:
    template = Template(user_data_templates(system)["master"], "built-in template")

    user_data = render_user_data(template, request_for("master", "1.14.0", authorities)).reveal()

    # Limit: Nova takes 65535 bytes of base64. RSA authorities are some 7 KB bigger than these.
    assert len(user_data) < 25_000


def test_a_line_added_to_the_template_is_run(authorities: Authorities) -> None:
    text = user_data_templates("ubuntu")["worker"] + "- echo hello from runcmd\n"

    user_data = render_user_data(Template(text, "x"), request_for("worker", "1.14.0", authorities)).reveal().decode()

    assert load_yaml(user_data)[0]["runcmd"][-1] == "echo hello from runcmd"
