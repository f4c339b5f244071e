"""Render what the server boots from, once everything that goes into it is known."""

import msgspec

from kubecapy.api.cluster.v1alpha1 import ApiEndpoint, Cluster
from kubecapy.apimachinery.meta import key_of
from kubecapy.bootstrap.certificates import Authorities
from kubecapy.bootstrap.cloud_init import HostFile
from kubecapy.bootstrap.errors import InvalidTemplate, InvalidWish
from kubecapy.bootstrap.user_data import BootRequest, HostFacts, render_user_data
from kubecapy.client.interfaces import Client
from kubecapy.contract.actuators import Reservation
from kubecapy.contract.errors import InvalidConfiguration
from kubecapy.controllers.cluster_secrets import read_authorities
from kubecapy.controllers.interfaces import WorkloadClusters
from kubecapy.controllers.machine.bootstrap_data import BootstrapData, BootstrapDataStore
from kubecapy.controllers.machine.conditions import BOOTSTRAP_READY
from kubecapy.controllers.machine.role import Entry, plan_entry
from kubecapy.controllers.machine.scope import MachineScope
from kubecapy.controllers.machine.template import read_template
from kubecapy.controllers.machine.tokens import TokenStore
from kubecapy.controllers.workload import WORKLOAD_FAILURES
from kubecapy.runtime.reconciler import Result
from kubecapy.telemetry.secrets import Secret

LOOK_AGAIN = Result(10.0)
"""After this the phase looks again for what it waits for, where no change of ours tells."""


class BootInputs(msgspec.Struct, frozen=True):
    """What a machine's bootstrap data is made of, beside the machine itself."""

    cluster: Cluster
    endpoint: ApiEndpoint
    authorities: Authorities
    reservation: Reservation
    entry: Entry


class PrepareBootstrapData:
    """Renders and stores the bootstrap data of a machine whose server is not made yet."""

    condition = BOOTSTRAP_READY

    def __init__(
        self, client: Client, data: BootstrapDataStore, workloads: WorkloadClusters, token_lifetime_seconds: float
    ) -> None:
        """Read through `client`, keep in `data`, and make tokens in `workloads`."""
        self._client = client
        self._data = data
        self._workloads = workloads
        self._token_lifetime_seconds = token_lifetime_seconds

    async def run(self, scope: MachineScope) -> Result | None:
        """Wait for the endpoint, the authorities and, to join, the API server; then render."""
        if scope.instance is not None:
            return None
        inputs = await self._gather(scope)
        if inputs is None:
            return LOOK_AGAIN
        tokens = None
        if inputs.entry == "join":
            tokens = await self._open_cluster(scope, inputs.cluster)
            if tokens is None:
                return LOOK_AGAIN
        try:
            made = await self._render(scope, inputs)
        except InvalidTemplate as error:
            scope.findings.mark(self.condition, "False", "InvalidUserData", str(error))
            return LOOK_AGAIN
        if tokens is not None:
            # Order: the token is kept beside the bootstrap data first, so that a crash here finds it again.
            await tokens.ensure(made.token, scope.key, scope.now)
        scope.bootstrap_data = made.user_data
        scope.findings.mark(self.condition, "True", "Rendered")
        return None

    async def _gather(self, scope: MachineScope) -> BootInputs | None:
        cluster, reservation = scope.cluster, scope.reservation
        if cluster is None or reservation is None:
            raise AssertionError("a machine boots only with a cluster and a reservation")
        if not cluster.status.api_endpoints:
            message = f"it is not known yet where the API server of cluster {cluster.metadata.name} will be"
            scope.findings.mark(self.condition, "False", "WaitingForEndpoint", message)
            return None
        authorities = await read_authorities(self._client, key_of(cluster))
        if authorities is None:
            message = f"the authorities of cluster {cluster.metadata.name} are not stored yet"
            scope.findings.mark(self.condition, "False", "WaitingForCertificates", message)
            return None
        endpoint = cluster.status.api_endpoints[0]
        entry = plan_entry(scope.machine, scope.machines, endpoint)
        return BootInputs(cluster, endpoint, authorities, reservation, entry)

    async def _open_cluster(self, scope: MachineScope, cluster: Cluster) -> TokenStore | None:
        """Return where tokens are made, once the cluster lets hosts join."""
        try:
            tokens = TokenStore(await self._workloads.client(key_of(cluster)), self._token_lifetime_seconds)
            if await tokens.is_open():
                return tokens
            message = f"the control plane of cluster {cluster.metadata.name} is not initialized yet"
        except WORKLOAD_FAILURES as error:
            message = f"the control plane of cluster {cluster.metadata.name} does not answer yet: {error}"
        scope.findings.mark(self.condition, "False", "WaitingForControlPlane", message)
        return None

    async def _render(self, scope: MachineScope, inputs: BootInputs) -> BootstrapData:
        name = inputs.cluster.metadata.name
        template = await read_template(self._client, inputs.reservation.user_data_secret, scope.machine)
        stored = await self._data.find(scope.machine)
        token = self._data.token_of(stored, scope.machine, name)
        request = BootRequest(
            machine=scope.machine,
            cluster=inputs.cluster,
            endpoint=inputs.endpoint,
            host=_host_facts(inputs.reservation),
            authorities=inputs.authorities,
            token=token,
            joins=inputs.entry == "join",
        )
        try:
            made = BootstrapData(render_user_data(template, request), token)
        except InvalidWish as error:
            raise InvalidConfiguration(str(error)) from error
        await self._data.store(stored, scope.machine, name, made)
        return made


def _host_facts(reservation: Reservation) -> HostFacts:
    files = tuple(HostFile(file.path, Secret(file.content), file.permissions) for file in reservation.boot_files)
    return HostFacts(reservation.hostname, reservation.addresses, files, reservation.kubelet_arguments)
