"""Describe Leases: who holds something, and until when.

Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/.
"""

from kubecapy.apimachinery.meta import ObjectMeta, Value, always_written
from kubecapy.apimachinery.resources import Resource


class LeaseSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Who holds it."""

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    """Others wait so long after the last renewal that they saw."""
    acquire_time: str | None = None
    """metav1.MicroTime."""
    renew_time: str | None = None
    """metav1.MicroTime."""
    lease_transitions: int | None = None
    """How often the holder changed."""


class Lease(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Elects a leader or tells that a Node lives."""

    api_version: str = always_written("coordination.k8s.io/v1")
    kind: str = always_written("Lease")
    metadata: ObjectMeta = ObjectMeta()
    spec: LeaseSpec = LeaseSpec()


LEASES: Resource[Lease] = Resource("coordination.k8s.io", "v1", "Lease", "leases", Lease)
