"""The steps from a Cluster object to everything that its machines share, in order."""

from kubecapy.apimachinery.conditions import find_condition, is_true
from kubecapy.contract.actuators import ClusterActuator
from kubecapy.controllers.cluster.certificates import CertificateStore
from kubecapy.controllers.cluster.conditions import (
    CERTIFICATES_READY,
    CONTROL_PLANE_READY,
    ENDPOINT_READY,
    INFRASTRUCTURE_READY,
)
from kubecapy.controllers.cluster.endpoint import plan_endpoint
from kubecapy.controllers.cluster.scope import ClusterScope
from kubecapy.controllers.machine_conditions import NODE_READY
from kubecapy.runtime.reconciler import DONE, Result


class EnsureCertificates:
    """Makes the authorities, which never change afterwards."""

    condition = CERTIFICATES_READY

    def __init__(self, certificates: CertificateStore) -> None:
        """Keep them in `certificates`."""
        self._certificates = certificates

    async def run(self, scope: ClusterScope) -> Result | None:
        """Find or make the authorities."""
        scope.authorities = await self._certificates.ensure_authorities(scope.cluster, scope.now)
        scope.findings.mark(self.condition, "True", "Stored")
        return None


class EnsureInfrastructure:
    """Lets the provider make what machines share."""

    condition = INFRASTRUCTURE_READY

    def __init__(self, actuator: ClusterActuator) -> None:
        """Act through `actuator`."""
        self._actuator = actuator

    async def run(self, scope: ClusterScope) -> Result | None:
        """Find or make the shared resources, and look again as long as some are still to be made."""
        observation = await self._actuator.reconcile(scope.cluster)
        scope.record_observation(observation)
        if observation.waiting_for:
            message = f"waiting for {observation.waiting_for}"
            scope.findings.mark(self.condition, "False", "WaitingForCloud", message)
            return Result(observation.retry_after_seconds)
        scope.findings.mark(self.condition, "True", "Reconciled")
        return None


class ChooseEndpoint:
    """Finds out where the API server will be reached, and stores the kubeconfig that leads there."""

    condition = ENDPOINT_READY

    def __init__(self, certificates: CertificateStore, port: int) -> None:
        """Keep the kubeconfig in `certificates`.

        `port` is for endpoints made of a machine's address, where the provider does not name another.
        """
        self._certificates = certificates
        self._port = port

    async def run(self, scope: ClusterScope) -> Result | None:
        """Plan the endpoint, and wait for a machine's address where there is none yet."""
        observation = scope.observation
        port = observation.api_port or self._port
        endpoint = plan_endpoint(scope.endpoint, observation.endpoint, scope.control_planes, port)
        if endpoint is None:
            message = "no control-plane machine has an address yet" if scope.control_planes else "no control plane yet"
            scope.findings.mark(self.condition, "False", "WaitingForControlPlane", message)
            return DONE
        scope.record_endpoint(endpoint)
        if scope.authorities is not None:
            authority = scope.authorities.cluster
            await self._certificates.ensure_kubeconfig(scope.cluster, endpoint, authority, scope.now)
        scope.findings.mark(self.condition, "True", "Known", f"{endpoint.host}:{endpoint.port}")
        return None


class ObserveControlPlane:
    """Tells whether a control plane runs."""

    condition = CONTROL_PLANE_READY

    async def run(self, scope: ClusterScope) -> Result | None:
        """Look at the machines' own conditions; their changes bring the next pass."""
        if any(is_true(machine.status.conditions, NODE_READY) for machine in scope.control_planes):
            scope.findings.mark(self.condition, "True", "NodeReady")
            return None
        conditions = [find_condition(machine.status.conditions, NODE_READY) for machine in scope.control_planes]
        messages = [found.message for found in conditions if found is not None and found.message]
        scope.findings.mark(self.condition, "False", "WaitingForNode", "; ".join(messages))
        return None
