import pytest
from tests.bootstrap.builders import a_token

from kubecapy.api.cluster.v1alpha1 import ApiEndpoint, Taint
from kubecapy.apimachinery.codec import load_yaml
from kubecapy.bootstrap.kubeadm import InitSettings, JoinSettings, Networking, NodeSettings, render_init, render_join
from kubecapy.bootstrap.releases import parse_version

ENDPOINT = ApiEndpoint(host="9.20.206.22", port=6443)
NODE = NodeSettings("node-1", {"provider-id": "openstack:///{{ v1.instance_id }}", "node-ip": "10.0.0.5"})


def init(version: str = "1.14.0", node: NodeSettings = NODE) -> list[dict]:
    settings = InitSettings(
        version=parse_version(version, "version"),
        cluster_name="test1",
        endpoint=ENDPOINT,
        networking=Networking("192.168.0.0/16", "10.96.0.0/12", "cluster.local"),
        advertise_address="10.0.0.5",
        certificate_names=("9.20.206.22", "10.0.0.5", "master-1"),
        token=a_token(),
        node=node,
    )
    return load_yaml(render_init(settings).reveal())


def join(version: str = "1.14.0", *, control_plane: bool = False) -> dict:
    settings = JoinSettings(
        version=parse_version(version, "version"),
        endpoint=ENDPOINT,
        token=a_token(),
        authority_hash="sha256:00",
        node=NODE,
        control_plane=control_plane,
        advertise_address="10.0.0.5",
    )
    (document,) = load_yaml(render_join(settings).reveal())
    return document


@pytest.mark.parametrize(
    ("version", "api"),
    [
        ("1.13.0", "v1beta1"),
        ("1.14.0", "v1beta1"),
        ("1.15.0", "v1beta2"),
        ("1.21.14", "v1beta2"),
        ("1.22.0", "v1beta3"),
        ("1.30.9", "v1beta3"),
        ("1.31.0", "v1beta4"),
        ("1.36.1", "v1beta4"),
    ],
)
def test_each_release_gets_the_api_version_that_its_kubeadm_reads(version: str, api: str) -> None:
    documents = [*init(version), join(version)]

    assert {document["apiVersion"] for document in documents} == {f"kubeadm.k8s.io/{api}"}
    assert [document["kind"] for document in documents] == [
        "InitConfiguration",
        "ClusterConfiguration",
        "JoinConfiguration",
    ]


def test_init_describes_the_cluster() -> None:
    _, cluster = init()

    assert cluster == {
        "apiVersion": "kubeadm.k8s.io/v1beta1",
        "kind": "ClusterConfiguration",
        "kubernetesVersion": "v1.14.0",
        "clusterName": "test1",
        "controlPlaneEndpoint": "9.20.206.22:6443",
        "certificatesDir": "/etc/kubernetes/pki",
        "apiServer": {"certSANs": ["9.20.206.22", "10.0.0.5", "master-1"]},
        "networking": {
            "podSubnet": "192.168.0.0/16",
            "serviceSubnet": "10.96.0.0/12",
            "dnsDomain": "cluster.local",
        },
    }


def test_init_brings_a_short_lived_token_so_that_kubeadm_invents_none() -> None:
    first, _ = init()

    (token,) = first["bootstrapTokens"]
    assert token["token"] == a_token().reveal()
    assert token["ttl"] == "15m0s"


def test_init_listens_on_the_hosts_own_address() -> None:
    assert init()[0]["localAPIEndpoint"] == {"advertiseAddress": "10.0.0.5", "bindPort": 6443}


def test_join_pins_the_authority_and_never_skips_the_check() -> None:
    assert join()["discovery"] == {
        "bootstrapToken": {
            "apiServerEndpoint": "9.20.206.22:6443",
            "token": a_token().reveal(),
            "caCertHashes": ["sha256:00"],
        }
    }


def test_only_a_control_plane_joins_with_an_api_endpoint_of_its_own() -> None:
    assert "controlPlane" not in join()
    assert join(control_plane=True)["controlPlane"] == {
        "localAPIEndpoint": {"advertiseAddress": "10.0.0.5", "bindPort": 6443}
    }


def test_kubelet_arguments_are_a_mapping_up_to_v1beta3() -> None:
    assert join("1.30.0")["nodeRegistration"]["kubeletExtraArgs"] == {
        "node-ip": "10.0.0.5",
        "provider-id": "openstack:///{{ v1.instance_id }}",
    }


def test_kubelet_arguments_are_a_list_in_v1beta4() -> None:
    assert join("1.31.0")["nodeRegistration"]["kubeletExtraArgs"] == [
        {"name": "node-ip", "value": "10.0.0.5"},
        {"name": "provider-id", "value": "openstack:///{{ v1.instance_id }}"},
    ]


@pytest.mark.parametrize(
    ("version", "socket"),
    [
        ("1.14.0", "/var/run/dockershim.sock"),
        ("1.23.17", "/var/run/dockershim.sock"),
        ("1.24.0", "unix:///run/containerd/containerd.sock"),
    ],
)
def test_the_container_runtime_fits_the_release(version: str, socket: str) -> None:
    assert join(version)["nodeRegistration"]["criSocket"] == socket


def test_absent_taints_leave_kubeadms_own() -> None:
    assert "taints" not in init()[0]["nodeRegistration"]


def test_given_taints_are_registered() -> None:
    node = NodeSettings(
        "n", {}, (Taint(key="gpu", value="yes", effect="NoSchedule"), Taint(key="x", effect="NoExecute"))
    )

    assert init(node=node)[0]["nodeRegistration"] == {
        "name": "n",
        "criSocket": "/var/run/dockershim.sock",
        "taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}, {"key": "x", "effect": "NoExecute"}],
    }
