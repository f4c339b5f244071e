"""Register a Node and keep it alive: its status when it changes, its Lease every ten seconds.

Source: https://kubernetes.io/docs/concepts/architecture/nodes/#node-heartbeats.
"""

from kubecapy.apimachinery.errors import AlreadyExists, NotFound, StatusError
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.resources import Resource
from kubecapy.apimachinery.times import format_micro_time
from kubecapy.client.interfaces import Client, Unreachable
from kubecapy.local.guest.host import Host
from kubecapy.local.guest.kubeadm.layout import CNI_CONFIG
from kubecapy.local.guest.kubelet.journal import Journal
from kubecapy.local.guest.kubelet.node import render_conditions, render_node, render_status
from kubecapy.local.guest.kubelet.settings import KubeletSettings

LEASE_SECONDS = 10.0
LEASE_DURATION_SECONDS = 40
STATUS_SECONDS = 60.0
UNREADY_POLL_SECONDS = 0.2
REGISTER_RETRY_SECONDS = 0.2
RETRY_SECONDS = 2.0
NODES: Resource[JsonObject] = Resource("", "v1", "Node", "nodes", dict, namespaced=False)
LEASES: Resource[JsonObject] = Resource("coordination.k8s.io", "v1", "Lease", "leases", dict)
NO_NETWORK = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized"
)


class Heartbeat:
    """Keeps one Node."""

    def __init__(self, host: Host, settings: KubeletSettings, client: Client, journal: Journal) -> None:
        """Report what `host` is like."""
        self._host = host
        self._settings = settings
        self._client = client
        self._journal = journal
        self._key = ObjectKey("", settings.node_name)
        self._conditions: list[JsonObject] = []
        self._ready_at = 0.0
        self._status_at = float("-inf")

    async def register(self) -> str:
        """Create the Node, or bring an existing one to what the kubelet was told; return its uid.

        Tries until it works.
        """
        node = render_node(self._settings)
        while True:
            try:
                uid = await self._ensure(node)
            except (StatusError, Unreachable) as error:
                self._journal.say(f"Unable to register node with API server: {error}")
                await self._host.clock.sleep(REGISTER_RETRY_SECONDS)
            else:
                self._journal.say(f"Successfully registered node {self._settings.node_name}")
                self._ready_at = self._host.clock.monotonic() + self._host.timing.node_ready_seconds
                return uid

    async def run(self) -> None:
        """Send heartbeats until cancelled; a failure is logged and tried again."""
        while True:
            problem = self._problem()
            try:
                await self._report(problem)
                await self._renew()
            except (StatusError, Unreachable) as error:
                self._journal.say(f"Error updating node status, will retry: {error}")
                await self._host.clock.sleep(RETRY_SECONDS)
                continue
            await self._host.clock.sleep(UNREADY_POLL_SECONDS if problem else LEASE_SECONDS)

    def _problem(self) -> str:
        """Return why the node is not Ready; empty where it is."""
        if not self._host.units.is_active(self._settings.runtime):
            return f"container runtime is down: {self._settings.runtime} is not active"
        if not self._host.files.glob(f"{CNI_CONFIG}/*"):
            return NO_NETWORK
        return "[container runtime status check may not have completed yet]" if self._is_starting() else ""

    def _is_starting(self) -> bool:
        return self._host.clock.monotonic() < self._ready_at

    async def _ensure(self, node: JsonObject) -> str:
        if not self._settings.register:
            return _uid(await self._client.get(NODES, self._key))
        try:
            stored = await self._client.create(NODES, node)
        except AlreadyExists:
            labels = {"metadata": {"labels": node["metadata"]["labels"]}}
            stored = await self._client.patch(NODES, self._key, labels)
        self._conditions = (stored.get("status") or {}).get("conditions") or []
        return _uid(stored)

    async def _report(self, problem: str) -> None:
        now = self._host.clock.monotonic()
        conditions = render_conditions(problem, self._conditions, self._host.clock.now())
        if _verdicts(conditions) == _verdicts(self._conditions) and now < self._status_at + STATUS_SECONDS:
            return
        status = render_status(self._settings, self._host.facts, self._host.system, conditions)
        await self._client.patch(NODES, self._key, {"status": status}, subresource="status")
        self._conditions, self._status_at = conditions, now

    async def _renew(self) -> None:
        name = self._settings.node_name
        key = ObjectKey("kube-node-lease", name)
        spec = {
            "holderIdentity": name,
            "leaseDurationSeconds": LEASE_DURATION_SECONDS,
            "renewTime": format_micro_time(self._host.clock.now()),
        }
        try:
            await self._client.patch(LEASES, key, {"spec": spec})
        except NotFound:
            metadata = {"name": name, "namespace": "kube-node-lease"}
            lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
            await self._client.create(LEASES, lease)


def _uid(node: JsonObject) -> str:
    return str(node["metadata"]["uid"])


def _verdicts(conditions: list[JsonObject]) -> list[tuple[str, str, str]]:
    return [(condition["type"], condition["status"], condition.get("message", "")) for condition in conditions]
