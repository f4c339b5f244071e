"""Servers boot: a control plane and a worker from user data written by hand, on a cloud with guests."""

import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from tests.local import user_data
from tests.local.cloud_user import CloudUser
from tests.local.processes import descendants, still_there
from tests.local.running_cloud import CLOCK, administrator, eventually, node_ready, open_cloud

from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apiserver.pki.certificates import KeyPair, issue_authority
from kubecapy.client.http import HttpClient
from kubecapy.local.certificates import public_key_hash
from kubecapy.local.cloud import LocalCloud
from kubecapy.local.workloads.kinds import DEPLOYMENTS, NODES, PODS, is_true, labels_of

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("boot")]

TALKER = "import os, time\nprint('I am on', os.environ['NODE'], flush=True)\nwhile True: time.sleep(1)"


class Cluster(msgspec.Struct, frozen=True):
    """A cloud with one control plane, and who looks at it."""

    cloud: LocalCloud
    user: CloudUser
    client: HttpClient
    authority: KeyPair
    endpoint: str
    control_plane: str
    """Id of its server."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    state_dir = tmp_path_factory.mktemp("cloud")
    others = descendants(os.getpid())
    async with _cluster(state_dir) as running:
        yield running
        seen = descendants(os.getpid())
        endpoint = running.endpoint

    assert still_there({pid: command for pid, command in seen.items() if pid not in others}) == []
    with socket.create_server((endpoint.partition(":")[0], 6443)):
        pass


@contextlib.asynccontextmanager
async def _cluster(state_dir: Path) -> AsyncIterator[Cluster]:
    async with open_cloud(state_dir) as (cloud, user):
        authority = issue_authority("kubernetes", CLOCK.now())
        port, fixed, floating = await user.reserve("cp", floating=True)
        pem, key = authority.certificate_pem().decode(), authority.key_pem().decode()
        text = user_data.control_plane("cp", fixed, floating, pem, key, more="- echo hello from runcmd")
        server = await user.create_server("cp", port, text)
        async with administrator(authority, f"{floating}:6443") as client:
            yield Cluster(cloud, user, client, authority, f"{floating}:6443", server)


async def add_worker(cluster: Cluster, name: str, **changes: str) -> str:
    port, _, _ = await cluster.user.reserve(name, floating=False)
    pin = changes.pop("pin", public_key_hash(cluster.authority.certificate))
    return await cluster.user.create_server(name, port, user_data.worker(name, cluster.endpoint, pin, **changes))


async def test_a_control_plane_becomes_ready_and_shows_what_it_runs(cluster: Cluster) -> None:
    await node_ready(cluster.client, "cp")
    pods = await eventually(
        lambda: cluster.client.list(PODS, namespace="kube-system"),
        lambda listing: len(listing.items) == 8 and all(is_true(pod, "Ready") for pod in listing.items),
    )
    node = await cluster.client.get(NODES, ObjectKey("", "cp"))
    console = await cluster.user.console(cluster.control_plane)

    assert node["spec"]["providerID"] == f"openstack:///{cluster.control_plane}"
    assert node["status"]["nodeInfo"]["kubeletVersion"] == "v1.14.0"
    assert "node-role.kubernetes.io/master" in labels_of(node)
    assert node["spec"]["taints"] == [{"key": "node-role.kubernetes.io/master", "effect": "NoSchedule"}]
    parts = {pod["metadata"]["name"] for pod in pods.items}
    assert {f"{name}-cp" for name in ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")} <= parts
    for prefix, count in {"coredns-": 2, "kube-proxy-": 1, "calico-node-": 1}.items():
        assert sum(name.startswith(prefix) for name in parts) == count
    assert "Your Kubernetes control-plane has initialized successfully!" in console
    assert "\nhello from runcmd\n" in console
    assert user_data.TOKEN not in console


async def test_a_worker_joins_and_runs_pods_whose_logs_the_api_serves(cluster: Cluster) -> None:
    await node_ready(cluster.client, "cp")
    server = await add_worker(cluster, "w1")
    node = await node_ready(cluster.client, "w1")
    await cluster.client.create(DEPLOYMENTS, talker())

    (pod,) = await ready_pods(cluster, 1)
    path = PODS.path("default", pod["metadata"]["name"], "log")
    log = await eventually(lambda: cluster.client.request("GET", path, accept="*/*"), lambda text: text)
    followed = await first_piece(cluster, path)

    assert node["spec"]["providerID"] == f"openstack:///{server}"
    assert "node-role.kubernetes.io/master" not in labels_of(node)
    assert pod["spec"]["nodeName"] == "w1"
    assert log == followed == b"I am on w1\n"


async def test_a_guest_that_is_killed_comes_back_with_what_it_had(cluster: Cluster) -> None:
    await node_ready(cluster.client, "cp")
    await add_worker(cluster, "w2")
    await node_ready(cluster.client, "w2")
    lease = await lease_time(cluster, "w2")
    (guest,) = [pid for pid in descendants(os.getpid()) if guest_of(pid) == "w2"]

    os.kill(guest, signal.SIGKILL)

    await eventually(lambda: lease_time(cluster, "w2"), lambda renewed: renewed != lease)
    assert is_true(await node_ready(cluster.client, "w2"), "Ready")


async def test_a_control_plane_that_is_killed_comes_back_with_its_objects(cluster: Cluster) -> None:
    before = await node_ready(cluster.client, "cp")
    lease = await lease_time(cluster, "cp")
    (guest,) = [pid for pid in descendants(os.getpid()) if guest_of(pid) == "cp"]

    os.kill(guest, signal.SIGKILL)

    await eventually(lambda: lease_time(cluster, "cp"), lambda renewed: renewed != lease)
    after = await node_ready(cluster.client, "cp")
    assert after["metadata"]["uid"] == before["metadata"]["uid"]


async def test_a_deleted_server_takes_its_guest_and_its_files_along(cluster: Cluster) -> None:
    await node_ready(cluster.client, "cp")
    server = await add_worker(cluster, "w3")
    await node_ready(cluster.client, "w3")
    before = {pid: born for pid, born in descendants(os.getpid()).items() if guest_of(pid) == "w3"}
    folder = cluster.cloud.clouds_yaml.parent / "guests" / server
    assert before
    assert folder.is_dir()

    await cluster.user.delete_server(server)

    await eventually(lambda: _gone(before, folder), bool)


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        (
            "pin",
            {"pin": f"sha256:{'0' * 64}"},
            "the identity of the API Server: cluster CA found in cluster-info configmap is invalid: public key sha256:",
        ),
        (
            "secret",
            {"token": "abcdef.fedcba9876543210"},
            "couldn't validate the identity of the API Server: failed to verify JWS signature of received cluster info",
        ),
        (
            "token",
            {"token": "aaaaaa.0123456789abcdef"},
            'could not find a JWS signature in the cluster-info ConfigMap for token ID "aaaaaa"',
        ),
    ],
    ids=["pin", "secret", "token"],
)
async def test_a_worker_that_trusts_or_is_trusted_wrongly_says_so_on_its_console(
    cluster: Cluster, name: str, changes: dict[str, str], words: str
) -> None:
    await node_ready(cluster.client, "cp")
    server = await add_worker(cluster, f"wrong-{name}", **changes, more="- echo after the failure")

    console = await eventually(lambda: cluster.user.console(server), lambda text: "login:" in text)

    assert words in console
    assert "To see the stack trace of this error execute with --v=5 or higher\nafter the failure\n" in console
    assert changes.get("token", "none") not in console
    assert await cluster.client.find(NODES, ObjectKey("", f"wrong-{name}")) is None


def talker() -> JsonObject:
    container = {
        "name": "talker",
        "image": "example/talker:v1",
        "args": [TALKER],
        "env": [{"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
    }
    template = {"metadata": {"labels": {"app": "talker"}}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "talker", "namespace": "default"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "talker"}}, "template": template},
    }


async def ready_pods(cluster: Cluster, count: int) -> list[JsonObject]:
    listing = await eventually(
        lambda: cluster.client.list(PODS, namespace="default", labels="app=talker"),
        lambda found: len(found.items) == count and all(is_true(pod, "Ready") for pod in found.items),
    )
    return list(listing.items)


async def first_piece(cluster: Cluster, path: str) -> bytes:
    async with cluster.client.stream(path, query={"follow": "true", "tailLines": "1"}) as pieces:
        return await anext(aiter(pieces))


async def lease_time(cluster: Cluster, name: str) -> str:
    path = f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{name}"
    lease = msgspec.json.decode(await cluster.client.request("GET", path))
    return str(lease["spec"]["renewTime"])


def guest_of(pid: int) -> str:
    """Return the host name of the guest that process `pid` is, by the log that it writes to."""
    with contextlib.suppress(OSError):
        log = Path(f"/proc/{pid}/fd/1").readlink()
        return (log.parent / "root" / "etc" / "hostname").read_text().strip()
    return ""


async def _gone(processes: dict[int, str], folder: Path) -> bool:
    return not still_there(processes) and not folder.exists()
