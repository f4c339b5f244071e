"""Name the conditions of a Cluster."""

from typing import Final

CERTIFICATES_READY: Final = "CertificatesReady"
"""The authorities of the cluster are stored."""
INFRASTRUCTURE_READY: Final = "InfrastructureReady"
"""The cloud holds what the machines share."""
ENDPOINT_READY: Final = "ControlPlaneEndpointReady"
"""It is known where the API server is or will be reached."""
CONTROL_PLANE_READY: Final = "ControlPlaneReady"
"""The Node of a control-plane machine is ready."""
DELETED: Final = "Deleted"
"""Only while the cluster is being deleted: what it waits for."""

SUMMED_UP: Final = (CERTIFICATES_READY, INFRASTRUCTURE_READY, ENDPOINT_READY, CONTROL_PLANE_READY)
