"""Compose everything that one machine needs to boot into one user-data document."""

import ipaddress
from collections.abc import Mapping
from typing import Final

import msgspec

from kubecapy.api.cluster.v1alpha1 import (
    ApiEndpoint,
    Cluster,
    ClusterNetwork,
    Machine,
    NetworkRanges,
    NodeAddress,
    is_control_plane,
)
from kubecapy.bootstrap.certificates import Authorities, public_key_hash
from kubecapy.bootstrap.cloud_init import (
    ClusterVariables,
    HostFile,
    KubeadmVariables,
    KubernetesVariables,
    MachineVariables,
    Template,
    Variables,
    render,
)
from kubecapy.bootstrap.errors import InvalidWish
from kubecapy.bootstrap.kubeadm import (
    CERTIFICATES_DIRECTORY,
    InitSettings,
    JoinSettings,
    Networking,
    NodeSettings,
    render_init,
    render_join,
)
from kubecapy.bootstrap.releases import KubernetesVersion, parse_version, release_of
from kubecapy.bootstrap.tokens import BootstrapToken
from kubecapy.telemetry.secrets import Secret

KUBEADM_CONFIG_PATH = "/etc/kubernetes/kubeadm.yaml"
DEFAULT_NETWORK: Final = ClusterNetwork(
    services=NetworkRanges(cidr_blocks=("10.96.0.0/12",)),
    pods=NetworkRanges(cidr_blocks=("192.168.0.0/16",)),
    service_domain="cluster.local",
)
"""What a Cluster without `spec.clusterNetwork` gets: kubeadm's own Service range and domain (kubeadm v1beta1,
Networking), and the pod range that Calico's manifests are written for."""


class HostFacts(msgspec.Struct, frozen=True):
    """What a provider knows of the host before it exists."""

    hostname: str
    addresses: tuple[NodeAddress, ...]
    files: tuple[HostFile, ...] = ()
    kubelet_arguments: Mapping[str, str] = {}


class BootRequest(msgspec.Struct, frozen=True):
    """One machine that is to boot."""

    machine: Machine
    cluster: Cluster
    endpoint: ApiEndpoint
    """Where the cluster's API server is or will be reached."""
    host: HostFacts
    authorities: Authorities
    token: BootstrapToken
    joins: bool
    """False for the one control plane that initializes the cluster."""


def render_user_data(template: Template, request: BootRequest) -> Secret[bytes]:
    """Return the user data with which the machine of `request` becomes a part of its cluster.

    Raises:
        InvalidWish: a field of the Cluster or the Machine is wrong; the message names it.
        InvalidTemplate: the template is wrong; the message names its source and line.
    """
    return render(template, _variables(request))


def check_wish(machine: Machine, cluster: Cluster) -> None:
    """Raise InvalidWish where user data could never be rendered, so that nothing is made in vain."""
    _kubelet_version(machine)
    _kubeadm_version(machine)
    _networking(cluster)


def _variables(request: BootRequest) -> Variables:
    machine, cluster, host = request.machine, request.cluster, request.host
    version, kubeadm = _kubelet_version(machine), _kubeadm_version(machine)
    release, networking = release_of(version), _networking(cluster)
    action = "join" if request.joins else "init"
    return Variables(
        machine=MachineVariables(
            namespace=machine.metadata.namespace,
            name=machine.metadata.name,
            hostname=host.hostname,
            role="control-plane" if is_control_plane(machine) else "worker",
        ),
        cluster=ClusterVariables(
            namespace=cluster.metadata.namespace,
            name=cluster.metadata.name,
            pod_subnet=networking.pod_subnet,
            service_subnet=networking.service_subnet,
            dns_domain=networking.dns_domain,
            endpoint_host=request.endpoint.host,
            endpoint_port=request.endpoint.port,
        ),
        kubernetes=KubernetesVariables(
            version=str(version),
            minor=f"{version.major}.{version.minor}",
            kubeadm_version=str(kubeadm),
            container_runtime=release.container_runtime,
            has_packages=release.has_packages,
            network_manifest=release.network_manifest,
        ),
        kubeadm=KubeadmVariables(command=f"kubeadm {action} --config {KUBEADM_CONFIG_PATH}"),
        files=_files(request, kubeadm, networking),
    )


def _files(request: BootRequest, kubeadm: KubernetesVersion, networking: Networking) -> tuple[HostFile, ...]:
    config = _join_config(request, kubeadm) if request.joins else _init_config(request, kubeadm, networking)
    shared = _authority_files(request.authorities) if is_control_plane(request.machine) else ()
    # The provider's kubelet arguments may hold `{{ v1.instance_id }}`, which only the host knows.
    kubeadm_file = HostFile(KUBEADM_CONFIG_PATH, config, permissions="0600", templated=True)
    return (kubeadm_file, *shared, *request.host.files)


def _init_config(request: BootRequest, version: KubernetesVersion, networking: Networking) -> Secret[str]:
    return render_init(
        InitSettings(
            version=version,
            cluster_name=request.cluster.metadata.name,
            endpoint=request.endpoint,
            networking=networking,
            advertise_address=_internal_address(request.host),
            certificate_names=_certificate_names(request),
            token=request.token,
            node=_node_settings(request),
        )
    )


def _join_config(request: BootRequest, version: KubernetesVersion) -> Secret[str]:
    return render_join(
        JoinSettings(
            version=version,
            endpoint=request.endpoint,
            token=request.token,
            authority_hash=public_key_hash(request.authorities.cluster.certificate),
            node=_node_settings(request),
            control_plane=is_control_plane(request.machine),
            advertise_address=_internal_address(request.host),
        )
    )


def _node_settings(request: BootRequest) -> NodeSettings:
    address = _internal_address(request.host)
    own = {"node-ip": address} if address else {}
    labels = _node_labels(request.machine)
    wished = {"node-labels": labels} if labels else {}
    arguments = {**own, **wished, **request.host.kubelet_arguments}
    return NodeSettings(request.host.hostname, arguments, request.machine.spec.taints)


def _node_labels(machine: Machine) -> str:
    """Return the labels meant for the Node as the kubelet takes them.

    Limit: from 1.16 on a kubelet refuses to start with labels of Kubernetes' own domains beyond a few
    (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction), so those stay out.
    """
    labels = (machine.spec.metadata.labels if machine.spec.metadata else None) or {}
    own = {key: value for key, value in labels.items() if not _is_kubernetes_domain(key)}
    return ",".join(f"{key}={value}" for key, value in sorted(own.items()))


def _is_kubernetes_domain(label: str) -> bool:
    domain, _, _ = label.rpartition("/")
    if domain.endswith("node.kubernetes.io"):
        return False
    return domain.endswith(("kubernetes.io", "k8s.io"))


def _authority_files(authorities: Authorities) -> tuple[HostFile, ...]:
    pairs = (
        ("ca.crt", "ca.key", authorities.cluster),
        ("etcd/ca.crt", "etcd/ca.key", authorities.etcd),
        ("front-proxy-ca.crt", "front-proxy-ca.key", authorities.front_proxy),
        ("sa.pub", "sa.key", authorities.service_account),
    )
    files: list[HostFile] = []
    for certificate, key, pair in pairs:
        files.append(HostFile(f"{CERTIFICATES_DIRECTORY}/{certificate}", Secret(pair.certificate)))
        files.append(HostFile(f"{CERTIFICATES_DIRECTORY}/{key}", pair.key, permissions="0600"))
    return tuple(files)


def _certificate_names(request: BootRequest) -> tuple[str, ...]:
    names = [request.endpoint.host, *(address.address for address in request.host.addresses), request.host.hostname]
    return tuple(dict.fromkeys(name for name in names if name))


def _internal_address(host: HostFacts) -> str:
    return next((address.address for address in host.addresses if address.type == "InternalIP"), "")


def _kubelet_version(machine: Machine) -> KubernetesVersion:
    if machine.spec.versions is None:
        raise InvalidWish("spec.versions.kubelet: expected a Kubernetes version such as 1.14.0, found nothing")
    return parse_version(machine.spec.versions.kubelet, "spec.versions.kubelet")


def _kubeadm_version(machine: Machine) -> KubernetesVersion:
    # kubeadm makes a control plane of its own version, and joins workers that are as old as their kubelet.
    kubelet = _kubelet_version(machine)
    if machine.spec.versions is None or not is_control_plane(machine):
        return kubelet
    version = parse_version(machine.spec.versions.control_plane, "spec.versions.controlPlane")
    if (version.major, version.minor) != (kubelet.major, kubelet.minor):
        # One package repository holds one release line, and kubeadm wants both alike on a control plane.
        raise InvalidWish(
            f"spec.versions.controlPlane: expected the release line of spec.versions.kubelet, "
            f"{kubelet.major}.{kubelet.minor}, found {version}"
        )
    return version


def _networking(cluster: Cluster) -> Networking:
    network = cluster.spec.cluster_network or DEFAULT_NETWORK
    return Networking(
        pod_subnet=_first_range(network.pods, "Cluster spec.clusterNetwork.pods.cidrBlocks"),
        service_subnet=_first_range(network.services, "Cluster spec.clusterNetwork.services.cidrBlocks"),
        dns_domain=network.service_domain,
    )


def _first_range(ranges: NetworkRanges, path: str) -> str:
    if not ranges.cidr_blocks:
        raise InvalidWish(f"{path}: expected at least one address range such as 192.168.0.0/16, found none")
    first = ranges.cidr_blocks[0]
    try:
        return str(ipaddress.ip_network(first, strict=False))
    except ValueError:
        raise InvalidWish(f'{path}[0]: expected an address range such as 192.168.0.0/16, found "{first}"') from None
