"""Gather what a verb needs to know of a cluster before it acts."""

import contextlib
import ipaddress
from collections.abc import Iterable
from typing import Final

import msgspec

from kubecapy.api.cluster.v1alpha1 import Cluster
from kubecapy.contract.errors import InvalidConfiguration
from kubecapy.providers.openstack.api.cluster_spec import ClusterProviderSpec
from kubecapy.providers.openstack.api.cluster_status import ClusterProviderStatus, read_cluster_status
from kubecapy.providers.openstack.api.endpoints import api_port_of, endpoint_of
from kubecapy.providers.openstack.api.specs import VALUE_PATH, decode_cluster_spec, value_of
from kubecapy.providers.openstack.cluster_naming import ClusterOwner
from kubecapy.providers.openstack.naming import mark_of

DEFAULT_API_PORT: Final = 6443
"""Where nobody says otherwise; kubeadm's own default."""


class ClusterScope(msgspec.Struct, frozen=True):
    """A cluster that can be made: its wish, its marks, and what is recorded of it."""

    owner: ClusterOwner
    spec: ClusterProviderSpec
    record: ClusterProviderStatus
    api_port: int
    """The port at which the API server is reached, or will be."""


def read_cluster_scope(cluster: Cluster) -> ClusterScope:
    """Return the scope of a cluster.

    Raises:
        InvalidConfiguration: its providerSpec cannot work, alone or with its other ranges.
    """
    decoded = decode_cluster_spec(value_of(cluster.spec.provider_spec))
    if decoded.value is None:
        raise InvalidConfiguration("; ".join(str(error) for error in decoded.errors))
    overlap = find_overlap(cluster, decoded.value)
    if overlap:
        raise InvalidConfiguration(overlap)
    record = read_cluster_status(cluster.status.provider_status)
    return ClusterScope(owner_of_cluster(cluster, record), decoded.value, record, _api_port(cluster, decoded.value))


def owner_of_cluster(cluster: Cluster, record: ClusterProviderStatus) -> ClusterOwner:
    """Return what things that were made for the cluster bear; the record comes first."""
    mark = record.cluster_mark or mark_of(cluster)
    return ClusterOwner(cluster.metadata.namespace, cluster.metadata.name, mark)


def find_overlap(cluster: Cluster, spec: ClusterProviderSpec) -> str:
    """Return which of the cluster's other ranges the managed subnet cuts into; empty where none.

    Hosts, Pods and Services of one cluster reach each other by address: two of them with one address never would.
    """
    if not spec.node_cidr:
        return ""
    nodes = ipaddress.ip_network(spec.node_cidr)
    for what, block in _ranges_of(cluster):
        if block.version == nodes.version and block.overlaps(nodes):
            return f"{VALUE_PATH}.nodeCidr: {nodes} overlaps the range {block} of {what}, choose another"
    return ""


def _ranges_of(cluster: Cluster) -> Iterable[tuple[str, ipaddress.IPv4Network | ipaddress.IPv6Network]]:
    network = cluster.spec.cluster_network
    if network is None:
        return
    for what, texts in (("Pods", network.pods.cidr_blocks), ("Services", network.services.cidr_blocks)):
        for text in texts:
            # What is no range is refused elsewhere, with the machines that would use it.
            with contextlib.suppress(ValueError):
                yield what, ipaddress.ip_network(text, strict=False)


def _api_port(cluster: Cluster, spec: ClusterProviderSpec) -> int:
    """Return the port that the endpoint has or will have; one that is in use stays, whatever the spec says by now."""
    endpoints = (endpoint_of(spec), *cluster.status.api_endpoints)
    known = next((endpoint.port for endpoint in endpoints if endpoint is not None), None)
    return known or api_port_of(spec) or DEFAULT_API_PORT
