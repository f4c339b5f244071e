import base64
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kubecapy.apimachinery.codec import load_manifests
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.generate.ssh_key import ensure_ssh_key
from kubecapy.clusterctl.inputs.files import find_cluster, find_machines
from kubecapy.clusterctl.objects.manifest_files import read_manifests

CLOUDS = """\
clouds:
  openstack:
    auth: {auth_url: "https://cloud.example:5000", username: me, password: pass-of-mine, project_id: abc,
           user_domain_name: Default}
    region_name: RegionOne
    verify: false
  somebody-elses:
    auth: {auth_url: "https://other.example:5000", username: you, password: pass-of-yours, project_id: def,
           user_domain_name: Default}
    region_name: RegionOne
"""


@pytest.fixture
def clouds(tmp_path: Path) -> Path:
    path = tmp_path / "clouds.yaml"
    path.write_text(CLOUDS)
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def secrets_in(path: Path) -> str:
    """Everything that the Secrets of a file hold, decoded."""
    values = [
        base64.b64decode(value).decode()
        for manifest in load_manifests(path.read_text(), str(path))
        if manifest.object["kind"] == "Secret"
        for value in manifest.object.get("data", {}).values()
    ]
    return "\n".join(values)


@pytest.mark.parametrize("system", ["ubuntu", "centos", "Ubuntu"])
def test_three_files_are_written_that_create_cluster_can_read(clusterctl, clouds, out, system) -> None:
    outcome = clusterctl("generate-yaml", clouds, "openstack", system, "-o", out)

    assert (outcome.code, outcome.err) == (0, "")
    assert sorted(path.name for path in out.iterdir()) == ["cluster.yaml", "machines.yaml", "provider-components.yaml"]
    assert find_cluster(read_manifests(out / "cluster.yaml"), out).object["metadata"]["name"] == "test1"
    assert len(find_machines(read_manifests(out / "machines.yaml"), out)) == 2


def test_components_hold_what_the_article_shows(clusterctl, clouds, out) -> None:
    clusterctl("generate-yaml", clouds, "openstack", "ubuntu", "-o", out)

    found = {
        (manifest.object["kind"], manifest.object["metadata"].get("namespace"), manifest.object["metadata"]["name"])
        for manifest in read_manifests(out / "provider-components.yaml")
    }
    assert {
        ("Namespace", None, "openstack-provider-system"),
        ("Namespace", None, "system"),
        ("Deployment", "openstack-provider-system", "clusterapi-controllers"),
        ("StatefulSet", "system", "controller-manager"),
        ("CustomResourceDefinition", None, "clusters.cluster.k8s.io"),
        ("CustomResourceDefinition", None, "machines.cluster.k8s.io"),
        ("Secret", "openstack-provider-system", "cloud-config"),
        ("Secret", "openstack-provider-system", "cloud-selector"),
        ("Secret", "openstack-provider-system", "master-user-data"),
        ("Secret", "openstack-provider-system", "worker-user-data"),
    } <= found


def test_only_the_chosen_cloud_is_copied_and_only_the_owner_may_read_it(clusterctl, clouds, out) -> None:
    clusterctl("generate-yaml", clouds, "openstack", "ubuntu", "-o", out)

    components = out / "provider-components.yaml"
    assert components.stat().st_mode & 0o777 == 0o600
    assert "pass-of-mine" in secrets_in(components)
    assert "pass-of-yours" not in secrets_in(components)
    assert "pass-of-yours" not in components.read_text()
    assert "pass-of-mine" not in (out / "machines.yaml").read_text() + (out / "cluster.yaml").read_text()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "No clouds.yaml provided"),
        (("CLOUDS",), "No cloud specified"),
        (("CLOUDS", "openstack"), "No provider OS specified"),
        (("CLOUDS", "openstack", "suse"), "suse is not one of the supported operating systems: ubuntu, centos"),
        (("missing.yaml", "openstack", "ubuntu"), "cannot read missing.yaml: No such file or directory"),
        (("CLOUDS", "azure", "ubuntu"), 'the file has no cloud "azure"; it has "openstack", "somebody-elses"'),
        (("CLOUDS", "openstack", "ubuntu", "--provider", "azure"), 'provider "azure" is not installed'),
    ],
    ids=["no-file", "no-cloud", "no-os", "unknown-os", "missing-file", "unknown-cloud", "unknown-provider"],
)
def test_wrong_input_is_one_sentence_and_writes_nothing(
    clusterctl, clouds, out, invocation, arguments, sentence
) -> None:
    words = [clouds if word == "CLOUDS" else word for word in arguments]

    outcome = clusterctl("generate-yaml", *words, "-o", out)

    assert outcome.code == 1
    assert sentence in outcome.err
    assert not out.exists()
    assert not (invocation.home / ".ssh").exists()


def test_a_file_that_is_no_yaml_is_named(clusterctl, clouds, out) -> None:
    clouds.write_text("clouds: [")

    outcome = clusterctl("generate-yaml", clouds, "openstack", "ubuntu", "-o", out)

    assert outcome.code == 1
    assert outcome.err.startswith(f"Error: {clouds}: ")
    assert not out.exists()


def test_existing_components_are_replaced_only_by_force_and_other_files_never(clusterctl, clouds, out) -> None:
    clusterctl("generate-yaml", clouds, "openstack", "ubuntu", "-o", out)
    (out / "machines.yaml").write_text("# mine\n")
    (out / "provider-components.yaml").write_text("# old\n")

    refused = clusterctl("generate-yaml", clouds, "openstack", "ubuntu", "-o", out)
    forced = clusterctl("generate-yaml", clouds, "openstack", "ubuntu", "-o", out, "--force-overwrite")

    assert refused.code == 1
    assert f"{out}/provider-components.yaml exists; pass --force-overwrite" in refused.err
    assert forced.code == 0
    assert "kept" in forced.out
    assert (out / "machines.yaml").read_text() == "# mine\n"
    assert (out / "provider-components.yaml").read_text() != "# old\n"


def test_the_key_pair_is_made_once_and_the_command_that_registers_it_is_told(
    clusterctl, clouds, out, invocation
) -> None:
    outcome = clusterctl("generate-yaml", clouds, "openstack", "ubuntu", "-o", out)
    key = invocation.home / ".ssh" / "openstack_tmp"
    first = key.read_bytes()
    clusterctl("generate-yaml", clouds, "openstack", "ubuntu", "-o", out, "-f")

    assert f"openstack keypair create --public-key {key}.pub cluster-api-provider-openstack" in outcome.out
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_bytes() == first


def test_a_key_that_others_may_read_becomes_its_owners_alone(tmp_path: Path) -> None:
    key = ensure_ssh_key(tmp_path).private
    key.chmod(0o644)

    ensure_ssh_key(tmp_path)

    assert key.stat().st_mode & 0o777 == 0o600


def test_ssh_reads_the_key_pair(tmp_path: Path) -> None:
    key = ensure_ssh_key(tmp_path)

    told = subprocess.run(["ssh-keygen", "-y", "-f", key.private], capture_output=True, text=True, check=True).stdout
    assert told.split()[:2] == key.public.read_text().split()[:2]


@pytest.mark.parametrize("form", [PrivateFormat.OpenSSH, PrivateFormat.TraditionalOpenSSL], ids=["openssh", "pkcs1"])
def test_the_public_half_of_a_downloaded_key_is_written(tmp_path: Path, form: PrivateFormat) -> None:
    private = tmp_path / ".ssh" / "openstack_tmp"
    private.parent.mkdir()
    private.write_bytes(generate_private_key(65537, 2048).private_bytes(Encoding.PEM, form, NoEncryption()))

    key = ensure_ssh_key(tmp_path)

    assert not key.made
    assert key.public.read_text().startswith("ssh-rsa ")


def test_a_private_key_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    private = tmp_path / ".ssh" / "openstack_tmp"
    private.parent.mkdir()
    private.write_text("no key")

    with pytest.raises(ClusterctlError, match=rf"{private}.pub is missing and cannot be made from {private}"):
        ensure_ssh_key(tmp_path)
