import asyncio
import socket
from pathlib import Path
from random import Random

import pytest

from kubecapy.api.cluster.v1alpha1 import CLUSTERS, Cluster, ClusterNetwork, ClusterSpec, NetworkRanges
from kubecapy.api.cluster.v1alpha1.crds import custom_resource_definitions
from kubecapy.api.core import CONFIG_MAPS, ConfigMap
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta
from kubecapy.client import kubeconfig
from kubecapy.client.http import HttpClient
from kubecapy.clock import SystemClock
from kubecapy.clusterctl.objects.applying import Applier
from kubecapy.local.management import ManagementSettings, open_management
from kubecapy.local.provider_environment import ProviderEnvironmentError
from kubecapy.local.state_folder import FolderRefused

KEY = ObjectKey("default", "c")


def settings(folder: Path) -> ManagementSettings:
    return ManagementSettings(folder, SystemClock(), Random(0))


async def test_objects_are_there_again_when_it_is_opened_again(tmp_path: Path) -> None:
    async with open_management(settings(tmp_path)) as management:
        made = ConfigMap(metadata=ObjectMeta(name=KEY.name, namespace=KEY.namespace), data={"a": "1"})
        stored = await management.client.create(CONFIG_MAPS, made)

    async with open_management(settings(tmp_path)) as management:
        assert await management.client.get(CONFIG_MAPS, KEY) == stored


async def test_a_store_that_is_none_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").write_bytes(b"a letter, not a store" * 100)

    with pytest.raises(FolderRefused, match=r"opening the store .*store\.sqlite: file is not a database"):
        async with open_management(settings(tmp_path)):
            pass


async def test_other_tools_reach_it_by_its_kubeconfig(tmp_path: Path) -> None:
    async with open_management(settings(tmp_path)) as management:
        connection = kubeconfig.load(management.kubeconfig)
        async with HttpClient(connection, SystemClock()) as client:
            assert await client.request("GET", "/readyz") == b"ok"

    assert connection.server.startswith("https://127.0.0.1:")


async def test_its_folder_holds_nothing_that_others_may_read(tmp_path: Path) -> None:
    folder = tmp_path / "management"
    async with open_management(settings(folder)):
        pass

    assert folder.stat().st_mode & 0o777 == 0o700
    open_files = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    assert open_files == []


async def test_nothing_listens_and_no_task_runs_after_it_closed(tmp_path: Path) -> None:
    async with open_management(settings(tmp_path)) as management:
        port = int(kubeconfig.load(management.kubeconfig).server.rpartition(":")[2])

    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_controllers_need_components_that_run_a_provider(tmp_path: Path) -> None:
    async with open_management(settings(tmp_path)) as management:
        with pytest.raises(ProviderEnvironmentError, match="no Deployment of the provider components runs a provider"):
            await management.start_controllers()
        await management.stop_controllers()


@pytest.fixture
def fake_provider(tmp_path: Path, monkeypatch) -> None:
    """Offers the provider in memory as an installed package would."""
    folder = tmp_path / "packages"
    information = folder / "fake_provider-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: fake-provider\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(
        "[kubecapy.providers]\nfake = kubecapy.testing.fake_provider:FakeProvider\n"
    )
    monkeypatch.syspath_prepend(str(folder))


async def test_controllers_act_while_they_are_started_and_not_after_they_are_stopped(tmp_path, fake_provider) -> None:
    async with open_management(settings(tmp_path / "state")) as management:
        client = management.client
        for obj in (*custom_resource_definitions(), *COMPONENTS):
            await Applier(client).apply(obj)
        await management.start_controllers()
        await management.start_controllers()
        await client.create(CLUSTERS, cluster())

        await wait_until(lambda: has_finalizer(client))
        await management.stop_controllers()
        await client.create(CLUSTERS, cluster("later"))
        await asyncio.sleep(0.1)

        assert (await client.get(CLUSTERS, ObjectKey("default", "later"))).metadata.finalizers == ()


async def has_finalizer(client) -> bool:
    return (await client.get(CLUSTERS, ObjectKey("default", "test1"))).metadata.finalizers != ()


async def wait_until(holds) -> None:
    async with asyncio.timeout(10):
        while not await holds():
            await asyncio.sleep(0.01)


def cluster(name: str = "test1") -> Cluster:
    ranges = NetworkRanges(cidr_blocks=("10.96.0.0/12",))
    network = ClusterNetwork(services=ranges, pods=ranges, service_domain="cluster.local")
    return Cluster(metadata=ObjectMeta(name=name, namespace="default"), spec=ClusterSpec(cluster_network=network))


LABELS = {"app": "controllers"}
COMPONENTS = (
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "provider-system"}},
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "controllers", "namespace": "provider-system"},
        "spec": {
            "selector": {"matchLabels": LABELS},
            "template": {
                "metadata": {"labels": LABELS},
                "spec": {"containers": [{"name": "c", "image": "kubecapy/manager:1", "args": ["--provider=fake"]}]},
            },
        },
    },
)
