"""Hold what one pass over a Cluster knows and finds."""

from datetime import datetime

import msgspec

from kubecapy.api.cluster.v1alpha1 import ApiEndpoint, Cluster, Machine, is_control_plane
from kubecapy.apimachinery.meta import ObjectKey, is_deleting, key_of
from kubecapy.bootstrap.certificates import Authorities
from kubecapy.contract.actuators import ClusterObservation
from kubecapy.controllers.cluster.conditions import SUMMED_UP
from kubecapy.controllers.cluster.phase import phase_of
from kubecapy.controllers.findings import Findings, status_message


class ClusterScope:
    """One pass over one Cluster; its phases write down here what they find."""

    def __init__(self, cluster: Cluster, machines: tuple[Machine, ...], now: datetime) -> None:
        """Begin with the stored `cluster` and the machines that belong to it, oldest first."""
        self.cluster = cluster
        self.machines = machines
        self.now = now
        self.findings = Findings(cluster.status.conditions, now)
        self.authorities: Authorities | None = None
        self.observation = ClusterObservation()
        self._error: str | None = None

    @property
    def key(self) -> ObjectKey:
        """The cluster's address."""
        return key_of(self.cluster)

    @property
    def endpoint(self) -> ApiEndpoint | None:
        """Where the API server is reached, as far as it is known."""
        endpoints = self.cluster.status.api_endpoints
        return endpoints[0] if endpoints else None

    @property
    def control_planes(self) -> tuple[Machine, ...]:
        """The control-plane machines that are to stay."""
        return tuple(machine for machine in self.machines if is_control_plane(machine) and not is_deleting(machine))

    def record_endpoint(self, endpoint: ApiEndpoint) -> None:
        """Keep `endpoint` for the status."""
        self._set_status(api_endpoints=(endpoint,))

    def record_observation(self, observation: ClusterObservation) -> None:
        """Keep what the provider holds for the cluster."""
        self.observation = observation
        if observation.provider_status is not None:
            self._set_status(provider_status=observation.provider_status)

    def record_error(self, message: str) -> None:
        """Keep an error that only a person can mend; without one, the errors of earlier passes are cleared."""
        self._error = status_message(message)

    def finished(self) -> Cluster:
        """Return the cluster with the status that this pass found."""
        self.findings.sum_up(SUMMED_UP)
        self._set_status(
            conditions=self.findings.items,
            error_reason="InvalidConfiguration" if self._error else None,
            error_message=self._error,
        )
        self._set_status(phase=phase_of(self.cluster))
        return self.cluster

    def _set_status(self, **changes: object) -> None:
        status = msgspec.structs.replace(self.cluster.status, **changes)
        self.cluster = msgspec.structs.replace(self.cluster, status=status)
