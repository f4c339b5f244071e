"""Render kubeadm's configuration in the API version that fits the release.

Sources: https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta3/ and .v1beta4/; for v1beta1 and v1beta2
the documentation of releases 1.14 and 1.21.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from kubecapy.api.cluster.v1alpha1 import ApiEndpoint, Taint
from kubecapy.apimachinery.codec import dump_yaml
from kubecapy.bootstrap.releases import KubernetesVersion, Release, release_of
from kubecapy.bootstrap.tokens import JOIN_GROUP, BootstrapToken
from kubecapy.telemetry.secrets import Secret

INIT_TOKEN_TTL: Final = "15m0s"  # noqa: S105 - a duration
"""Lifetime of the token that init stores: without one, kubeadm makes one for 24 hours and prints it."""
CERTIFICATES_DIRECTORY: Final = "/etc/kubernetes/pki"


class NodeSettings(msgspec.Struct, frozen=True):
    """How a host registers its Node."""

    name: str
    kubelet_arguments: Mapping[str, str]
    taints: tuple[Taint, ...] = ()
    """Empty leaves kubeadm's own: none on workers, the control plane's on control planes."""


class Networking(msgspec.Struct, frozen=True):
    """Network parameters of a cluster, each already checked."""

    pod_subnet: str
    service_subnet: str
    dns_domain: str


class InitSettings(msgspec.Struct, frozen=True):
    """What the first control plane is told."""

    version: KubernetesVersion
    """Of the control plane, and so of kubeadm."""
    cluster_name: str
    endpoint: ApiEndpoint
    """Where every client reaches the API server."""
    networking: Networking
    advertise_address: str
    """Own address of the host; empty leaves the choice to kubeadm."""
    certificate_names: tuple[str, ...]
    """Every name and address by which the API server is reached."""
    token: BootstrapToken
    node: NodeSettings


class JoinSettings(msgspec.Struct, frozen=True):
    """What a host that joins is told."""

    version: KubernetesVersion
    """Of kubeadm."""
    endpoint: ApiEndpoint
    token: BootstrapToken
    authority_hash: str
    """Pin of the cluster's authority: `sha256:<hex>`."""
    node: NodeSettings
    control_plane: bool = False
    """True where the host becomes a further control plane."""
    advertise_address: str = ""
    """As in `InitSettings`; control planes only."""


def render_init(settings: InitSettings) -> Secret[str]:
    """Return the YAML documents InitConfiguration and ClusterConfiguration for `kubeadm init --config`."""
    release = release_of(settings.version)
    return Secret(
        "---\n".join(dump_yaml(document) for document in (_init(settings, release), _cluster(settings, release)))
    )


def render_join(settings: JoinSettings) -> Secret[str]:
    """Return the YAML document JoinConfiguration for `kubeadm join --config`."""
    release = release_of(settings.version)
    token = {
        "apiServerEndpoint": _host_port(settings.endpoint),
        "token": settings.token.reveal(),
        "caCertHashes": [settings.authority_hash],
    }
    document: dict[str, Any] = {  # Any: a JSON document
        **_type("JoinConfiguration", release),
        "discovery": {"bootstrapToken": token},
        "nodeRegistration": _registration(settings.node, release),
    }
    if settings.control_plane:
        document["controlPlane"] = {"localAPIEndpoint": _local_endpoint(settings)}
    return Secret(dump_yaml(document))


def _init(settings: InitSettings, release: Release) -> dict[str, Any]:
    token = {
        "token": settings.token.reveal(),
        "ttl": INIT_TOKEN_TTL,
        "usages": ["signing", "authentication"],
        "groups": [JOIN_GROUP],
    }
    return {
        **_type("InitConfiguration", release),
        "bootstrapTokens": [token],
        "localAPIEndpoint": _local_endpoint(settings),
        "nodeRegistration": _registration(settings.node, release),
    }


def _cluster(settings: InitSettings, release: Release) -> dict[str, Any]:
    networking = settings.networking
    return {
        **_type("ClusterConfiguration", release),
        "kubernetesVersion": f"v{settings.version}",
        "clusterName": settings.cluster_name,
        "controlPlaneEndpoint": _host_port(settings.endpoint),
        "certificatesDir": CERTIFICATES_DIRECTORY,
        "apiServer": {"certSANs": list(settings.certificate_names)},
        "networking": {
            "podSubnet": networking.pod_subnet,
            "serviceSubnet": networking.service_subnet,
            "dnsDomain": networking.dns_domain,
        },
    }


def _type(kind: str, release: Release) -> dict[str, str]:
    return {"apiVersion": f"kubeadm.k8s.io/{release.kubeadm_api}", "kind": kind}


def _registration(node: NodeSettings, release: Release) -> dict[str, Any]:
    registration: dict[str, Any] = {"name": node.name, "criSocket": release.cri_socket}
    if node.taints:
        registration["taints"] = [_taint(taint) for taint in node.taints]
    if node.kubelet_arguments:
        registration["kubeletExtraArgs"] = _arguments(node.kubelet_arguments, release)
    return registration


def _arguments(arguments: Mapping[str, str], release: Release) -> Mapping[str, str] | Sequence[Mapping[str, str]]:
    # v1beta4 made every map of arguments a list, so that one may be given twice.
    ordered = dict(sorted(arguments.items()))
    if release.kubeadm_api == "v1beta4":
        return [{"name": name, "value": value} for name, value in ordered.items()]
    return ordered


def _taint(taint: Taint) -> dict[str, str]:
    fields = {"key": taint.key, "value": taint.value, "effect": taint.effect}
    return {name: text for name, text in fields.items() if text}


def _local_endpoint(settings: InitSettings | JoinSettings) -> dict[str, Any]:
    address = {"advertiseAddress": settings.advertise_address} if settings.advertise_address else {}
    return {**address, "bindPort": settings.endpoint.port}


def _host_port(endpoint: ApiEndpoint) -> str:
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    return f"{host}:{endpoint.port}"
