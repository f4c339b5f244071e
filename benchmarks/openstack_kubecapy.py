"""Make and delete workers with Kubecapy: an API server, its controllers, and the person who declares Machines.

The cluster that the workers join is the management cluster itself: its certificate authority is the Cluster's, and the
Cluster's endpoint is its address. So the controllers do for each worker all that they do in life, the token for
joining and the bootstrap data included, without a control plane that has to boot first.
"""

import asyncio
import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from benchmarks.openstack_worker import FLAVOR, IMAGE, NETWORK
from benchmarks.servers import ROOT, Server, compiled_environment, run_embedded
from kubecapy.api.cluster.v1alpha1 import CLUSTER_NAME_LABEL, CLUSTERS, MACHINES, Cluster, Machine
from kubecapy.api.cluster.v1alpha1.crds import custom_resource_definitions
from kubecapy.api.core import CONFIG_MAPS, SECRETS, ConfigMap, Secret, encode_secret_data
from kubecapy.apimachinery.conditions import is_true
from kubecapy.apimachinery.meta import JsonObject, ObjectKey, ObjectMeta
from kubecapy.client import kubeconfig
from kubecapy.client.http import HttpClient
from kubecapy.client.interfaces import Client
from kubecapy.clock import SystemClock

NAMESPACE: Final = "default"
CLUSTER: Final = "bench"
API_VERSION: Final = "openstackproviderconfig/v1alpha1"
INSTANCE_READY: Final = "InstanceReady"
INFRASTRUCTURE_READY: Final = "InfrastructureReady"
_DEFINITIONS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_CLUSTER_INFO: Final = ObjectKey("kube-public", "cluster-info")


class Management(NamedTuple):
    """A management cluster that runs: an API server and the controllers, each in a process of its own."""

    client: Client
    manager_pid: int


@contextlib.asynccontextmanager
async def run_management(folder: Path, environ: Mapping[str, str]) -> AsyncIterator[Management]:
    """Run both, with the cloud that `environ` names, until the block ends; the Cluster is declared."""
    with run_embedded(folder / "apiserver") as server:
        content = _kubeconfig(server)
        path = folder / "kubeconfig"
        path.touch(mode=0o600)
        path.write_bytes(content)
        async with HttpClient(kubeconfig.load(content), SystemClock()) as client:
            await _declare_cluster(client, server)
            with _run_manager(path, folder / "manager.log", environ) as pid:
                await _until_at_work(client)
                yield Management(client, pid)


async def _until_at_work(client: Client) -> None:
    """Wait until the controllers have looked at the Cluster: they run and are logged in, as in life."""
    while True:
        cluster = await client.get(CLUSTERS, ObjectKey(NAMESPACE, CLUSTER))
        if is_true(cluster.status.conditions, INFRASTRUCTURE_READY):
            return
        await asyncio.sleep(0.1)


async def create_workers(client: Client, count: int) -> None:
    """Declare `count` Machines and wait until each one's server runs."""
    await asyncio.gather(*(client.create(MACHINES, _machine(f"worker-{number}")) for number in range(count)))
    await _until(client, lambda machines: all(is_running(machine) for machine in machines))


async def delete_workers(client: Client) -> None:
    """Delete all Machines and wait until they are gone, with all that was made for them."""
    machines = (await client.list(MACHINES, namespace=NAMESPACE)).items
    await asyncio.gather(
        *(client.delete(MACHINES, ObjectKey(NAMESPACE, machine.metadata.name)) for machine in machines)
    )
    await _until(client, lambda left: not left)


def is_running(machine: Machine) -> bool:
    """Return whether the Machine says that its server runs: the peer's phase Provisioned."""
    return is_true(machine.status.conditions, INSTANCE_READY)


async def _until(client: Client, holds: Any) -> None:  # Any: a predicate on the Machines
    """Follow the Machines until `holds`; a watch, so that waiting costs nobody anything."""
    listed = await client.list(MACHINES, namespace=NAMESPACE)
    seen = {machine.metadata.name: machine for machine in listed.items}
    if holds(seen.values()):
        return
    async with client.watch(MACHINES, namespace=NAMESPACE, resource_version=listed.resource_version) as deltas:
        async for delta in deltas:
            if delta.object is None:
                continue
            if delta.type == "DELETED":
                seen.pop(delta.object.metadata.name, None)
            else:
                seen[delta.object.metadata.name] = delta.object
            if holds(seen.values()):
                return
    raise SystemExit("the API server ended the watch of the Machines")


def _kubeconfig(server: Server) -> bytes:
    cluster = {"server": server.address.url, "certificate-authority-data": (server.pki / "ca.crt").read_bytes()}
    user = {
        "client-certificate-data": (server.pki / "admin.crt").read_bytes(),
        "client-key-data": (server.pki / "admin.key").read_bytes(),
    }
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CLUSTER, "cluster": cluster}],
        "users": [{"name": "admin", "user": user}],
        "contexts": [{"name": CLUSTER, "context": {"cluster": CLUSTER, "user": "admin"}}],
        "current-context": CLUSTER,
    }
    return msgspec.json.encode(content)


async def _declare_cluster(client: HttpClient, server: Server) -> None:
    """Store the kinds, the Cluster with its authorities and endpoint, and what says that hosts may join."""
    for definition in custom_resource_definitions():
        await client.request("POST", _DEFINITIONS, body=definition)
    for definition in custom_resource_definitions():
        await _until_served(client, definition)
    info = ObjectMeta(name=_CLUSTER_INFO.name, namespace=_CLUSTER_INFO.namespace)
    await client.create(CONFIG_MAPS, ConfigMap(metadata=info))
    authority = {"tls.crt": (server.pki / "ca.crt").read_bytes(), "tls.key": (server.pki / "ca.key").read_bytes()}
    for purpose in ("ca", "etcd", "proxy", "sa"):
        meta = ObjectMeta(name=f"{CLUSTER}-{purpose}", namespace=NAMESPACE)
        await client.create(SECRETS, Secret(metadata=meta, data=encode_secret_data(authority)))
    await client.create(CLUSTERS, _cluster())
    endpoint = {"host": server.address.host, "port": server.address.port}
    await client.patch(
        CLUSTERS, ObjectKey(NAMESPACE, CLUSTER), {"status": {"apiEndpoints": [endpoint]}}, subresource="status"
    )


async def _until_served(client: HttpClient, definition: JsonObject) -> None:
    path = f"{_DEFINITIONS}/{definition['metadata']['name']}"
    while True:
        status = msgspec.json.decode(await client.request("GET", path)).get("status") or {}
        if any(item["type"] == "Established" and item["status"] == "True" for item in status.get("conditions") or ()):
            return
        await asyncio.sleep(0.05)


def _cluster() -> Cluster:
    network = {
        "services": {"cidrBlocks": ["10.96.0.0/12"]},
        "pods": {"cidrBlocks": ["192.168.0.0/16"]},
        "serviceDomain": "cluster.local",
    }
    value = {"apiVersion": API_VERSION, "kind": "OpenstackProviderSpec"}
    spec = {"clusterNetwork": network, "providerSpec": {"value": value}}
    return msgspec.convert({"metadata": {"name": CLUSTER, "namespace": NAMESPACE}, "spec": spec}, Cluster)


def _machine(name: str) -> Machine:
    value = {
        "apiVersion": API_VERSION,
        "kind": "OpenstackProviderSpec",
        "flavor": FLAVOR,
        "image": IMAGE,
        "networks": [{"filter": {"name": NETWORK}}],
    }
    metadata = {"name": name, "namespace": NAMESPACE, "labels": {CLUSTER_NAME_LABEL: CLUSTER}}
    spec = {"providerSpec": {"value": value}, "versions": {"kubelet": "1.14.0"}}
    return msgspec.convert({"metadata": metadata, "spec": spec}, Machine)


@contextlib.contextmanager
def _run_manager(path: Path, log: Path, environ: Mapping[str, str]) -> Iterator[int]:
    """Run `kubecapy manager` and yield its process id."""
    command = [sys.executable, "-m", "kubecapy.daemons", "manager", "--controllers=cluster,machine"]
    command += ["--provider=openstack", "--kubeconfig", str(path)]
    environment = {**compiled_environment(), **environ}
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, env=environment
        )
        try:
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


async def measure_lag(client: Client, is_active: Any) -> float:  # Any: an awaitable look at the cloud
    """Return the seconds between the moment at which Nova first shows a new worker ACTIVE and the Machine's word."""
    running = asyncio.ensure_future(_moment_of(create_workers(client, 1)))
    while not await is_active():
        await asyncio.sleep(0.1)
    active = time.monotonic()
    return await running - active


async def _moment_of(work: Any) -> float:  # Any: a coroutine
    await work
    return time.monotonic()
