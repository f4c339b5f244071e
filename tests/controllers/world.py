"""A management cluster, a cloud and a workload cluster in memory, with everything that moves them by hand."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Generic, TypeVar

import msgspec

from kubecapy.api.cluster.v1alpha1 import (
    CLUSTERS,
    MACHINES,
    Cluster,
    ClusterNetwork,
    ClusterSpec,
    Machine,
    MachineSpec,
    MachineVersions,
    NetworkRanges,
    ProviderSpec,
)
from kubecapy.api.core import (
    CONFIG_MAPS,
    NODES,
    SECRETS,
    ConfigMap,
    Node,
    NodeCondition,
    NodeSpec,
    NodeStatus,
    NodeSystemInfo,
)
from kubecapy.apimachinery.codec import load_yaml
from kubecapy.apimachinery.errors import Conflict
from kubecapy.apimachinery.meta import KubernetesObject, ObjectKey, ObjectMeta, key_of
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Client, Unreachable
from kubecapy.controllers.cluster.reconciler import ClusterDependencies, ClusterReconciler
from kubecapy.controllers.machine.reconciler import MachineDependencies, MachineReconciler
from kubecapy.controllers.node.reconciler import NodeDependencies, NodeReconciler
from kubecapy.controllers.settings import ControllerSettings
from kubecapy.runtime.cluster_cache import ClusterUnreachable
from kubecapy.runtime.reconciler import Backoff, Result, TerminalError
from kubecapy.testing.fake_api import Call, FakeApi
from kubecapy.testing.fake_cloud import FakeCloud
from kubecapy.testing.fake_provider import FakeClusterActuator, FakeMachineActuator
from kubecapy.testing.quick_certificates import QuickCertificates

T = TypeVar("T", bound=KubernetesObject)

CLUSTER = ObjectKey("default", "test1")
MASTER = ObjectKey("default", "master-1")
WORKER = ObjectKey("default", "node-1")
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class ManualClock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self._now = START

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - START).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


class LiveView(Generic[T]):
    """Reads what is stored, as an informer that is never behind."""

    def __init__(self, api: FakeApi, resource: Resource[T]) -> None:
        self._api = api
        self._resource = resource

    def get(self, key: ObjectKey) -> T | None:
        return next((obj for obj in self.list(key.namespace) if key_of(obj) == key), None)

    def list(self, namespace: str = "") -> Sequence[T]:
        return self._api.objects(self._resource, namespace)


class Workload:
    """The workload cluster: reached once its kubeconfig is stored and its control plane is up."""

    def __init__(self, management: FakeApi, api: FakeApi) -> None:
        self.api = api
        self.is_up = False
        self._management = management
        api.before_call = self._refuse_while_down

    def guard(self) -> None:
        """Put the check back after a test hooked itself in."""
        self.api.before_call = self._refuse_while_down

    async def client(self, cluster: ObjectKey) -> Client:
        name = f"{cluster.name}-kubeconfig"
        if not any(key_of(secret).name == name for secret in self._management.objects(SECRETS, cluster.namespace)):
            raise ClusterUnreachable(f"cluster {cluster} has no kubeconfig yet")
        return self.api

    async def find_nodes(self, cluster: ObjectKey, provider_id: str, machine: ObjectKey) -> Sequence[Node] | None:
        await (await self.client(cluster)).request("GET", "/readyz")
        return self.api.objects(NODES)

    def _refuse_while_down(self, call: Call) -> None:
        if not self.is_up:
            raise Unreachable("https://198.51.100.1:6443: connection refused")


class Recorder:
    """Keeps the events."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, str, str]] = []

    async def event(self, obj: KubernetesObject, type_: str, reason: str, message: str) -> None:
        self.events.append((obj.metadata.name, type_, reason, message))

    @property
    def reasons(self) -> list[str]:
        return [reason for _, _, reason, _ in self.events]


class World:
    """Everything in one place; `settle` lets it run until nothing changes any more."""

    def __init__(self, **settings: object) -> None:
        self.clock = ManualClock()
        self.api = FakeApi(self.clock)
        self.workload = Workload(self.api, FakeApi(self.clock))
        self.cloud = FakeCloud()
        self.recorder = Recorder()
        self.certificates = QuickCertificates()
        self.settings = ControllerSettings(**settings)
        self.guests = Guests(self)
        self.start()

    def start(self) -> None:
        """Begin a new process: it knows nothing of the one before."""
        shared = {
            "client": self.api,
            "clock": self.clock,
            "recorder": self.recorder,
            "clusters": LiveView(self.api, CLUSTERS),
            "machines": LiveView(self.api, MACHINES),
        }
        cluster = ClusterDependencies(
            actuator=FakeClusterActuator(self.cloud), certificates=self.certificates, **shared
        )
        machine = MachineDependencies(
            actuator=FakeMachineActuator(self.cloud),
            random=Random(7),
            workloads=self.workload,
            **shared,
        )
        node = NodeDependencies(nodes=self.workload, **shared)
        self.clusters = ClusterReconciler(cluster, self.settings)
        self.machines = MachineReconciler(machine, self.settings)
        self.nodes = NodeReconciler(node, self.settings)

    def put(self, *objects: Cluster | Machine) -> None:
        for obj in objects:
            self.api.put(CLUSTERS if isinstance(obj, Cluster) else MACHINES, obj)

    def machine(self, key: ObjectKey = WORKER) -> Machine:
        found = LiveView(self.api, MACHINES).get(key)
        assert found is not None, f"there is no Machine {key}"
        return found

    def cluster(self, key: ObjectKey = CLUSTER) -> Cluster:
        found = LiveView(self.api, CLUSTERS).get(key)
        assert found is not None, f"there is no Cluster {key}"
        return found

    def secret_names(self) -> set[str]:
        return {secret.metadata.name for secret in self.api.objects(SECRETS)}

    def token_names(self) -> set[str]:
        return {secret.metadata.name for secret in self.workload.api.objects(SECRETS)}

    def node_names(self) -> set[str]:
        return {node.metadata.name for node in self.workload.api.objects(NODES)}

    async def delete(self, key: ObjectKey, resource: Resource[T] = MACHINES) -> None:
        self.api.store.delete(resource, key, "")

    async def pass_machine(self, key: ObjectKey = WORKER) -> Result | None:
        """Run one pass; None where it asks for backoff, or fails for good."""
        with suppress(Backoff, TerminalError):
            return await self.machines.reconcile(key)
        return None

    async def pass_cluster(self, key: ObjectKey = CLUSTER) -> Result | None:
        """Run one pass; None where it asks for backoff, or fails for good."""
        with suppress(Backoff, TerminalError):
            return await self.clusters.reconcile(key)
        return None

    async def round(self) -> None:
        """Let every controller look at everything once, then the hosts act, and time pass."""
        for cluster in self.api.objects(CLUSTERS):
            with suppress(Conflict):
                await self.pass_cluster(key_of(cluster))
        for machine in self.api.objects(MACHINES):
            with suppress(Conflict):
                await self.pass_machine(key_of(machine))
            await self.nodes.reconcile(key_of(machine))
        self.guests.act()
        self.clock.advance(2)

    async def settle(self, rounds: int = 40) -> None:
        """Run rounds until two in a row wrote nothing.

        Raises:
            AssertionError: it goes on for ever.
        """
        quiet = 0
        for _ in range(rounds):
            before = self._revision()
            await self.round()
            quiet = quiet + 1 if self._revision() == before else 0
            if quiet == 2:
                return
        raise AssertionError(f"still not settled after {rounds} rounds")

    def _revision(self) -> tuple[int, int, int]:
        return self.api.store.revision, self.workload.api.store.revision, len(self.cloud.servers)


class Guests:
    """Boots servers as kubeadm would: what the user data says is done, and what it lacks is missed."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.broken: dict[str, str] = {}
        """Console of hosts whose boot fails, by host name."""
        self.version = "v1.14.0"

    def act(self) -> None:
        for key, server in self._world.cloud.servers.items():
            if server.state != "Running":
                continue
            if key.name in self.broken:
                server.console = self.broken[key.name]
                continue
            self._boot(f"fake:///{server.id}", server.user_data.reveal().decode())

    def _boot(self, provider_id: str, user_data: str) -> None:
        document = load_yaml(user_data)[0]
        config = load_yaml(next(file["content"] for file in document["write_files"] if "kubeadm" in file["path"]))
        registration = config[0]["nodeRegistration"]
        if config[0]["kind"] == "InitConfiguration":
            self._world.workload.is_up = True
            self._ensure(CONFIG_MAPS, ConfigMap(metadata=ObjectMeta(name="cluster-info", namespace="kube-public")))
        elif not self._may_join(config[0]["discovery"]["bootstrapToken"]["token"], registration["name"]):
            return
        self._ensure(NODES, self.node(registration["name"], provider_id))

    def _may_join(self, token: str, name: str) -> bool:
        if name in self._world.node_names():
            return True
        identifier = token.partition(".")[0]
        return self._world.workload.is_up and f"bootstrap-token-{identifier}" in self._world.token_names()

    def node(self, name: str, provider_id: str) -> Node:
        return Node(
            metadata=ObjectMeta(name=name),
            spec=NodeSpec(provider_id=provider_id),
            status=NodeStatus(
                conditions=(NodeCondition(type="Ready", status="True", reason="KubeletReady"),),
                node_info=NodeSystemInfo(kubelet_version=self.version),
            ),
        )

    def _ensure(self, resource: Resource[T], obj: T) -> None:
        api = self._world.workload.api
        if key_of(obj) not in [key_of(known) for known in api.objects(resource)]:
            api.put(resource, obj)


def a_cluster(**meta: object) -> Cluster:
    network = ClusterNetwork(
        services=NetworkRanges(cidr_blocks=("10.96.0.0/12",)),
        pods=NetworkRanges(cidr_blocks=("192.168.0.0/16",)),
        service_domain="cluster.local",
    )
    return Cluster(
        metadata=ObjectMeta(**({"name": CLUSTER.name, "namespace": CLUSTER.namespace} | meta)),
        spec=ClusterSpec(cluster_network=network),
    )


def a_machine(key: ObjectKey = WORKER, *, control_plane: bool = False, **meta: object) -> Machine:
    versions = MachineVersions(kubelet="1.14.0", control_plane="1.14.0" if control_plane else "")
    return Machine(
        metadata=ObjectMeta(**({"name": key.name, "namespace": key.namespace} | meta)),
        spec=MachineSpec(provider_spec=ProviderSpec(value={"kind": "FakeSpec"}), versions=versions),
    )


def a_master(**meta: object) -> Machine:
    return a_machine(MASTER, control_plane=True, **meta)


def changed(value: T, **fields: object) -> T:
    return msgspec.structs.replace(value, **fields)
