"""kubeadm reads its configuration strictly, checks its host, and finds its cluster as it does elsewhere."""

import base64
import hashlib
import hmac

import pytest
from cryptography import x509
from tests.local.conftest import run_script

from kubecapy.apimachinery.codec import load_yaml
from kubecapy.apiserver.pki.certificates import Profile, issue, issue_authority
from kubecapy.local.certificates import load_authority, public_key_hash
from kubecapy.local.guest.host import Host, load_module, turn_swap_off
from kubecapy.local.guest.kubeadm.certificate_phase import CertificatePhase
from kubecapy.local.guest.kubeadm.cluster_info import ClusterAddress, parse_cluster_info, render_cluster_info
from kubecapy.local.guest.kubeadm.cluster_objects import token_secret
from kubecapy.local.guest.kubeadm.configuration import (
    ApiServer,
    BootstrapToken,
    ClusterConfiguration,
    NodeRegistration,
    Taint,
    arguments_of,
)
from kubecapy.local.guest.kubeadm.discovery import is_signed_by
from kubecapy.local.guest.kubeadm.documents import parse_duration, read_documents
from kubecapy.local.guest.kubeadm.errors import KubeadmError
from kubecapy.local.guest.kubeadm.kubelet_phase import kubelet_flags
from kubecapy.local.guest.kubeadm.manifests import ControlPlane, render_manifests
from kubecapy.local.guest.kubeadm.preflight import check_init, check_join, raise_findings
from kubecapy.local.guest.kubeadm.releases import parse_release
from kubecapy.local.workloads.bootstrap_tokens import detached_signature

RELEASE = parse_release("v1.14.0")
assert RELEASE is not None

JOIN = """\
apiVersion: kubeadm.k8s.io/{version}
kind: JoinConfiguration
discovery:
  bootstrapToken: {{token: abcdef.0123456789abcdef, apiServerEndpoint: "h:6443", caCertHashes: ["sha256:00"]}}
nodeRegistration:
  name: n1
  {more}
"""


@pytest.mark.parametrize(
    ("version", "minor"), [("v1beta1", 14), ("v1beta2", 16), ("v1beta2", 26), ("v1beta3", 22), ("v1beta3", 30)]
)
def test_a_release_reads_its_api_versions_with_arguments_as_a_mapping(version: str, minor: int) -> None:
    text = JOIN.format(version=version, more='kubeletExtraArgs: {provider-id: "openstack:///1"}')

    documents = read_documents(text, minor, "f")

    assert documents.join is not None
    assert documents.join.node_registration.kubelet_extra_args == {"provider-id": "openstack:///1"}
    assert documents.version == version


def test_the_newest_api_version_has_arguments_as_a_list() -> None:
    text = JOIN.format(version="v1beta4", more="kubeletExtraArgs: [{name: v, value: '2'}]")

    documents = read_documents(text, 31, "f")

    assert documents.join is not None
    flags = kubelet_flags_of(documents.join.node_registration)
    assert flags["v"] == "2"


def kubelet_flags_of(registration: NodeRegistration) -> dict[str, str]:
    return dict(arguments_of(registration.kubelet_extra_args))


def joining(version: str, more: str = "") -> str:
    return JOIN.format(version=version, more=more)


@pytest.mark.parametrize(
    ("text", "minor", "message"),
    [
        (joining("v1beta3"), 14, 'no kind "JoinConfiguration" is registered for version "kubeadm.k8s.io/v1beta3"'),
        (joining("v1beta1"), 22, "Please use kubeadm v1.21 instead"),
        (joining("v1beta9"), 30, 'no kind "JoinConfiguration" is registered'),
        (joining("v1beta1", "nmae: x"), 14, 'unknown field "nodeRegistration.nmae"'),
        (joining("v1beta1", "imagePullPolicy: Always"), 14, 'unknown field "nodeRegistration.imagePullPolicy"'),
        (joining("v1beta3", "kubeletExtraArgs: [{name: a, value: b}]"), 30, "expected a mapping of strings"),
        (joining("v1beta4", "kubeletExtraArgs: {a: b}"), 31, "expected a list of name and value"),
        (joining("v1beta3", "kubeletExtraArgs: {v: 2}"), 30, "expected strings as values"),
        (joining("v1beta3", "taints: {}"), 30, "nodeRegistration.taints"),
        ("kind: ClusterConfiguration\n", 14, "kind and apiVersion is mandatory"),
        ("apiVersion: v1\nkind: Pod\n", 14, 'no kind "Pod" is registered for version "v1"'),
        ("a: [", 14, "error converting YAML to JSON"),
        ("- a\n", 14, "expected a mapping with kind and apiVersion"),
    ],
)
def test_a_wrong_document_is_refused_by_the_name_of_what_is_wrong(text: str, minor: int, message: str) -> None:
    with pytest.raises(KubeadmError, match=message.replace("(", r"\(").replace("[", r"\[")):
        read_documents(text, minor, "f")


def test_a_refusal_shows_no_token() -> None:
    text = JOIN.format(version="v1beta1", more="nmae: x")

    with pytest.raises(KubeadmError) as caught:
        read_documents(text, 14, "f")

    assert "0123456789abcdef" not in str(caught.value)
    assert "0123456789abcdef" not in repr(read_documents(JOIN.format(version="v1beta1", more=""), 14, "f"))


def test_documents_of_other_components_are_kept() -> None:
    text = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmaxPods: 5\n"

    assert read_documents(text, 30, "f").components[0]["maxPods"] == 5


@pytest.mark.parametrize(("text", "seconds"), [("24h0m0s", 86400.0), ("15m", 900.0), ("1.5s", 1.5), ("0", 0.0)])
def test_durations_are_gos(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "15", "1d", "m5"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invalid duration"):
        parse_duration(text)


async def test_a_bare_host_fails_every_check(host: Host) -> None:
    names = {finding.name for finding in check_join(host, 14, "/etc/kubernetes/pki/ca.crt")}

    assert names == {
        "CRI",
        "FileExisting-kubelet",
        "FileContent--proc-sys-net-bridge-bridge-nf-call-iptables",
        "FileContent--proc-sys-net-ipv4-ip_forward",
        "Swap",
    }


async def test_a_prepared_host_passes_every_check(host: Host) -> None:
    await prepare(host)

    assert check_join(host, 14, "/etc/kubernetes/pki/ca.crt") == []
    assert check_init(host, 14, "/etc/kubernetes/pki") == []


async def test_a_host_that_was_made_a_node_before_is_refused(host: Host) -> None:
    await prepare(host)
    host.files.install("/etc/kubernetes/kubelet.conf", "x")
    host.files.install("/etc/kubernetes/manifests/etcd.yaml", "x")

    assert [finding.message for finding in check_join(host, 14, "/ca.crt")] == [
        "/etc/kubernetes/kubelet.conf already exists"
    ]
    assert [finding.message for finding in check_init(host, 14, "/etc/kubernetes/pki")] == [
        "/etc/kubernetes/manifests/etcd.yaml already exists"
    ]


async def prepare(host: Host) -> None:
    turn_swap_off(host)
    load_module(host, "br_netfilter")
    url = "https://dl.k8s.io/release/v1.14.0/bin/linux/amd64/kubelet"
    script = f"sysctl -w net.ipv4.ip_forward=1; apt-get install -y docker.io; curl -fsSLo /usr/bin/kubelet {url}"
    status, printed = await run_script(host, f"{script} && chmod +x /usr/bin/kubelet")
    assert status == 0, printed


def test_findings_are_fatal_in_kubeadms_words_unless_they_are_ignored(host: Host) -> None:
    findings = check_join(host, 14, "/ca.crt")

    with pytest.raises(
        KubeadmError, match=r"error execution phase preflight: \[preflight\] Some fatal errors"
    ) as caught:
        raise_findings(findings, ["swap"])

    assert "\t[ERROR CRI]: container runtime is not running" in str(caught.value)
    assert "Swap" not in str(caught.value)
    assert raise_findings(findings, ["all"]) == findings


def test_serving_names_come_only_from_the_document(host: Host) -> None:
    cluster = ClusterConfiguration(
        control_plane_endpoint="api.example:6443", api_server=ApiServer(cert_sans=("10.0.0.9", "extra.example"))
    )
    plane = ControlPlane(RELEASE, cluster, "127.90.1.130", 6443)

    CertificatePhase(host, plane, "node-1", lambda text: None).run()

    certificate = x509.load_pem_x509_certificate(host.files.read("/etc/kubernetes/pki/apiserver.crt"))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {
        "node-1", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local", "api.example", "extra.example",
    }  # fmt: skip
    assert {str(ip) for ip in names.get_values_for_type(x509.IPAddress)} == {"10.96.0.1", "127.90.1.130", "10.0.0.9"}


def test_given_authorities_are_used_and_a_wrong_key_is_refused(host: Host) -> None:
    given = issue_authority("given", host.clock.now())
    other_key = issue(given, Profile("x"), host.clock.now()).key_pem()
    host.files.install("/etc/kubernetes/pki/ca.crt", given.certificate_pem())
    host.files.install("/etc/kubernetes/pki/ca.key", other_key)
    plane = ControlPlane(RELEASE, ClusterConfiguration(), "127.90.1.130", 6443)

    with pytest.raises(KubeadmError, match=r"failure loading ca certificate authority: .* do not belong together"):
        CertificatePhase(host, plane, "node-1", lambda text: None).run()


def test_a_pin_is_the_hash_of_the_public_key_alone(host: Host) -> None:
    authority = issue_authority("kubernetes", host.clock.now())

    reissued = load_authority(authority.certificate_pem(), authority.key_pem())

    assert public_key_hash(reissued.certificate) == public_key_hash(authority.certificate)
    assert public_key_hash(authority.certificate).startswith("sha256:")
    assert len(public_key_hash(authority.certificate)) == len("sha256:") + 64


def test_static_pods_carry_the_documents_settings() -> None:
    cluster = ClusterConfiguration(api_server=ApiServer(extra_args={"audit-log-maxage": "7", "secure-port": "7443"}))

    manifests = render_manifests(ControlPlane(RELEASE, cluster, "127.90.1.130", 6443))

    (pod,) = load_yaml(manifests["kube-apiserver"])
    command = pod["spec"]["containers"][0]["command"]
    assert set(manifests) == {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"}
    assert "--audit-log-maxage=7" in command
    assert "--secure-port=7443" in command
    assert pod["spec"]["containers"][0]["image"] == "k8s.gcr.io/kube-apiserver:v1.14.0"


def test_a_registration_becomes_kubelet_flags(host: Host) -> None:
    registration = NodeRegistration(
        name="other",
        cri_socket="/var/run/dockershim.sock",
        taints=(Taint(key="a", value="b", effect="NoSchedule"),),
        kubelet_extra_args={"provider-id": "openstack:///1"},
    )

    assert kubelet_flags(host, registration, RELEASE) == {
        "hostname-override": "other",
        "network-plugin": "cni",
        "provider-id": "openstack:///1",
        "register-with-taints": "a=b:NoSchedule",
    }


@pytest.mark.parametrize(
    ("version", "labels", "taints"),
    [
        ("1.14.0", ["master"], ["master"]),
        ("1.20.1", ["master", "control-plane"], ["master"]),
        ("1.24.0", ["control-plane"], ["master", "control-plane"]),
        ("1.30.0", ["control-plane"], ["control-plane"]),
    ],
)
def test_a_release_marks_its_control_planes_by_its_own_names(
    version: str, labels: list[str], taints: list[str]
) -> None:
    release = parse_release(version)

    assert release is not None
    roles = [label for label in release.control_plane_labels if label.startswith("node-role")]
    assert roles == [f"node-role.kubernetes.io/{name}" for name in labels]
    assert list(release.control_plane_taints) == [f"node-role.kubernetes.io/{name}" for name in taints]


def test_a_tokens_secret_has_what_authenticators_and_signers_read(host: Host) -> None:
    secret = token_secret(BootstrapToken(token="abcdef.0123456789abcdef", ttl="15m0s"), host.clock.now())

    data = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    assert secret["metadata"]["name"] == "bootstrap-token-abcdef"
    assert secret["type"] == "bootstrap.kubernetes.io/token"
    assert data == {
        "token-id": "abcdef",
        "token-secret": "0123456789abcdef",
        "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
        "usage-bootstrap-signing": "true",
        "usage-bootstrap-authentication": "true",
        "expiration": "2026-11-23T12:15:00Z",
    }


def test_a_signature_is_a_detached_jws_by_the_tokens_secret() -> None:
    header, empty, mac = detached_signature("content", "abcdef", "0123456789abcdef").split(".")

    payload = base64.urlsafe_b64encode(b"content").rstrip(b"=")
    wanted = hmac.new(b"0123456789abcdef", header.encode() + b"." + payload, hashlib.sha256).digest()
    assert empty == ""
    assert base64.urlsafe_b64decode(header + "==") == b'{"alg":"HS256","kid":"abcdef"}'
    assert base64.urlsafe_b64decode(mac + "=") == wanted


@pytest.mark.parametrize(
    ("content", "token_id", "secret"),
    [("Content", "abcdef", "s"), ("content", "abcdeg", "s"), ("content", "abcdef", "t")],
)
def test_a_signature_of_something_else_is_refused(content: str, token_id: str, secret: str) -> None:
    signature = detached_signature("content", "abcdef", "s")

    assert is_signed_by("content", signature, "abcdef", "s")
    assert not is_signed_by(content, signature, token_id, secret)
    assert not is_signed_by("content", "nonsense", "abcdef", "s")


def test_cluster_info_reads_back_and_names_nobody() -> None:
    address = ClusterAddress("https://127.90.1.2:6443", b"PEM")

    text = render_cluster_info(address)

    assert parse_cluster_info(text) == address
    assert load_yaml(text)[0]["users"] is None
    with pytest.raises(ValueError, match="expected a kubeconfig with one cluster"):
        parse_cluster_info("kind: Config\n")
