"""What `generate-yaml` gets from the provider: the article's manifests, with one cloud's credentials."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubecapy.contract.errors import InvalidConfiguration
from kubecapy.contract.provider import GenerateRequest, ProviderManifests
from kubecapy.providers.openstack.api.specs import decode_cluster_spec, decode_machine_spec
from kubecapy.providers.openstack.cloud.identity import read_file, read_identity
from kubecapy.providers.openstack.plugin.tooling import OpenStackTooling
from kubecapy.providers.openstack.services.projects import Projects
from kubecapy.telemetry.secrets import Secret

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
ENTRY = {
    "auth": {"auth_url": "https://c:5000", "username": "u", "password": "right-word", "project_id": "p"},
    "region_name": "RegionOne",
}


@pytest.fixture
def tooling(projects: Projects) -> OpenStackTooling:
    return OpenStackTooling(projects)


def request(entry: dict[str, Any], directory: str = "/", **kwargs: Any) -> GenerateRequest:
    foreign = {"auth": {"auth_url": "https://f:5000", "username": "f", "password": "foreign-word"}}
    content = yaml.safe_dump({"clouds": {"mine": entry, "foreign": foreign}}).encode()
    return GenerateRequest("mine", Secret(content), directory, kwargs.get("operating_system", "ubuntu"))


def find(manifests: ProviderManifests, kind: str, name: str) -> dict[str, Any]:
    (found,) = [item for item in manifests.components if item["kind"] == kind and item["metadata"].get("name") == name]
    return found


def data_of(secret: dict[str, Any]) -> dict[str, bytes]:
    return {key: base64.b64decode(value) for key, value in secret["data"].items()}


def test_only_the_chosen_cloud_is_copied(tooling: OpenStackTooling) -> None:
    manifests = tooling.generate(request(ENTRY))
    data = data_of(find(manifests, "Secret", "cloud-config"))
    assert yaml.safe_load(data["clouds.yaml"]) == {"clouds": {"mine": ENTRY}}
    assert b"foreign-word" not in json.dumps(list(manifests.components)).encode()
    assert data_of(find(manifests, "Secret", "cloud-selector")) == {"OS_CLOUD": b"mine"}


@pytest.mark.parametrize("inline", [True, False])
def test_a_ca_becomes_a_key_of_the_secret_and_is_found_where_it_is_mounted(
    tooling: OpenStackTooling, tmp_path: Path, inline: bool
) -> None:
    (tmp_path / "ca.pem").write_text(PEM)
    manifests = tooling.generate(request({**ENTRY, "cacert": PEM if inline else "ca.pem"}, str(tmp_path)))
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    for name, content in data_of(find(manifests, "Secret", "cloud-config")).items():
        (mounted / name).write_bytes(content)
    identity = read_identity(read_file(mounted / "clouds.yaml"), "mine")
    assert identity.ca == PEM
    assert identity.ca_path == mounted / "cacert"


@pytest.mark.parametrize(
    ("cloud", "entry", "sentence"),
    [
        ("lost", ENTRY, 'the file has no cloud "lost"; it has "foreign", "mine"'),
        ("mine", {"auth": {}}, 'cloud "mine" in the file has no "auth.auth_url"'),
        ("mine", {**ENTRY, "cacert": "lost.pem"}, '"cacert" of cloud "mine" in the file names /lost.pem'),
    ],
)
def test_wrong_credentials_are_refused_with_a_sentence(
    tooling: OpenStackTooling, cloud: str, entry: dict[str, Any], sentence: str
) -> None:
    wrong = request(entry)
    with pytest.raises(InvalidConfiguration) as caught:
        tooling.generate(GenerateRequest(cloud, wrong.configuration, "/", "ubuntu"))
    assert str(caught.value).startswith(sentence)


def test_the_manifests_have_the_articles_shape(tooling: OpenStackTooling) -> None:
    manifests = tooling.generate(request(ENTRY))
    assert manifests.cluster["metadata"]["name"] == "test1"
    assert decode_cluster_spec(manifests.cluster["spec"]["providerSpec"]["value"]).errors == ()
    master, node = manifests.machines
    assert master["metadata"] == {"generateName": "openstack-master-", "labels": {"set": "master"}}
    assert node["metadata"] == {"generateName": "openstack-node-", "labels": {"set": "node"}}
    assert master["spec"]["versions"] == {"kubelet": "1.14.0", "controlPlane": "1.14.0"}
    assert node["spec"]["versions"] == {"kubelet": "1.14.0"}
    assert master["spec"]["providerSpec"]["value"]["userDataSecret"]["name"] == "master-user-data"
    assert node["spec"]["providerSpec"]["value"]["userDataSecret"]["name"] == "worker-user-data"


@pytest.mark.parametrize("operating_system", ["ubuntu", "centos"])
def test_only_what_the_cloud_alone_knows_is_left_to_fill_in(tooling: OpenStackTooling, operating_system: str) -> None:
    for machine in tooling.generate(request(ENTRY, operating_system=operating_system)).machines:
        errors = decode_machine_spec(machine["spec"]["providerSpec"]["value"], "value").errors
        assert [error.path for error in errors] == [
            "value.networks[0].uuid",
            "value.floatingIP",
            "value.securityGroups[0].uuid",
        ]
        assert all("placeholder" in error.detail for error in errors)


def test_the_controllers_find_their_credentials_and_their_node(tooling: OpenStackTooling) -> None:
    manifests = tooling.generate(request(ENTRY))
    deployment = find(manifests, "Deployment", "clusterapi-controllers")
    assert deployment["metadata"]["namespace"] == "openstack-provider-system"
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["name"] == "openstack-machine-controller"
    assert container["args"][:3] == ["manager", "--controllers=cluster,machine", "--provider=openstack"]
    environment = {item["name"]: item for item in container["env"]}
    assert environment["OS_CLIENT_CONFIG_FILE"]["value"] == "/etc/openstack/clouds.yaml"
    assert environment["OS_CLOUD"]["valueFrom"]["secretKeyRef"] == {"name": "cloud-selector", "key": "OS_CLOUD"}
    assert environment["NODE_NAME"]["valueFrom"]["fieldRef"]["fieldPath"] == "spec.nodeName"
    assert container["volumeMounts"][0]["mountPath"] == "/etc/openstack"
    assert pod["volumes"][0]["secret"]["secretName"] == "cloud-config"
    tolerated = {item["key"] for item in pod["tolerations"]}
    assert "node-role.kubernetes.io/master" in tolerated


def test_the_controllers_have_no_right_that_is_not_named(tooling: OpenStackTooling) -> None:
    role = find(tooling.generate(request(ENTRY)), "ClusterRole", "openstack-provider-manager-role")
    named = json.dumps(role["rules"])
    assert "*" not in named
    assert "pods" not in named


def test_two_replicas_are_safe_for_one_of_them_acts(tooling: OpenStackTooling) -> None:
    manifests = tooling.generate(request(ENTRY))
    deployment = find(manifests, "Deployment", "clusterapi-controllers")
    pod = deployment["spec"]["template"]["spec"]
    role = find(manifests, "Role", "openstack-provider-leader-election-role")
    binding = find(manifests, "RoleBinding", "openstack-provider-leader-election-rolebinding")

    assert "--leader-elect" in pod["containers"][0]["args"]
    assert role["rules"] == [
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get", "create", "patch"]}
    ]
    assert {binding["metadata"]["namespace"], role["metadata"]["namespace"]} == {deployment["metadata"]["namespace"]}
    assert binding["subjects"][0]["name"] == pod["serviceAccountName"]
    # 20 s for the last passes (runtime.manager), and the rest for giving the Lease back.
    assert pod["terminationGracePeriodSeconds"] == 30


def test_the_namespace_comes_first_and_everything_else_is_in_it(tooling: OpenStackTooling) -> None:
    manifests = tooling.generate(request(ENTRY))
    first, *others = manifests.components
    assert (first["kind"], first["metadata"]["name"]) == ("Namespace", manifests.namespace)
    cluster_wide = {"ClusterRole", "ClusterRoleBinding"}
    assert {item["metadata"]["namespace"] for item in others if item["kind"] not in cluster_wide} == {
        "openstack-provider-system"
    }


def test_validation_names_fields_below_the_given_path(tooling: OpenStackTooling) -> None:
    (error,) = tooling.validate_spec("Cluster", {"nodeCidr": "x"}, "items[0].spec")
    assert error.path == "items[0].spec.nodeCidr"
    assert len(tooling.validate_spec("Machine", {}, "p")) == 2
