"""Tell whether controllers must keep their hands off an object, as while it is moved between clusters."""

from typing import Final

from kubecapy.api.cluster.v1alpha1 import Cluster
from kubecapy.apimachinery.meta import KubernetesObject, annotations_of

PAUSED_ANNOTATION: Final = "cluster.k8s.io/paused"
"""Annotation of any object that pauses it, whatever its value."""


def is_paused(obj: KubernetesObject, cluster: Cluster | None) -> bool:
    """Return whether `obj`, or the cluster that it belongs to, is paused; nothing is written to it then."""
    if PAUSED_ANNOTATION in annotations_of(obj):
        return True
    return cluster is not None and (bool(cluster.spec.paused) or PAUSED_ANNOTATION in annotations_of(cluster))
