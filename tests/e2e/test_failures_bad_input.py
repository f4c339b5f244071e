"""What a person gets wrong before anything is made: one sentence each, and nothing left behind."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from demo.__main__ import KEY_PAIR
from demo.stage import open_stage
from tests.e2e.conftest import Tale

pytestmark = [pytest.mark.xdist_group("bad-input"), pytest.mark.timeout(240)]

COMPONENTS = "provider-components.yaml"
CLOUD_FILE = 'cloud "openstack" in clouds.yaml of volume "cloud-config" of the provider components'


@dataclass
class Desk:
    """A person's folder and home beside a cloud that knows the key pair."""

    tale: Tale
    folder: Path
    home: Path

    def clusterctl(self, *arguments: object) -> tuple[int, str]:
        """Return exit code and standard error of one command."""
        done = subprocess.run(
            ["clusterctl", *map(str, arguments)],
            cwd=self.folder,
            env={**self.tale.stage.environment, "HOME": str(self.home)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return done.returncode, done.stderr

    def components(self, clouds: Path) -> Path:
        """Return provider components that generate-yaml made of a clouds.yaml."""
        code, error = self.clusterctl("generate-yaml", clouds, "openstack", "ubuntu", "-o", self.folder / "out")
        assert code == 0, error
        return self.folder / "out" / COMPONENTS

    def create(self, **files: object) -> tuple[int, str]:
        """Return exit code and standard error of `create cluster` with the stage's files but for those given."""
        work = self.tale.stage.work
        chosen = {"cluster": work / "cluster.yaml", "machines": work / "machines.yaml", **files}
        chosen.setdefault("provider_components", work / "out" / COMPONENTS)
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in chosen.items()]
        kubeconfig = f"--kubeconfig-out={self.folder / 'kubeconfig'}"
        return self.clusterctl("create", "cluster", "--provider=openstack", *flags, kubeconfig)

    def edited(self, name: str, old: str, new: str) -> Path:
        """Return a copy of one of the stage's files in which every `old` is `new`."""
        text = (self.tale.stage.work / name).read_text()
        assert old in text
        path = self.folder / name
        path.write_text(text.replace(old, new))
        return path

    def refuse_traces(self) -> None:
        """Check that nothing is there that a create writes: no kubeconfig, and no record of a run."""
        assert not (self.folder / "kubeconfig").exists()
        assert not (self.home / ".local").exists()


@pytest.fixture(scope="module")
def tale() -> Iterator[Tale]:
    with open_stage(lambda _: None) as stage:
        told = Tale(stage=stage, runner=None)
        told.run(
            "openstack", "keypair", "create", "--private-key", str(stage.folder / "home/.ssh/openstack_tmp"), KEY_PAIR
        )
        told.run("clusterctl", "generate-yaml", "clouds.yaml", "openstack", "ubuntu")
        yield told


@pytest.fixture
def desk(tale: Tale, tmp_path: Path) -> Iterator[Desk]:
    """A desk whose cloud must see no change."""
    home, folder = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    folder.mkdir()
    writes = writes_of(tale)
    yield Desk(tale, folder, home)
    assert writes_of(tale) == writes


def writes_of(tale: Tale) -> list[str]:
    """Return every call that asked the cloud for a change, logins left out."""
    entries = tale.control("/ledger?limit=20000")["entries"]
    return [
        f"{entry['method']} {entry['path']}"
        for entry in entries
        if entry["method"] not in ("GET", "HEAD") and entry["service"] != "identity"
    ]


def foreign_authority() -> bytes:
    """Return the certificate of an authority that signed nothing of the cloud's."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "somebody else's authority")])
    now = datetime.now()
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def clouds_of(tale: Tale) -> dict:
    """Return the cloud's own clouds.yaml, which trusts its authority by a file."""
    return yaml.safe_load(tale.stage.clouds_yaml.read_text())


def test_a_cloud_that_the_file_lacks_is_named_with_those_that_it_has(desk: Desk) -> None:
    clouds = desk.tale.stage.work / "clouds.yaml"

    code, error = desk.clusterctl("generate-yaml", clouds, "opensack", "ubuntu", "-o", desk.folder / "out")

    assert (code, error) == (1, f'Error: {clouds}: the file has no cloud "opensack"; it has "openstack"\n')
    assert list(desk.folder.iterdir()) == []
    assert not (desk.home / ".ssh").exists()


def test_a_wrong_password_is_told_without_showing_it(desk: Desk) -> None:
    clouds = clouds_of(desk.tale)
    clouds["clouds"]["openstack"]["auth"]["password"] = "not-this-one"
    path = desk.folder / "clouds.yaml"
    path.write_text(yaml.safe_dump(clouds))

    code, error = desk.create(provider_components=desk.components(path))

    assert code == 1
    assert f'the login of "capi" to {CLOUD_FILE} was refused; check user, password, domain and project' in error
    assert "not-this-one" not in error
    assert len(error.splitlines()) == 1
    desk.refuse_traces()


def test_an_authority_that_did_not_sign_the_cloud_is_told(desk: Desk) -> None:
    clouds = clouds_of(desk.tale)
    authority = desk.folder / "other.pem"
    authority.write_bytes(foreign_authority())
    clouds["clouds"]["openstack"] |= {"verify": True, "cacert": str(authority)}
    path = desk.folder / "clouds.yaml"
    path.write_text(yaml.safe_dump(clouds))

    code, error = desk.create(provider_components=desk.components(path))

    assert code == 1
    assert f'is not trusted by the CA that "cacert" of {CLOUD_FILE} names' in error
    assert len(error.splitlines()) == 1
    desk.refuse_traces()


def test_a_misspelt_field_is_named_with_the_nearest_name_and_its_line(desk: Desk) -> None:
    machines = desk.edited("machines.yaml", "keyName:", "keyNme:")

    code, error = desk.create(machines=machines)

    lines = [number for number, line in enumerate(machines.read_text().splitlines(), 1) if "keyNme:" in line]
    assert len(lines) == 2
    assert code == 1
    assert error.removeprefix("Error: ").splitlines() == [
        f'{machines}:{line}: spec.providerSpec.value.keyNme: unknown field "keyNme", did you mean "keyName"?'
        for line in lines
    ]
    desk.refuse_traces()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "flavor: m1.xlarge",
            "flavor: m1.xlarg",
            'flavor "m1.xlarg" does not exist for the project; there are m1.large, m1.medium, m1.small, m1.xlarge',
        ),
        (
            "image: KVM-Ubt18.04-Srv-x64",
            "image: KVM-Ubt18.04",
            'image "KVM-Ubt18.04" does not exist in the project; `openstack image list` shows those that do',
        ),
        (
            f"keyName: {KEY_PAIR}",
            "keyName: mine",
            (
                'key pair "mine" is not registered for the user; '
                "register it: openstack keypair create --public-key FILE mine"
            ),
        ),
        (
            "uuid: e2d9ead6-759b-4592-873d-981d3db07c86",
            "uuid: e2d9ead6-759b-4592-873d-981d3db07c87",
            (
                'network "id=e2d9ead6-759b-4592-873d-981d3db07c87" does not exist in the project; '
                "`openstack network list` shows those that do"
            ),
        ),
    ],
    ids=["flavor", "image", "key-pair", "network"],
)
def test_what_the_cloud_lacks_is_named_for_each_machine(desk: Desk, old: str, new: str, sentence: str) -> None:
    machines = desk.edited("machines.yaml", old, new)
    concerned = [item["metadata"]["generateName"] for item in yaml.safe_load(machines.read_text())["items"]]
    concerned = concerned[:1] if "flavor" in old else concerned

    code, error = desk.create(machines=machines)

    assert code == 1
    assert error.removeprefix("Error: ").splitlines() == [f"Machine default/{name}: {sentence}" for name in concerned]
    desk.refuse_traces()


def test_files_that_cannot_make_a_cluster_are_refused(desk: Desk) -> None:
    empty = desk.folder / "empty.yaml"
    empty.touch()
    workers = desk.folder / "workers.yaml"
    workers.write_text((desk.tale.stage.work / "machine.yaml").read_text())
    absent = desk.folder / "absent.yaml"

    assert desk.create(machines=empty) == (
        1,
        f"Error: {empty} holds no object; expected at least one with apiVersion and kind\n",
    )
    assert desk.create(machines=workers) == (
        1,
        (
            f"Error: {workers}: expected one or more control plane machines, got: 0; "
            "set spec.versions.controlPlane on one of its Machines\n"
        ),
    )
    assert desk.create(machines=absent) == (1, f"Error: cannot read {absent}: No such file or directory\n")
    assert desk.create(cluster=desk.folder) == (1, f"Error: cannot read {desk.folder}: Is a directory\n")
    desk.refuse_traces()


@pytest.mark.parametrize("type_", ["kind", "minikube"])
def test_bootstrap_types_of_docker_are_refused_by_naming_the_one_that_needs_none(desk: Desk, type_: str) -> None:
    code, error = desk.create(bootstrap_type=type_)

    sentence = f"bootstrap type {type_} is not supported; use --bootstrap-type embedded, which needs no Docker"
    assert (code, error) == (1, f"Error: {sentence}\n")
    desk.refuse_traces()


def test_the_articles_own_clouds_file_logs_in_and_sees_the_project(desk: Desk) -> None:
    clouds = desk.tale.stage.work / "clouds.yaml"
    entry = yaml.safe_load(clouds.read_text())["clouds"]["openstack"]
    machines = desk.edited("machines.yaml", "flavor: m1.xlarge", "flavor: m1.none")

    code, error = desk.create(provider_components=desk.components(clouds), machines=machines)

    assert {"domain_name", "project_id", "user_domain_name"} <= set(entry["auth"])
    assert entry["verify"] is False
    assert entry["cacert"].startswith("-----BEGIN CERTIFICATE-----")
    # The one wrong wish is found only by who could log in; everything else of the project was seen and is right.
    assert code == 1
    assert error.splitlines() == [
        (
            'Error: Machine default/liugya-master-: flavor "m1.none" does not exist for the project; '
            "there are m1.large, m1.medium, m1.small, m1.xlarge"
        )
    ]
    desk.refuse_traces()
