"""Derive the marks by which everything that is made for an object is found again."""

import hashlib

from kubecapy.api.cluster.v1alpha1 import identity_of
from kubecapy.apimachinery.meta import KubernetesObject, key_of

CLUSTER = "kubecapy-cluster"
"""Label with the mark of the Cluster: what tools look for."""
MACHINE = "kubecapy-machine"
"""Label with the mark of the Machine: what the verbs look for."""


def mark_of(obj: KubernetesObject) -> str:
    """Return the mark of a Cluster or Machine: the same wherever it moves, another one for another object."""
    text = f"{identity_of(obj)}/{key_of(obj)}"
    return hashlib.sha256(text.encode()).hexdigest()[:20]
