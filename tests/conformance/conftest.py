"""Run every test of the suite against the embedded server and against a real kube-apiserver with etcd.

A test asks for `served` (or for what is made of it: `api`, `kubectl`) and says what it expects once. The embedded
server is new for each test; the real one serves all tests of a process, so each test works in a `namespace`, and with
a `group` of custom kinds, that no other test knows. What differs on purpose is in docs/reference/api-server.md.
"""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import yaml
from tests.conformance import defects
from tests.conformance.servers import EMBEDDED, REAL, Served, open_api, run_embedded, serve_real
from tests.conformance.terminal import Terminal
from tests.kubectl import Kubectl
from tests.raw_api import Api
from tools.build_kubernetes import find_binaries, why_absent

from kubecapy.apiserver.pki import LocalPki, make_local_pki
from kubecapy.clock import SystemClock
from kubecapy.testing.kubernetes import Kubernetes, KubernetesSettings, run_kubernetes

_SERVERS = (
    pytest.param(EMBEDDED, id=EMBEDDED),
    # One process of a parallel run starts the real server, not all of them.
    pytest.param(REAL, id=REAL, marks=pytest.mark.xdist_group(REAL)),
)


@pytest.fixture(scope="session")
def binaries() -> Path:
    """Return the folder of the real server's binaries."""
    found = find_binaries()
    if found is None:
        pytest.skip(why_absent())
    return found


@pytest.fixture(scope="session")
def kubernetes(binaries: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubernetes]:
    """Run one real server for all tests of this process."""
    settings = KubernetesSettings(
        binaries=binaries,
        folder=tmp_path_factory.mktemp("kubernetes"),
        has_controllers=(binaries / "kube-controller-manager").exists(),
    )
    with run_kubernetes(settings, SystemClock(), Random()) as running:
        yield running


@pytest.fixture(scope="session")
def embedded_pki(tmp_path_factory: pytest.TempPathFactory) -> LocalPki:
    """Make the keys of all embedded servers; with a planted defect, also break their code (see `defects`)."""
    defects.plant_asked_for()
    return make_local_pki(tmp_path_factory.mktemp("pki") / "files", ["127.0.0.1"], SystemClock())


@pytest.fixture(params=_SERVERS)
async def served(request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    """Serve: each test runs once with either server."""
    if request.param == REAL:
        binaries = request.getfixturevalue("binaries")
        has_controllers = (binaries / "kube-controller-manager").exists()
        yield serve_real(request.getfixturevalue("kubernetes"), has_controllers=has_controllers)
        return
    async with run_embedded(request.getfixturevalue("embedded_pki")) as embedded:
        yield embedded


@pytest.fixture
def collected(served: Served) -> Served:
    """Serve with what collects garbage and ends namespaces."""
    if not served.has_controllers:
        pytest.skip("this folder of binaries has no kube-controller-manager, without which nothing is collected")
    return served


@pytest.fixture
async def api(served: Served) -> AsyncIterator[Api]:
    """Send raw requests as the administrator."""
    async with open_api(served) as opened:
        yield opened


@pytest.fixture
async def namespace(api: Api, served: Served) -> AsyncIterator[str]:
    """Make a namespace that is this test's own, complete with what every namespace gets."""
    name = f"t-{uuid.uuid4().hex[:12]}"
    await api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    if served.has_controllers:
        await _found(api, f"/api/v1/namespaces/{name}/serviceaccounts/default")
        await _found(api, f"/api/v1/namespaces/{name}/configmaps/kube-root-ca.crt")
    yield name
    await api("DELETE", f"/api/v1/namespaces/{name}")


@pytest.fixture
def group() -> str:
    """Name an API group that is this test's own."""
    return f"g{uuid.uuid4().hex[:12]}.example.com"


@pytest.fixture
def kubectl(served: Served, namespace: str, tmp_path: Path) -> Kubectl:
    """Type kubectl in the test's own namespace: the one built beside the real server, else the machine's."""
    home = tmp_path / "home"
    home.mkdir()
    kubeconfig = home / "kubeconfig"
    kubeconfig.touch(mode=0o600)
    kubeconfig.write_text(_with_namespace(served.kubeconfig, namespace))
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "KUBECONFIG": str(kubeconfig)}
    binaries = find_binaries()
    built = binaries / "kubectl" if binaries else None
    return Kubectl(environment, str(built) if built and built.exists() else "kubectl")


@pytest.fixture
def terminal(kubectl: Kubectl, served: Served, namespace: str, group: str, tmp_path: Path) -> Terminal:
    """Type transcripts of kubectl in a folder that holds the files of `terminal/files`."""
    folder = tmp_path / "work"
    folder.mkdir()
    names = {"NODE": f"n-{namespace}", "NAMESPACE": namespace, "GROUP": group, "URL": served.url}
    opened = Terminal(replace(kubectl, folder=folder), folder, names)
    for file in (Path(__file__).parent / "terminal" / "files").iterdir():
        opened.write(file.name, file.read_text())
    return opened


@pytest.fixture
async def kites(terminal: Terminal, api: Api, group: str) -> AsyncIterator[str]:
    """Serve Kites, the kind of `terminal/files/kites.yaml`, and return the path of the namespace's."""
    definition = yaml.safe_load((terminal.folder / "kites.yaml").read_text())
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    await api.create(definitions, definition)
    path = f"/apis/{group}/v1/namespaces/{terminal.names['NAMESPACE']}/kites"
    # kubectl reads what is served, and how, before it sends anything; a real server says so a moment later.
    await _found(api, path)
    await _found(api, f"/openapi/v3/apis/{group}/v1")
    yield path
    # kubectl finds a kind by its name alone, and would warn of what another test left.
    await api.delete(f"{definitions}/kites.{group}")
    await api.gone(f"{definitions}/kites.{group}")


def _with_namespace(kubeconfig: bytes, namespace: str) -> str:
    config = yaml.safe_load(kubeconfig)
    config["contexts"][0]["context"]["namespace"] = namespace
    return yaml.safe_dump(config)


async def _found(api: Api, path: str) -> None:
    async with asyncio.timeout(20):
        while (await api("GET", path)).status != 200:
            await asyncio.sleep(0.02)
