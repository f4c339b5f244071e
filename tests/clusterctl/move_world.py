"""Two management clusters in memory, and a watch over who acts on the cluster that moves between them."""

from dataclasses import dataclass, field

from kubecapy.api.cluster.v1alpha1 import CLUSTER_NAME_LABEL
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.clusterctl.move.moving import Move
from kubecapy.clusterctl.objects.raw_resources import RAW_CLUSTERS, RAW_MACHINES, RAW_SECRETS
from kubecapy.clusterctl.runs.progress import Progress
from kubecapy.clusterctl.runs.record import RecordStore, open_record
from kubecapy.testing.fake_api import Call, FakeApi
from kubecapy.testing.virtual_time import VirtualClock

CLUSTER = ObjectKey("default", "test1")


@dataclass
class FakeSide:
    """A management cluster whose controllers are a flag."""

    name: str
    client: FakeApi
    running: bool

    async def stop_controllers(self) -> None:
        self.running = False

    async def start_controllers(self) -> None:
        self.running = True

    @property
    def acts(self) -> bool:
        """Whether its controllers would touch the cluster now."""
        clusters = [c for c in self.client.objects(RAW_CLUSTERS) if c["metadata"]["name"] == CLUSTER.name]
        return self.running and bool(clusters) and not clusters[0]["spec"].get("paused")


class Crash(Exception):
    """The process dies here."""


@dataclass
class World:
    """The source holds a cluster; the destination runs controllers and holds none."""

    store: RecordStore
    source: FakeSide = field(init=False)
    destination: FakeSide = field(init=False)

    def __post_init__(self) -> None:
        clock = VirtualClock()
        self.source = FakeSide("source", FakeApi(clock), running=True)
        self.destination = FakeSide("destination", FakeApi(clock), running=True)
        self._watch_over(self.source.client)
        self._watch_over(self.destination.client)

    @classmethod
    def in_folder(cls, folder) -> "World":
        return cls(open_record(folder, "create", CLUSTER.namespace, CLUSTER.name))

    def move(self) -> Move:
        return Move(self.source, self.destination, self.store, Progress(VirtualClock()))

    def crash_at_write(self, number: int, *, after_effect: bool) -> None:
        """Let the process die at its `number`-th write to either API, before or after the effect."""
        writes = 0

        def count(call: Call) -> None:
            nonlocal writes
            if call.is_write:
                writes += 1
                if writes == number:
                    raise Crash

        for side in (self.source, self.destination):
            if after_effect:
                side.client.after_call = self._both(count)
            else:
                side.client.before_call = count

    def calm(self) -> None:
        for side in (self.source, self.destination):
            side.client.before_call = lambda call: None
            side.client.after_call = self._refuse_two_actors

    def refuse_two_actors(self) -> None:
        assert not (self.source.acts and self.destination.acts), "two controllers act on one cluster"

    def _refuse_two_actors(self, call: Call) -> None:
        self.refuse_two_actors()

    def _both(self, count):
        def check(call: Call) -> None:
            self.refuse_two_actors()
            count(call)

        return check

    def _watch_over(self, api: FakeApi) -> None:
        api.after_call = self._refuse_two_actors


def cluster(**metadata: object) -> JsonObject:
    return {
        "apiVersion": "cluster.k8s.io/v1alpha1",
        "kind": "Cluster",
        "metadata": {
            "name": CLUSTER.name,
            "namespace": CLUSTER.namespace,
            "finalizers": ["cluster.cluster.k8s.io"],
            **metadata,
        },
        "spec": {
            "clusterNetwork": {
                "services": {"cidrBlocks": ["10.96.0.0/12"]},
                "pods": {"cidrBlocks": ["192.168.0.0/16"]},
                "serviceDomain": "cluster.local",
            },
            "providerSpec": {"value": {"kind": "OpenstackProviderSpec", "cloudsSecret": {"name": "clouds"}}},
        },
        "status": {"apiEndpoints": [{"host": "127.0.0.7", "port": 6443}], "providerStatus": {"network": "n-1"}},
    }


def machine(name: str, owner: JsonObject, **metadata: object) -> JsonObject:
    return {
        "apiVersion": "cluster.k8s.io/v1alpha1",
        "kind": "Machine",
        "metadata": {
            "name": name,
            "namespace": CLUSTER.namespace,
            "annotations": {"openstack-resourceId": f"server-of-{name}"},
            "finalizers": ["machine.cluster.k8s.io"],
            "ownerReferences": [reference(owner)],
            **metadata,
        },
        "spec": {
            "providerID": f"openstack:///server-of-{name}",
            "providerSpec": {
                "value": {"userDataSecret": {"name": "master-user-data", "namespace": "openstack-provider-system"}}
            },
        },
        "status": {"phase": "Running", "nodeRef": {"kind": "Node", "name": name}, "providerStatus": {"port": "p-1"}},
    }


def secret(name: str, namespace: str = CLUSTER.namespace, **metadata: object) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "data": {"value": "c2VjcmV0"},
    }


def reference(owner: JsonObject) -> JsonObject:
    metadata = owner["metadata"]
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "blockOwnerDeletion": True,
    }


def fill_source(api: FakeApi) -> None:
    """Store a cluster with a control plane, its Secrets and one that it only refers to, and a stranger's."""
    stored = api.put(RAW_CLUSTERS, cluster())
    master = api.put(RAW_MACHINES, machine("m-0", stored))
    api.put(RAW_SECRETS, secret("test1-ca", labels={CLUSTER_NAME_LABEL: CLUSTER.name}))
    api.put(RAW_SECRETS, secret("m-0-bootstrap-data", ownerReferences=[reference(master)]))
    api.put(RAW_SECRETS, secret("clouds"))
    api.put(RAW_SECRETS, secret("master-user-data", "openstack-provider-system"))
    api.put(RAW_SECRETS, secret("somebody-elses"))
