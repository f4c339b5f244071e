"""Describe a Cluster: the wish for one Kubernetes cluster and what is known of it.

Source: Cluster API v0.1.10, pkg/apis/cluster/v1alpha1/cluster_types.go. `spec.clusterNetwork` is optional, as v0.1.4
meant and its CRD did not say; `spec.paused`, `status.phase` and `status.conditions` are additions that the field came
to expect later.
"""

from collections.abc import Mapping
from typing import Any, Literal

from kubecapy.api.cluster.v1alpha1.shared import API_VERSION, GROUP, VERSION, ProviderSpec
from kubecapy.apimachinery.conditions import Condition
from kubecapy.apimachinery.meta import ObjectMeta, Value, always_written
from kubecapy.apimachinery.resources import Resource

ClusterPhase = Literal["Pending", "Provisioning", "Provisioned", "Deleting", "Failed"]
ClusterErrorReason = Literal["InvalidConfiguration", "UnsupportedChange", "CreateError", "UpdateError", "DeleteError"]


class NetworkRanges(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Address ranges of Pods or Services."""

    cidr_blocks: tuple[str, ...]
    """CIDR notation; the first one is used."""


class ClusterNetwork(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Network parameters of a cluster."""

    services: NetworkRanges
    """Ranges of Service addresses."""
    pods: NetworkRanges
    """Ranges of Pod addresses."""
    service_domain: str
    """DNS domain of Services, such as `cluster.local`."""


class ClusterSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What a person wishes."""

    cluster_network: ClusterNetwork | None = None
    """Network parameters; the bootstrap chooses them where they are absent."""
    provider_spec: ProviderSpec | None = None
    """The provider's configuration of the cluster."""
    paused: bool | None = None
    """True while no controller may act on the cluster and its machines."""


class ApiEndpoint(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Where the cluster's API server is reached."""

    host: str
    """Address or DNS name."""
    port: int
    """TCP port."""


class ClusterStatus(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What was found."""

    api_endpoints: tuple[ApiEndpoint, ...] = ()
    """Reachable API servers."""
    error_reason: ClusterErrorReason | None = None
    """Set while a human must act."""
    error_message: str | None = None
    """For people."""
    provider_status: Mapping[str, Any] | None = None
    """What the provider keeps of the cluster; opaque here."""
    conditions: tuple[Condition, ...] = ()
    """Named findings."""
    phase: ClusterPhase | None = None
    """One word for people; derived from the conditions, never read back."""


class Cluster(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One Kubernetes cluster."""

    api_version: str = always_written(API_VERSION)
    kind: str = always_written("Cluster")
    metadata: ObjectMeta = ObjectMeta()
    spec: ClusterSpec
    status: ClusterStatus = ClusterStatus()


CLUSTERS: Resource[Cluster] = Resource(GROUP, VERSION, "Cluster", "clusters", Cluster)
