"""Valid bootstrap inputs; a test changes the one line that it is about."""

from datetime import UTC, datetime
from random import Random

from cryptography.hazmat.primitives.asymmetric import ec

from kubecapy.api.cluster.v1alpha1 import (
    ApiEndpoint,
    Cluster,
    ClusterNetwork,
    ClusterSpec,
    Machine,
    MachineSpec,
    MachineVersions,
    NetworkRanges,
    NodeAddress,
    ProviderSpec,
)
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta
from kubecapy.bootstrap.certificates import Authorities, PrivateKey, make_authorities
from kubecapy.bootstrap.tokens import BootstrapToken, make_token, token_id
from kubecapy.bootstrap.user_data import BootRequest, HostFacts

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def quick_key() -> PrivateKey:
    """Return an elliptic-curve key: an RSA one takes 60 ms."""
    return ec.generate_private_key(ec.SECP256R1())


def a_cluster(pods: tuple[str, ...] = ("192.168.0.0/16",)) -> Cluster:
    network = ClusterNetwork(
        services=NetworkRanges(cidr_blocks=("10.96.0.0/12",)),
        pods=NetworkRanges(cidr_blocks=pods),
        service_domain="cluster.local",
    )
    return Cluster(metadata=ObjectMeta(name="test1", namespace="default"), spec=ClusterSpec(cluster_network=network))


def a_machine(name: str = "node-1", kubelet: str = "1.14.0", control_plane: str = "", **spec: object) -> Machine:
    versions = MachineVersions(kubelet=kubelet, control_plane=control_plane)
    return Machine(
        metadata=ObjectMeta(name=name, namespace="default"),
        spec=MachineSpec(provider_spec=ProviderSpec(), versions=versions, **spec),
    )


def seeded(seed: int = 1) -> Random:
    """Return a source of chance that is the same each time."""
    return Random(seed)


def a_token() -> BootstrapToken:
    return make_token(token_id("test1", ObjectKey("default", "node-1")), seeded())


def a_host(name: str = "node-1") -> HostFacts:
    return HostFacts(
        hostname=name,
        addresses=(
            NodeAddress(type="InternalIP", address="10.0.0.5"),
            NodeAddress(type="ExternalIP", address="9.20.206.8"),
        ),
        kubelet_arguments={"provider-id": "openstack:///{{ v1.instance_id }}"},
    )


def authorities() -> Authorities:
    return make_authorities(NOW, quick_key)


def a_request(machine: Machine, made: Authorities, *, joins: bool = True) -> BootRequest:
    return BootRequest(
        machine=machine,
        cluster=a_cluster(),
        endpoint=ApiEndpoint(host="9.20.206.22", port=6443),
        host=a_host(machine.metadata.name),
        authorities=made,
        token=a_token(),
        joins=joins,
    )
