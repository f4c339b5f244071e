"""Render the static pods of a control plane, with the flags that kubeadm gives them.

Source: k8s.io/kubernetes/cmd/kubeadm/app/phases/controlplane/manifests.go.
"""

from collections.abc import Mapping, Sequence

import msgspec

from kubecapy.apimachinery.codec import dump_yaml
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.local.guest.kubeadm.configuration import ClusterConfiguration, arguments_of
from kubecapy.local.guest.kubeadm.layout import CONTROLLER_MANAGER_CONF, ETCD_DATA, SCHEDULER_CONF
from kubecapy.local.guest.kubeadm.releases import Release

ETCD_VERSIONS = ((31, "3.5.15-0"), (28, "3.5.9-0"), (24, "3.5.3-0"), (22, "3.5.0-0"), (17, "3.4.3-0"), (0, "3.3.10"))
"""First minor release that uses an etcd version, newest first."""
COREDNS_VERSIONS = ((31, "v1.11.3"), (28, "v1.10.1"), (24, "v1.8.6"), (21, "v1.8.0"), (17, "1.6.5"), (0, "1.3.1"))


class ControlPlane(msgspec.Struct, frozen=True):
    """What the manifests of one host are made from."""

    release: Release
    cluster: ClusterConfiguration
    address: str
    """The host's own, that its API server advertises."""
    port: int


def render_manifests(plane: ControlPlane) -> Mapping[str, str]:
    """Return the static pods' manifests by their name."""
    pods = {
        "kube-apiserver": _api_server_flags(plane),
        "kube-controller-manager": _controller_manager_flags(plane),
        "kube-scheduler": _scheduler_flags(plane),
        "etcd": _etcd_flags(plane),
    }
    return {name: dump_yaml(_static_pod(plane, name, flags)) for name, flags in pods.items()}


def image_of(plane: ControlPlane, name: str) -> str:
    """Return the image of component `name`."""
    repository = plane.cluster.image_repository or plane.release.image_repository
    if name == "etcd":
        return f"{repository}/etcd:{_version_for(plane.release, ETCD_VERSIONS)}"
    if name == "coredns":
        folder = "coredns/" if plane.release.minor >= 21 else ""
        return f"{repository}/{folder}coredns:{_version_for(plane.release, COREDNS_VERSIONS)}"
    return f"{repository}/{name}:{plane.release}"


def _version_for(release: Release, table: Sequence[tuple[int, str]]) -> str:
    return next(version for minor, version in table if release.minor >= minor)


def _api_server_flags(plane: ControlPlane) -> Mapping[str, str]:
    pki = plane.cluster.certificates_dir
    issuer = f"https://kubernetes.default.svc.{plane.cluster.networking.dns_domain}"
    return {
        "advertise-address": plane.address,
        "allow-privileged": "true",
        "authorization-mode": "Node,RBAC",
        "client-ca-file": f"{pki}/ca.crt",
        "enable-admission-plugins": "NodeRestriction",
        "enable-bootstrap-token-auth": "true",
        "etcd-cafile": f"{pki}/etcd/ca.crt",
        "etcd-certfile": f"{pki}/apiserver-etcd-client.crt",
        "etcd-keyfile": f"{pki}/apiserver-etcd-client.key",
        "etcd-servers": "https://127.0.0.1:2379",
        "kubelet-client-certificate": f"{pki}/apiserver-kubelet-client.crt",
        "kubelet-client-key": f"{pki}/apiserver-kubelet-client.key",
        "proxy-client-cert-file": f"{pki}/front-proxy-client.crt",
        "proxy-client-key-file": f"{pki}/front-proxy-client.key",
        "requestheader-client-ca-file": f"{pki}/front-proxy-ca.crt",
        "secure-port": str(plane.port),
        "service-account-issuer": issuer,
        "service-account-key-file": f"{pki}/sa.pub",
        "service-account-signing-key-file": f"{pki}/sa.key",
        "service-cluster-ip-range": plane.cluster.networking.service_subnet,
        "tls-cert-file": f"{pki}/apiserver.crt",
        "tls-private-key-file": f"{pki}/apiserver.key",
        **arguments_of(plane.cluster.api_server.extra_args),
    }


def _controller_manager_flags(plane: ControlPlane) -> Mapping[str, str]:
    pki, networking = plane.cluster.certificates_dir, plane.cluster.networking
    ranges = {"allocate-node-cidrs": "true", "cluster-cidr": networking.pod_subnet} if networking.pod_subnet else {}
    return {
        "bind-address": "127.0.0.1",
        "client-ca-file": f"{pki}/ca.crt",
        "cluster-name": plane.cluster.cluster_name,
        "cluster-signing-cert-file": f"{pki}/ca.crt",
        "cluster-signing-key-file": f"{pki}/ca.key",
        "controllers": "*,bootstrapsigner,tokencleaner",
        "kubeconfig": CONTROLLER_MANAGER_CONF,
        "leader-elect": "true",
        "root-ca-file": f"{pki}/ca.crt",
        "service-account-private-key-file": f"{pki}/sa.key",
        "use-service-account-credentials": "true",
        **ranges,
        **arguments_of(plane.cluster.controller_manager.extra_args),
    }


def _scheduler_flags(plane: ControlPlane) -> Mapping[str, str]:
    return {
        "bind-address": "127.0.0.1",
        "kubeconfig": SCHEDULER_CONF,
        "leader-elect": "true",
        **arguments_of(plane.cluster.scheduler.extra_args),
    }


def _etcd_flags(plane: ControlPlane) -> Mapping[str, str]:
    pki, local = plane.cluster.certificates_dir, plane.cluster.etcd.local or {}
    return {
        "advertise-client-urls": f"https://{plane.address}:2379",
        "cert-file": f"{pki}/etcd/server.crt",
        "data-dir": local.get("dataDir") or ETCD_DATA,
        "key-file": f"{pki}/etcd/server.key",
        "trusted-ca-file": f"{pki}/etcd/ca.crt",
        **arguments_of(local.get("extraArgs")),
    }


def _static_pod(plane: ControlPlane, name: str, flags: Mapping[str, str]) -> JsonObject:
    command = [name, *(f"--{flag}={value}" for flag, value in sorted(flags.items()))]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "kube-system",
            "labels": {"component": name, "tier": "control-plane"},
        },
        "spec": {
            "containers": [{"name": name, "image": image_of(plane, name), "command": command}],
            "hostNetwork": True,
            "priorityClassName": "system-node-critical",
        },
    }
