"""Which credentials an object means, and who shares a client."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.providers.openstack.conftest import CLOUDS, Secrets
from tests.providers.openstack.core_cloud import CoreCloud, CoreTransport, ManualClock

from kubecapy.contract.errors import PermissionDenied
from kubecapy.providers.openstack.api.secret_reference import CloudReference, SecretReference
from kubecapy.providers.openstack.cloud.identity import CloudIdentity
from kubecapy.providers.openstack.services.projects import PROJECTS_MAX, Projects

OWN = CloudReference()
IN_SECRET = CloudReference(secret=SecretReference(name="cloud"), cloud="other")


class Opened:
    """Remembers what was opened."""

    def __init__(self, cloud: CoreCloud) -> None:
        self._cloud = cloud
        self.identities: list[CloudIdentity] = []
        self.transports: list[CoreTransport] = []

    def __call__(self, identity: CloudIdentity) -> CoreTransport:
        self.identities.append(identity)
        self.transports.append(CoreTransport(self._cloud))
        return self.transports[-1]


@pytest.fixture
def opened(cloud: CoreCloud) -> Opened:
    return Opened(cloud)


@pytest.fixture
def make(clock: ManualClock, secrets: Secrets, opened: Opened) -> Callable[..., Projects]:
    return lambda **environ: Projects(clock, secrets, environ, ThreadPoolExecutor(1), opened)


async def test_the_environment_names_file_and_cloud(
    make: Callable[..., Projects], opened: Opened, clouds_yaml: Path
) -> None:
    projects = make(OS_CLIENT_CONFIG_FILE=str(clouds_yaml), OS_CLOUD="openstack", OS_PASSWORD="never-used")
    await projects.find(OWN, "ns")
    await projects.find(CloudReference(cloud="other"), "ns")
    assert [identity.name for identity in opened.identities] == ["openstack", "other"]
    assert opened.identities[0].entry.reveal()["auth"]["password"] == "hidden-password"


async def test_a_secret_counts_before_the_environment_and_has_the_objects_namespace(
    make: Callable[..., Projects], opened: Opened, secrets: Secrets, clouds_yaml: Path
) -> None:
    secrets.data["ns", "cloud"] = {"clouds.yaml": CLOUDS.encode()}
    projects = make(OS_CLIENT_CONFIG_FILE=str(clouds_yaml), OS_CLOUD="openstack")
    await projects.find(IN_SECRET, "ns")
    assert opened.identities[0].source == "Secret ns/cloud"
    assert opened.identities[0].name == "other"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (None, "Secret ns/cloud with the cloud's credentials does not exist"),
        ({"cacert": b""}, 'Secret ns/cloud has no key "clouds.yaml"'),
        ({"clouds.yaml": b"clouds: {a: {}}"}, 'Secret ns/cloud has no cloud "other"; it has "a"'),
    ],
)
async def test_a_broken_secret_is_named_and_nothing_falls_back(
    make: Callable[..., Projects],
    opened: Opened,
    secrets: Secrets,
    clouds_yaml: Path,
    data: dict[str, bytes] | None,
    sentence: str,
) -> None:
    if data is not None:
        secrets.data["ns", "cloud"] = data
    projects = make(OS_CLIENT_CONFIG_FILE=str(clouds_yaml), OS_CLOUD="openstack")
    with pytest.raises(PermissionDenied) as caught:
        await projects.find(IN_SECRET, "ns")
    assert str(caught.value) == sentence
    assert opened.identities == []


async def test_no_cloud_at_all_says_where_to_name_one(make: Callable[..., Projects]) -> None:
    with pytest.raises(PermissionDenied, match="no cloud is named: set OS_CLOUD, or cloudsSecret and cloudName"):
        await make().find(OWN, "ns")


async def test_equal_credentials_share_a_client_and_changed_ones_get_a_new_one(
    make: Callable[..., Projects], opened: Opened, clouds_yaml: Path
) -> None:
    projects = make(OS_CLIENT_CONFIG_FILE=str(clouds_yaml), OS_CLOUD="openstack")
    first = await projects.find(OWN, "a")
    assert await projects.find(OWN, "b") is first
    clouds_yaml.write_text(CLOUDS.replace("hidden-password", "rotated"))
    assert await projects.find(OWN, "a") is not first
    assert len(opened.identities) == 2


async def test_the_client_unused_for_longest_is_closed_where_there_are_too_many(
    make: Callable[..., Projects], opened: Opened, secrets: Secrets
) -> None:
    projects = make()
    for number in range(PROJECTS_MAX + 1):
        secrets.data[f"ns-{number}", "cloud"] = {"clouds.yaml": CLOUDS.encode()}
        await projects.find(IN_SECRET, f"ns-{number}")
    assert [transport.closed for transport in opened.transports[:2]] == [True, False]
    await projects.close()
    assert all(transport.closed for transport in opened.transports)
