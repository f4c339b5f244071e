"""Run every test of the suite against the simulated cloud and against real OpenStack services.

A test asks for `declare` (what the provider is to make) and `eyes` (what the cloud then holds), and says what it
expects once; it never asks which cloud it is. Both serve all tests of a process, so each test works with names of its
own, and leaves the project as it was.
"""

import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from random import SystemRandom
from typing import Any

import pytest
from openstack_services.instance import Instance
from tests.clouds.conformance_harness import NoSecrets
from tests.clouds.driving import Declared
from tests.clouds.eyes import Eyes
from tests.clouds.sites import ADMIN_CLOUD, DEVCLOUD, MEMBER_CLOUD, OPENSTACK, Site, openstack_site, run_devcloud
from tests.real_openstack import MARKS

from kubecapy.clock import SystemClock
from kubecapy.contract.provider import Actuators, ProviderSettings
from kubecapy.providers.openstack.plugin import OpenStackPlugin

_SITES = (
    pytest.param(DEVCLOUD, id=DEVCLOUD, marks=pytest.mark.xdist_group("clouds-devcloud")),
    pytest.param(OPENSTACK, id=OPENSTACK, marks=MARKS),
)


@pytest.fixture(scope="session")
def devcloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Run one simulated cloud for all tests of this process."""
    with run_devcloud(tmp_path_factory.mktemp("devcloud")) as site:
        yield site


@pytest.fixture(scope="session")
def openstack(real_openstack: Instance) -> Site:
    """Return the real services, which run for all tests of this process."""
    return openstack_site(real_openstack)


@pytest.fixture(params=_SITES)
def site(request: pytest.FixtureRequest) -> Site:
    """Return a running cloud: each test runs once with either."""
    found: Site = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def eyes(site: Site) -> Iterator[Eyes]:
    """Look at the member's project, which must be at the end what it was at the beginning."""
    with site.connect(MEMBER_CLOUD) as member:
        opened = Eyes(site.clouds_yaml, member)
        before = opened.inventory()
        yield opened
        assert opened.inventory() == before, "something was left behind, or is missing"


@pytest.fixture
def admin(site: Site) -> Iterator[Any]:
    """Return the SDK's connection of the cloud's administrator."""
    with site.connect(ADMIN_CLOUD) as connection:
        yield connection


@pytest.fixture
async def actuators(site: Site, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Actuators]:
    """Open the provider as a process does."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    environ = {"OS_CLOUD": MEMBER_CLOUD, "OS_CLIENT_CONFIG_FILE": str(site.clouds_yaml)}
    settings = ProviderSettings(clock=SystemClock(), random=SystemRandom(), environ=environ, secrets=NoSecrets())
    async with OpenStackPlugin().open_actuators(settings) as opened:
        yield opened


@pytest.fixture
async def declare(actuators: Actuators, eyes: Eyes) -> AsyncIterator[Callable[..., Declared]]:
    """Return a maker of clusters with names of this test's own; keywords are the cluster's providerSpec.

    What a test that failed has left goes at its end, so that the next one finds the project as it was.
    """
    suffix = uuid.uuid4().hex[:8]
    made: list[Declared] = []

    def make(name: str = "c", namespace: str = "default", **value: Any) -> Declared:
        made.append(Declared(actuators, f"{name}-{suffix}", namespace, value))
        return made[-1]

    yield make
    for cluster in made:
        await cluster.gone()


@pytest.fixture
def given_address(admin: Any, eyes: Eyes) -> Iterator[str]:
    """Allocate a floating address to the project, as a person does before she names it in a Machine."""
    external = admin.network.find_network("public", ignore_missing=False)
    floating = eyes.member.network.create_ip(floating_network_id=external.id)
    yield floating.floating_ip_address
    eyes.member.network.delete_ip(floating)


@pytest.fixture
def make_flavor(admin: Any) -> Iterator[Callable[..., str]]:
    """Return a maker of flavors of unusual size; they go with the test."""
    made: list[Any] = []

    def make(**size: int) -> str:
        name = f"odd-{uuid.uuid4().hex[:8]}"
        made.append(admin.compute.create_flavor(name=name, **{"ram": 512, "vcpus": 1, "disk": 1, **size}))
        return name

    yield make
    for flavor in made:
        admin.compute.delete_flavor(flavor)


@pytest.fixture
def clouds_yaml(site: Site) -> Path:
    """Return the file with the credentials."""
    return site.clouds_yaml
