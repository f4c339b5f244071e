"""Render what the server boots from, once everything that goes into it is known."""

import msgspec

from kubecapy.api.cluster.v1alpha1 import CLUSTERS, MACHINES, ApiEndpoint, Cluster, Machine, is_control_plane
from kubecapy.apimachinery.conditions import find_condition
from kubecapy.apimachinery.meta import key_of
from kubecapy.bootstrap.certificates import Authorities
from kubecapy.bootstrap.cloud_init import HostFile
from kubecapy.bootstrap.errors import InvalidTemplate, InvalidWish
from kubecapy.bootstrap.user_data import BootRequest, HostFacts, render_user_data
from kubecapy.client.interfaces import Client
from kubecapy.contract.actuators import Reservation
from kubecapy.contract.errors import InvalidConfiguration
from kubecapy.controllers.cluster_secrets import read_authorities
from kubecapy.controllers.machine.admission import Admission
from kubecapy.controllers.machine.bootstrap_data import BootstrapData, BootstrapDataStore
from kubecapy.controllers.machine.role import Entry, plan_entry
from kubecapy.controllers.machine.scope import MachineScope
from kubecapy.controllers.machine.template import read_template
from kubecapy.controllers.machine_conditions import BOOT_FAILED, BOOTSTRAP_READY
from kubecapy.controllers.membership import machines_of
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

    def __init__(self, client: Client, data: BootstrapDataStore, admission: Admission) -> None:
        """Read through `client`, keep in `data`, and ask `admission` to let hosts join."""
        self._client = client
        self._data = data
        self._admission = admission

    async def run(self, scope: MachineScope) -> Result | None:
        """Wait for the endpoint, the authorities and, to join, the API server; then render."""
        if scope.instance is not None:
            self._acknowledge(scope)
            return None
        inputs = await self._gather(scope)
        if inputs is None:
            return LOOK_AGAIN
        joins = inputs.entry == "join"
        obstacle = await self._admission.find_obstacle(inputs.cluster) if joins else None
        if obstacle is not None:
            return self._wait(scope, "WaitingForControlPlane", obstacle)
        try:
            made = await self._render(scope, inputs)
        except InvalidTemplate as error:
            return self._wait(scope, "InvalidUserData", str(error))
        # Order: the token is kept beside the bootstrap data before it is valid, so that a crash here finds it again.
        host = inputs.reservation.hostname
        obstacle = await self._admission.admit(scope.machine, inputs.cluster, host, made.token) if joins else None
        if obstacle is not None:
            return self._wait(scope, "WaitingForControlPlane", obstacle)
        scope.bootstrap_data = made.user_data
        scope.findings.mark(self.condition, "True", "Rendered")
        return None

    def _acknowledge(self, scope: MachineScope) -> None:
        """Say of a server that an interrupted pass made that it has its data; a failed boot stays failed."""
        found = find_condition(scope.findings.items, self.condition)
        if found is None or (found.status != "True" and found.reason != BOOT_FAILED):
            scope.findings.mark(self.condition, "True", "Rendered")

    def _wait(self, scope: MachineScope, reason: str, message: str) -> Result:
        scope.findings.mark(self.condition, "False", reason, message)
        return LOOK_AGAIN

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
        entry = plan_entry(scope.machine, await self._machines(scope, cluster), endpoint)
        return BootInputs(cluster, endpoint, authorities, reservation, entry)

    async def _machines(self, scope: MachineScope, cluster: Cluster) -> tuple[Machine, ...]:
        if not is_control_plane(scope.machine):
            return scope.machines
        # Asked of the server itself: by an old copy two control planes might both initialize the cluster.
        namespace = scope.key.namespace
        machines = await self._client.list(MACHINES, namespace=namespace)
        clusters = await self._client.list(CLUSTERS, namespace=namespace)
        return machines_of(cluster, machines.items, clusters.items)

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
