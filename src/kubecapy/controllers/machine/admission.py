"""Let a host into a running cluster: its token is made, and the Node of a server before it makes room."""

from kubecapy.api.cluster.v1alpha1 import Cluster, Machine
from kubecapy.api.core import NODES
from kubecapy.apimachinery.meta import ObjectKey, key_of
from kubecapy.bootstrap.tokens import BootstrapToken
from kubecapy.client.interfaces import Client
from kubecapy.clock import Clock
from kubecapy.controllers.interfaces import WorkloadClusters
from kubecapy.controllers.machine.tokens import TokenStore
from kubecapy.controllers.workload import WORKLOAD_FAILURES
from kubecapy.telemetry.logs import get_logger

log = get_logger(__name__)


class Admission:
    """Asks workload clusters to let machines join."""

    def __init__(self, workloads: WorkloadClusters, clock: Clock, token_lifetime_seconds: float) -> None:
        """Act in `workloads`; tokens live as long as given."""
        self._workloads = workloads
        self._clock = clock
        self._token_lifetime_seconds = token_lifetime_seconds

    async def find_obstacle(self, cluster: Cluster) -> str | None:
        """Return why hosts cannot join `cluster` yet, for people; None where they can."""
        name = cluster.metadata.name
        try:
            client = await self._workloads.client(key_of(cluster))
            if await self._tokens(client).is_open():
                return None
        except WORKLOAD_FAILURES as error:
            return f"the control plane of cluster {name} does not answer yet: {error}"
        return f"the control plane of cluster {name} is not initialized yet"

    async def admit(self, machine: Machine, cluster: Cluster, host: str, token: BootstrapToken) -> str | None:
        """Make `token` valid, and room for the Node `host`; return what prevents it, for people; None on success."""
        try:
            client = await self._workloads.client(key_of(cluster))
            await _remove_stale_node(client, machine, host)
            await self._tokens(client).ensure(token, key_of(machine), self._clock.now())
        except WORKLOAD_FAILURES as error:
            return f"the control plane of cluster {cluster.metadata.name} does not answer: {error}"
        return None

    def _tokens(self, client: Client) -> TokenStore:
        return TokenStore(client, self._token_lifetime_seconds)


async def _remove_stale_node(client: Client, machine: Machine, host: str) -> None:
    """Remove the Node of a server that is gone: its providerID cannot change, and its successor has another."""
    if machine.spec.provider_id is None:
        return
    node = await client.find(NODES, ObjectKey("", host))
    if node is not None and node.spec.provider_id == machine.spec.provider_id:
        log.info("Deleting node %s, whose server is gone, for machine %s", host, machine.metadata.name)
        await client.delete(NODES, key_of(node), uid=node.metadata.uid)
