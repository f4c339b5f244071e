"""Derive the one word that people read of a Cluster from its conditions; pure."""

from kubecapy.api.cluster.v1alpha1 import Cluster, ClusterPhase
from kubecapy.apimachinery.conditions import is_true
from kubecapy.apimachinery.meta import is_deleting
from kubecapy.controllers.cluster.conditions import CERTIFICATES_READY, ENDPOINT_READY, INFRASTRUCTURE_READY


def phase_of(cluster: Cluster) -> ClusterPhase:
    """Return the phase of `cluster`; it is written, never read back.

    As in later versions of Cluster API, Provisioned says that what the machines share is there and that it is known
    where the API server is reached; whether it answers is said by the condition ControlPlaneReady.
    """
    conditions = cluster.status.conditions
    if is_deleting(cluster):
        return "Deleting"
    if cluster.status.error_reason is not None:
        return "Failed"
    if is_true(conditions, INFRASTRUCTURE_READY) and is_true(conditions, ENDPOINT_READY):
        return "Provisioned"
    return "Provisioning" if is_true(conditions, CERTIFICATES_READY) else "Pending"
