"""Fixtures: devcloud's core, and actuators that act in it."""

from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.providers.openstack.core_cloud import CoreCloud, CoreTransport, ManualClock
from tests.providers.openstack.machines import Reconciler, make_cluster, make_machine

from kubecapy.api.cluster.v1alpha1 import Cluster, Machine
from kubecapy.devcloud.settings import Timing
from kubecapy.providers.openstack.actuators.machine import OpenStackMachineActuator
from kubecapy.providers.openstack.services.projects import Projects

CLOUDS = """
clouds:
  openstack:
    auth: {auth_url: "https://cloud:5000", username: capi, password: hidden-password, project_id: p}
  other:
    auth: {auth_url: "https://other:5000", username: capi, password: hidden-password, project_id: p}
"""


class Secrets:
    """Holds Secrets in memory."""

    def __init__(self) -> None:
        self.data: dict[tuple[str, str], Mapping[str, bytes]] = {}

    async def read_secret(self, namespace: str, name: str) -> Mapping[str, bytes] | None:
        return self.data.get((namespace, name))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def cloud(clock: ManualClock) -> CoreCloud:
    return CoreCloud(clock)


@pytest.fixture
def secrets() -> Secrets:
    return Secrets()


@pytest.fixture
def clouds_yaml(tmp_path: Path) -> Path:
    path = tmp_path / "clouds.yaml"
    path.write_text(CLOUDS)
    return path


@pytest.fixture
async def open_projects(
    clock: ManualClock, cloud: CoreCloud, secrets: Secrets, clouds_yaml: Path
) -> AsyncIterator[Callable[[], Projects]]:
    """Open projects anew, as a process does that was started again."""
    executor = ThreadPoolExecutor(1)
    environ = {"OS_CLOUD": "openstack", "OS_CLIENT_CONFIG_FILE": str(clouds_yaml)}
    opened: list[Projects] = []

    def open_() -> Projects:
        opened.append(Projects(clock, secrets, environ, executor, lambda identity: CoreTransport(cloud)))
        return opened[-1]

    yield open_
    for projects in opened:
        await projects.close()
    executor.shutdown()


@pytest.fixture
def projects(open_projects: Callable[[], Projects]) -> Projects:
    return open_projects()


@pytest.fixture
def actuator(projects: Projects) -> OpenStackMachineActuator:
    return OpenStackMachineActuator(projects)


@pytest.fixture
def make_cloud(
    clock: ManualClock, secrets: Secrets, clouds_yaml: Path
) -> Callable[[Timing], tuple[CoreCloud, OpenStackMachineActuator]]:
    """Return a maker of clouds with delays of their own, each with an actuator in it."""
    environ = {"OS_CLOUD": "openstack", "OS_CLIENT_CONFIG_FILE": str(clouds_yaml)}

    def make(timing: Timing) -> tuple[CoreCloud, OpenStackMachineActuator]:
        cloud = CoreCloud(clock, timing)
        projects = Projects(clock, secrets, environ, ThreadPoolExecutor(1), lambda identity: CoreTransport(cloud))
        return cloud, OpenStackMachineActuator(projects)

    return make


@pytest.fixture
def cluster() -> Cluster:
    return make_cluster()


@pytest.fixture
def reconciler(actuator: OpenStackMachineActuator, cluster: Cluster) -> Callable[..., Reconciler]:
    """Return a maker of machines under one cluster, ready to be reconciled."""

    def make(machine: Machine | None = None, **changes: object) -> Reconciler:
        return Reconciler(actuator, machine or make_machine(**changes), cluster)

    return make
