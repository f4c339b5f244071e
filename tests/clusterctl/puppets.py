"""Two API servers, and a hand that moves on them what controllers would move."""

import asyncio
import contextlib
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from kubecapy.apimachinery.codec import dump_yaml
from kubecapy.apimachinery.errors import NotFound
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.client.interfaces import Client
from kubecapy.clock import SystemClock
from kubecapy.clusterctl.generate.core_components import core_components
from kubecapy.clusterctl.objects.raw_resources import (
    RAW_CLUSTERS,
    RAW_DEPLOYMENTS,
    RAW_MACHINES,
    RAW_SECRETS,
    RAW_STATEFUL_SETS,
)
from kubecapy.local.management import ManagementSettings, open_management
from kubecapy.tasks import TaskScope

NAMESPACE = "provider-system"
CLUSTER = ObjectKey("default", "test1")
CLUSTER_FINALIZER = "cluster.cluster.k8s.io"
MACHINE_FINALIZER = "machine.cluster.k8s.io"

CLUSTER_YAML = """\
apiVersion: cluster.k8s.io/v1alpha1
kind: Cluster
metadata: {name: test1}
spec:
  clusterNetwork:
    services: {cidrBlocks: [10.96.0.0/12]}
    pods: {cidrBlocks: [192.168.0.0/16]}
    serviceDomain: cluster.local
  providerSpec: {value: {kind: Scripted}}
"""
MACHINES_YAML = """\
items:
- apiVersion: cluster.k8s.io/v1alpha1
  kind: Machine
  metadata: {generateName: master-}
  spec:
    providerSpec: {value: {kind: Scripted, userDataSecret: {name: master-user-data, namespace: provider-system}}}
    versions: {kubelet: 1.14.0, controlPlane: 1.14.0}
- apiVersion: cluster.k8s.io/v1alpha1
  kind: Machine
  metadata: {generateName: node-}
  spec:
    providerSpec: {value: {kind: Scripted}}
    versions: {kubelet: 1.14.0}
"""


def components(**environment: str) -> list[JsonObject]:
    """Provider components whose provider is the scripted one, told by `environment` what to answer."""
    labels = {"app": "controllers"}
    container = {
        "name": "manager",
        "image": "kubecapy/manager:1",
        "args": ["manager", "--controllers=cluster,machine", "--provider=scripted"],
        "env": [{"name": name, "value": value} for name, value in environment.items()],
    }
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        secret("cloud-config", "clouds"),
        secret("master-user-data", "#cloud-config"),
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "controllers", "namespace": NAMESPACE},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            },
        },
        *core_components("kubecapy/manager:1"),
    ]


def secret(name: str, value: str) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "data": {"value": b64encode(value.encode()).decode()},
    }


class HurriedClock(SystemClock):
    """Runs a hundred times as fast."""

    def monotonic(self) -> float:
        return super().monotonic() * 100

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 100)


@dataclass
class Puppet:
    """One management cluster, whose controllers and workloads a test plays."""

    name: str
    client: Client
    kubeconfig: Path
    workload_kubeconfig: bytes = b""
    """What its controllers put into the Secret `test1-kubeconfig`."""
    problem: JsonObject | None = None
    """A condition that keeps new Machines from getting a Node."""
    runs_pods: bool = True
    """False where the pods of its workloads never become ready."""
    hosted: str = ""
    """Prefix of the Machines that its controllers refuse to delete, because they run there."""
    acted: set[str] = field(default_factory=set)
    """Names of Machines that its controllers touched."""

    async def play(self) -> None:
        """Move what controllers would move, again and again."""
        while True:
            with contextlib.suppress(NotFound):
                await self._play_workloads()
                if await self._acts():
                    await self._play_machines()
                    await self._play_cluster()
            await asyncio.sleep(0.005)

    async def _play_workloads(self) -> None:
        for resource in (RAW_DEPLOYMENTS, RAW_STATEFUL_SETS):
            for workload in (await self.client.list(resource)).items:
                wanted = workload["spec"]["replicas"]
                is_told = (workload.get("status") or {}).get("readyReplicas", 0) == wanted
                if not is_told and (self.runs_pods or not wanted):
                    key = key_of(workload)
                    status = {"status": {"replicas": wanted, "readyReplicas": wanted}}
                    await self.client.patch(resource, key, status, subresource="status")

    async def _acts(self) -> bool:
        """Whether controllers run here and the cluster is not paused."""
        deployment = await self.client.find(RAW_DEPLOYMENTS, ObjectKey(NAMESPACE, "controllers"))
        cluster = await self.client.find(RAW_CLUSTERS, CLUSTER) if deployment else None
        running = deployment is not None and (deployment.get("status") or {}).get("readyReplicas", 0) > 0
        return running and cluster is not None and not cluster["spec"].get("paused")

    async def _play_machines(self) -> None:
        for machine in (await self.client.list(RAW_MACHINES)).items:
            self.acted.add(machine["metadata"]["name"])
            if "deletionTimestamp" in machine["metadata"] and self._hosts(machine):
                await self._refuse(machine)
            elif "deletionTimestamp" in machine["metadata"]:
                await self.client.patch(RAW_MACHINES, key_of(machine), {"metadata": {"finalizers": None}})
            elif "nodeRef" not in (machine.get("status") or {}):
                await self._boot(machine)

    def _hosts(self, machine: JsonObject) -> bool:
        return bool(self.hosted) and machine["metadata"]["name"].startswith(self.hosted)

    async def _refuse(self, machine: JsonObject) -> None:
        condition = {"type": "Deleted", "status": "False", "reason": "HostsController"}
        status = {"status": {"conditions": [{**condition, "lastTransitionTime": "2019-04-04T06:00:00Z"}]}}
        await self.client.patch(RAW_MACHINES, key_of(machine), status, subresource="status")

    async def _boot(self, machine: JsonObject) -> None:
        key = key_of(machine)
        if self.problem is not None:
            await self.client.patch(RAW_MACHINES, key, {"status": self.problem}, subresource="status")
            return
        await self.client.patch(RAW_MACHINES, key, {"metadata": {"finalizers": [MACHINE_FINALIZER]}})
        ready = {"type": "Ready", "status": "True", "reason": "NodeReady", "lastTransitionTime": "2019-04-04T06:00:00Z"}
        mended = {"errorReason": None, "errorMessage": None}
        status = {
            "status": {
                **mended,
                "phase": "Running",
                "nodeRef": {"kind": "Node", "name": key.name},
                "conditions": [ready],
            }
        }
        await self.client.patch(RAW_MACHINES, key, status, subresource="status")

    async def _play_cluster(self) -> None:
        cluster = await self.client.get(RAW_CLUSTERS, CLUSTER)
        if "deletionTimestamp" in cluster["metadata"]:
            machines = (await self.client.list(RAW_MACHINES)).items
            for machine in machines:
                await self.client.delete(RAW_MACHINES, key_of(machine))
            if not machines:
                await self.client.patch(RAW_CLUSTERS, CLUSTER, {"metadata": {"finalizers": None}})
            return
        if not cluster["metadata"].get("finalizers"):
            await self.client.patch(RAW_CLUSTERS, CLUSTER, {"metadata": {"finalizers": [CLUSTER_FINALIZER]}})
        if self.workload_kubeconfig and (await self.client.list(RAW_MACHINES)).items:
            await self._give_kubeconfig()

    async def _give_kubeconfig(self) -> None:
        key = ObjectKey(CLUSTER.namespace, f"{CLUSTER.name}-kubeconfig")
        if await self.client.find(RAW_SECRETS, key) is None:
            labels = {"cluster.k8s.io/cluster-name": CLUSTER.name}
            body = {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": key.name, "namespace": key.namespace, "labels": labels},
                "data": {"value": b64encode(self.workload_kubeconfig).decode()},
            }
            await self.client.create(RAW_SECRETS, body)


@contextlib.asynccontextmanager
async def open_puppets(folder: Path) -> AsyncIterator[tuple[Puppet, Puppet]]:
    """A bootstrap cluster and the cluster that is to be created, both alive until the block ends."""
    clock = SystemClock()
    async with (
        open_management(ManagementSettings(folder / "bootstrap", clock, Random(1))) as first,
        open_management(ManagementSettings(folder / "target", clock, Random(2))) as second,
        TaskScope("puppets") as scope,
    ):
        target_kubeconfig = second.kubeconfig.read_bytes()
        bootstrap = Puppet("bootstrap", first.client, first.kubeconfig, target_kubeconfig)
        target = Puppet("target", second.client, second.kubeconfig, target_kubeconfig)
        for puppet in (bootstrap, target):
            scope.start(puppet.play(), name=puppet.name)
        try:
            yield bootstrap, target
        finally:
            scope.cancel()


def write_files(folder: Path, objects: Sequence[JsonObject]) -> None:
    """Write cluster.yaml, machines.yaml and components.yaml."""
    (folder / "cluster.yaml").write_text(CLUSTER_YAML)
    (folder / "machines.yaml").write_text(MACHINES_YAML)
    (folder / "components.yaml").write_text("---\n".join(dump_yaml(obj) for obj in objects))


def key_of(obj: JsonObject) -> ObjectKey:
    return ObjectKey(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
