"""The small control plane at work: on a real API server, with nodes that a test plays."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.times import format_micro_time, format_time
from kubecapy.apiserver.pki import make_local_pki
from kubecapy.apiserver.serve import ApiServer
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.client.connection import Connection
from kubecapy.client.http import HttpClient
from kubecapy.client.interfaces import Client
from kubecapy.clock import SystemClock
from kubecapy.local.certificates import load_authority
from kubecapy.local.pod_removal import remove_pod
from kubecapy.local.workloads.assembly import controller_manager, scheduler
from kubecapy.local.workloads.kinds import (
    CONFIG_MAPS,
    DAEMON_SETS,
    DEPLOYMENTS,
    LEASES,
    NODE_INDEX,
    NODES,
    PODS,
    REPLICA_SETS,
    SECRETS,
    STATEFUL_SETS,
    is_true,
    node_names,
)
from kubecapy.local.workloads.node_lifecycle import NodeLifecycleReconciler
from kubecapy.runtime.manager import Manager
from kubecapy.tasks import TaskScope
from kubecapy.telemetry.secrets import Secret
from kubecapy.testing.fake_api import FakeApi
from kubecapy.testing.virtual_time import VirtualClock, on_virtual_time

CLOCK = SystemClock()
DEADLINE_SECONDS = 20.0


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[HttpClient]:
    """An API server with the controllers, and its administrator's client."""
    pki = make_local_pki(tmp_path / "pki", ["127.0.0.1"], CLOCK)
    settings = ApiServerSettings(
        serving_certificate=pki.serving_certificate, serving_key=pki.serving_key, client_ca=pki.ca_certificate
    )
    authority = load_authority(pki.ca_certificate.read_bytes(), pki.ca_key.read_bytes())
    async with ApiServer(settings, CLOCK, Random(7)) as server:
        connection = Connection(
            server=server.url,
            ca=pki.ca_certificate.read_bytes(),
            client_certificate=pki.admin_certificate.read_bytes(),
            client_key=Secret(pki.admin_key.read_bytes()),
        )
        async with HttpClient(connection, CLOCK) as admin, TaskScope("test") as scope:
            scope.start(controller_manager(admin, authority, CLOCK, Random(1)).run(), name="controllers")
            scope.start(scheduler(admin, CLOCK, Random(1)).run(), name="scheduler")
            yield admin
            scope.cancel()


async def eventually(condition: Callable[[], Awaitable[Any]]) -> Any:
    """Return what `condition` returns once that is not None."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while (found := await condition()) is None:
            await asyncio.sleep(0.02)
    return found


async def add_node(client: Client, name: str, taints: list[JsonObject] | None = None) -> None:
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": {"taints": taints or []}}
    await client.create(NODES, node)
    conditions = [{"type": "Ready", "status": "True"}]
    await client.patch(NODES, ObjectKey("", name), {"status": {"conditions": conditions}}, subresource="status")


@asynccontextmanager
async def kubelets(client: Client) -> AsyncIterator[None]:
    """Report every bound pod as ready, and let every doomed one go."""

    async def play() -> None:
        while True:
            for pod in (await client.list(PODS)).items:
                key = ObjectKey(pod["metadata"]["namespace"], pod["metadata"]["name"])
                if pod["metadata"].get("deletionTimestamp"):
                    await remove_pod(client, pod)
                elif pod["spec"].get("nodeName") and not is_true(pod, "Ready"):
                    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
                    await client.patch(PODS, key, {"status": status}, subresource="status")
            await asyncio.sleep(0.05)

    async with TaskScope("kubelets") as scope:
        scope.start(play(), name="play")
        yield
        scope.cancel()


def workload(kind: str, name: str, replicas: int | None, image: str = "x:1", **spec: Any) -> JsonObject:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "c", "image": image}]}}
    template["spec"]["tolerations"] = spec.pop("tolerations", [])
    counted = {} if replicas is None else {"replicas": replicas}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "default"},
        "spec": {**counted, "selector": {"matchLabels": {"app": name}}, "template": template, **spec},
    }


async def pods_of(client: Client, name: str) -> list[JsonObject]:
    return list((await client.list(PODS, namespace="default", labels=f"app={name}")).items)


def ready_count(wanted: int, field: str = "readyReplicas") -> Callable[[JsonObject], bool]:
    return lambda obj: obj.get("status", {}).get(field) == wanted


async def test_a_deployment_gets_its_pods_follows_its_size_and_rolls(client: HttpClient) -> None:
    key = ObjectKey("default", "web")
    await add_node(client, "n1")

    async with kubelets(client):
        await client.create(DEPLOYMENTS, workload("Deployment", "web", 2))
        await eventually(lambda: _when(client.get(DEPLOYMENTS, key), ready_count(2)))
        first = await pods_of(client, "web")
        (replica_set,) = (await client.list(REPLICA_SETS)).items
        assert all(pod["metadata"]["name"].startswith(f"{replica_set['metadata']['name']}-") for pod in first)
        assert all(pod["spec"]["nodeName"] == "n1" for pod in first)

        await client.patch(DEPLOYMENTS, key, {"spec": {"replicas": 1}})
        await eventually(lambda: _when(pods_of(client, "web"), lambda pods: len(pods) == 1))

        template = {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "x:2"}]}}}}
        await client.patch(DEPLOYMENTS, key, template)
        await eventually(lambda: _when(pods_of(client, "web"), lambda pods: _images(pods) == ["x:2"]))
        done = await eventually(lambda: _when(client.get(DEPLOYMENTS, key), ready_count(1, "updatedReplicas")))

        await client.delete(DEPLOYMENTS, key)
        await eventually(lambda: _when(pods_of(client, "web"), lambda pods: not pods))

    assert is_true(done, "Available")


async def test_a_stateful_set_numbers_its_pods_and_keeps_their_names(client: HttpClient) -> None:
    key = ObjectKey("default", "db")
    await add_node(client, "n1")

    async with kubelets(client):
        await client.create(STATEFUL_SETS, workload("StatefulSet", "db", 2, serviceName="db"))
        await eventually(lambda: _when(client.get(STATEFUL_SETS, key), ready_count(2)))
        (first, second) = await pods_of(client, "db")
        assert [first["metadata"]["name"], second["metadata"]["name"]] == ["db-0", "db-1"]

        await client.delete(PODS, ObjectKey("default", "db-0"))
        replaced = await eventually(
            lambda: _when(client.find(PODS, ObjectKey("default", "db-0")), lambda pod: _is_other(pod, first))
        )

    assert replaced["metadata"]["name"] == "db-0"


async def test_a_daemon_set_runs_on_every_node_that_it_tolerates(client: HttpClient) -> None:
    taint = {"key": "node-role.kubernetes.io/master", "effect": "NoSchedule"}
    await add_node(client, "cp", [taint])
    await add_node(client, "w1")
    await client.create(DAEMON_SETS, workload("DaemonSet", "all", None, tolerations=[{"operator": "Exists"}]))
    await client.create(DAEMON_SETS, workload("DaemonSet", "some", None))

    await eventually(lambda: _when(pods_of(client, "all"), lambda pods: _nodes(pods) == ["cp", "w1"]))
    await eventually(lambda: _when(pods_of(client, "some"), lambda pods: _nodes(pods) == ["w1"]))
    await add_node(client, "w2")

    await eventually(lambda: _when(pods_of(client, "all"), lambda pods: _nodes(pods) == ["cp", "w1", "w2"]))


async def test_a_pod_waits_with_its_reason_until_a_node_takes_it(client: HttpClient) -> None:
    await client.create(DEPLOYMENTS, workload("Deployment", "web", 1))

    waiting = await eventually(lambda: _when(pods_of(client, "web"), lambda pods: pods and _reason(pods[0])))
    assert _reason(waiting[0]) == "no nodes available to schedule pods"
    await add_node(client, "n1")

    await eventually(lambda: _when(pods_of(client, "web"), lambda pods: _nodes(pods) == ["n1"]))


async def test_pods_of_a_node_that_is_gone_are_made_anew_elsewhere(client: HttpClient) -> None:
    await add_node(client, "n1")
    await client.create(DEPLOYMENTS, workload("Deployment", "web", 1))
    await eventually(lambda: _when(pods_of(client, "web"), lambda pods: _nodes(pods) == ["n1"]))

    await add_node(client, "n2")
    await client.delete(NODES, ObjectKey("", "n1"))

    await eventually(lambda: _when(pods_of(client, "web"), lambda pods: _nodes(pods) == ["n2"]))


async def test_an_expired_token_is_removed_and_its_signature_with_it(client: HttpClient) -> None:
    def token(token_id: str, seconds: float) -> JsonObject:
        fields = {
            "token-id": token_id,
            "token-secret": "0123456789abcdef",
            "usage-bootstrap-signing": "true",
            "expiration": format_time(CLOCK.now() + timedelta(seconds=seconds)),
        }
        data = {key: base64.b64encode(value.encode()).decode() for key, value in fields.items()}
        metadata = {"name": f"bootstrap-token-{token_id}", "namespace": "kube-system"}
        kind = {"apiVersion": "v1", "kind": "Secret", "type": "bootstrap.kubernetes.io/token"}
        return {**kind, "metadata": metadata, "data": data}

    info = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cluster-info", "namespace": "kube-public"}}
    key = ObjectKey("kube-public", "cluster-info")
    await client.create(CONFIG_MAPS, {**info, "data": {"kubeconfig": "k"}})
    await client.create(SECRETS, token("aaaaaa", 900))
    await client.create(SECRETS, token("bbbbbb", -1))

    await eventually(lambda: _when(client.get(CONFIG_MAPS, key), lambda found: len(found["data"]) > 1))
    await eventually(lambda: _when(client.list(SECRETS, namespace="kube-system"), lambda found: len(found.items) == 1))
    data = (await client.get(CONFIG_MAPS, key))["data"]

    assert set(data) == {"kubeconfig", "jws-kubeconfig-aaaaaa"}


async def _when(reading: Awaitable[Any], condition: Callable[[Any], Any]) -> Any:
    found = await reading
    return found if found is not None and condition(found) else None


def _reason(pod: JsonObject) -> str:
    conditions = pod["status"].get("conditions") or [{}]
    return str(conditions[0].get("message", ""))


def _images(pods: list[JsonObject]) -> list[str]:
    return [pod["spec"]["containers"][0]["image"] for pod in pods]


def _nodes(pods: list[JsonObject]) -> list[str]:
    return sorted(pod["spec"].get("nodeName", "") for pod in pods)


def _is_other(pod: JsonObject, before: JsonObject) -> bool:
    return bool(pod["metadata"]["uid"] != before["metadata"]["uid"])


@on_virtual_time
async def test_a_node_that_falls_silent_is_unknown_after_40_seconds_and_empty_after_five_minutes_more() -> None:
    clock = VirtualClock()
    api = FakeApi(clock)
    lease_spec = {"renewTime": format_micro_time(clock.now())}
    ready = [{"type": "Ready", "status": "True"}]
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "u", "controller": True}
    api.put(NODES, {"metadata": {"name": "n1"}, "spec": {}, "status": {"conditions": ready}})
    api.put(LEASES, {"metadata": {"name": "n1", "namespace": "kube-node-lease"}, "spec": lease_spec})
    metadata = {"name": "p", "namespace": "default", "ownerReferences": [owner]}
    api.put(PODS, {"metadata": metadata, "spec": {"nodeName": "n1"}, "status": {"conditions": ready}})
    mirror = metadata | {"name": "mirror", "annotations": {"kubernetes.io/config.mirror": "x"}}
    api.put(PODS, {"metadata": mirror, "spec": {"nodeName": "n1"}, "status": {}})
    manager = Manager(api, clock, Random(1))
    pods = manager.informer(PODS)
    pods.add_index(NODE_INDEX, node_names)
    nodes, leases = manager.informer(NODES), manager.informer(LEASES)
    reconciler = NodeLifecycleReconciler(manager.client, nodes, leases, pods, clock)

    async with TaskScope("test") as scope:
        scope.start(manager.run(), name="manager")
        await clock.sleep(1)
        first = await reconciler.reconcile(ObjectKey("", "n1"))
        await clock.sleep(first.requeue_after_seconds or 0)
        second = await reconciler.reconcile(ObjectKey("", "n1"))
        (node,) = api.objects(NODES)
        pod = next(found for found in api.objects(PODS) if found["metadata"]["name"] == "p")
        await clock.sleep(second.requeue_after_seconds or 0)
        await reconciler.reconcile(ObjectKey("", "n1"))
        scope.cancel()

    assert first.requeue_after_seconds == pytest.approx(39)
    assert node["status"]["conditions"][0]["status"] == "Unknown"
    assert pod["status"]["conditions"][0]["reason"] == "NodeNotReady"
    assert second.requeue_after_seconds == pytest.approx(300)
    assert [left["metadata"]["name"] for left in api.objects(PODS)] == ["mirror"]
