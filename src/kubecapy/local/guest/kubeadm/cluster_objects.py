"""Make the objects that kubeadm puts into a new cluster: configuration, discovery, rights of joining nodes.

Source: https://kubernetes.io/docs/reference/setup-tools/kubeadm/implementation-details/.
"""

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta

from kubecapy.apimachinery.codec import dump_yaml
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.times import format_time
from kubecapy.local.guest.kubeadm.cluster_info import ClusterAddress, render_cluster_info
from kubecapy.local.guest.kubeadm.configuration import BootstrapToken, ClusterConfiguration
from kubecapy.local.guest.kubeadm.documents import parse_duration
from kubecapy.local.guest.kubeadm.releases import Release

RBAC = "rbac.authorization.k8s.io"
TOKEN_GROUP = "system:bootstrappers:kubeadm:default-node-token"  # noqa: S105 - a group of users
NODES_GROUP = "system:nodes"


def configuration_objects(cluster: ClusterConfiguration, version: str, release: Release) -> list[JsonObject]:
    """Return `kubeadm-config`, the kubelets' configuration and who may read them."""
    stored = {"apiVersion": f"kubeadm.k8s.io/{version}", "kind": "ClusterConfiguration", **_stored(cluster, release)}
    kubelet_name = release.kubelet_config_name
    return [
        config_map("kube-system", "kubeadm-config", {"ClusterConfiguration": dump_yaml(stored)}),
        *_readable("kube-system", "kubeadm:nodes-kubeadm-config", "kubeadm-config", (TOKEN_GROUP, NODES_GROUP)),
        config_map("kube-system", kubelet_name, {"kubelet": kubelet_configuration(cluster)}),
        *_readable("kube-system", f"kubeadm:{kubelet_name}", kubelet_name, (TOKEN_GROUP, NODES_GROUP)),
    ]


def kubelet_configuration(cluster: ClusterConfiguration) -> str:
    """Return the document KubeletConfiguration that all nodes share."""
    return dump_yaml(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "authentication": {"x509": {"clientCAFile": "/etc/kubernetes/pki/ca.crt"}},
            "clusterDomain": cluster.networking.dns_domain,
            "rotateCertificates": True,
            "staticPodPath": "/etc/kubernetes/manifests",
        }
    )


def discovery_objects(address: ClusterAddress) -> list[JsonObject]:
    """Return `cluster-info`, which anybody may read: the signer adds a signature for each token."""
    anonymous = [{"apiGroup": RBAC, "kind": "User", "name": "system:anonymous"}]
    name = "kubeadm:bootstrap-signer-clusterinfo"
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["cluster-info"], "verbs": ["get"]}]
    return [
        config_map("kube-public", "cluster-info", {"kubeconfig": render_cluster_info(address)}),
        _role("kube-public", name, rules),
        _binding("RoleBinding", name, "Role", name, anonymous, namespace="kube-public"),
    ]


def join_rights() -> list[JsonObject]:
    """Return the bindings that let nodes join: post requests, have them approved, renew them, look nodes up."""
    group = [{"apiGroup": RBAC, "kind": "Group", "name": TOKEN_GROUP}]
    nodes = [{"apiGroup": RBAC, "kind": "Group", "name": NODES_GROUP}]
    requests = "system:certificates.k8s.io:certificatesigningrequests"
    get_nodes = {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "kubeadm:get-nodes"},
        "rules": [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]}],
    }
    return [
        cluster_role_binding("kubeadm:kubelet-bootstrap", "system:node-bootstrapper", group),
        cluster_role_binding("kubeadm:node-autoapprove-bootstrap", f"{requests}:nodeclient", group),
        cluster_role_binding("kubeadm:node-autoapprove-certificate-rotation", f"{requests}:selfnodeclient", nodes),
        get_nodes,
        cluster_role_binding("kubeadm:get-nodes", "kubeadm:get-nodes", group),
    ]


def token_secret(token: BootstrapToken, now: datetime) -> JsonObject:
    """Return the Secret that makes `token` valid from `now` on.

    Raises:
        ValueError: its time to live is no duration.
    """
    token_id, _, secret = token.token.partition(".")
    data = {
        "token-id": token_id,
        "token-secret": secret,
        "auth-extra-groups": ",".join(token.groups),
        **{f"usage-bootstrap-{usage}": "true" for usage in token.usages},
    }
    seconds = parse_duration(token.ttl) if token.ttl else 0.0
    if token.expires or seconds:
        data["expiration"] = token.expires or format_time(now + timedelta(seconds=seconds))
    if token.description:
        data["description"] = token.description
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": f"bootstrap-token-{token_id}", "namespace": "kube-system"},
        "type": "bootstrap.kubernetes.io/token",
        "data": {name: base64.b64encode(value.encode()).decode() for name, value in data.items()},
    }


def config_map(namespace: str, name: str, data: dict[str, str]) -> JsonObject:
    """Return a ConfigMap."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": data,
    }


def cluster_role_binding(name: str, role: str, subjects: Sequence[JsonObject]) -> JsonObject:
    """Return a ClusterRoleBinding of ClusterRole `role`."""
    return _binding("ClusterRoleBinding", name, "ClusterRole", role, subjects)


def _readable(namespace: str, role: str, config: str, groups: Sequence[str]) -> list[JsonObject]:
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "resourceNames": [config], "verbs": ["get"]}]
    subjects: list[JsonObject] = [{"apiGroup": RBAC, "kind": "Group", "name": group} for group in groups]
    return [
        _role(namespace, role, rules),
        _binding("RoleBinding", role, "Role", role, subjects, namespace=namespace),
    ]


def _role(namespace: str, name: str, rules: Sequence[JsonObject]) -> JsonObject:
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "Role",
        "metadata": {"name": name, "namespace": namespace},
        "rules": list(rules),
    }


def _binding(
    kind: str, name: str, role_kind: str, role: str, subjects: Sequence[JsonObject], *, namespace: str = ""
) -> JsonObject:
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": kind,
        "metadata": metadata,
        "roleRef": {"apiGroup": RBAC, "kind": role_kind, "name": role},
        "subjects": list(subjects),
    }


def _stored(cluster: ClusterConfiguration, release: Release) -> JsonObject:
    networking = cluster.networking
    stored: JsonObject = {
        "apiServer": {"certSANs": list(cluster.api_server.cert_sans)} if cluster.api_server.cert_sans else {},
        "certificatesDir": cluster.certificates_dir,
        "clusterName": cluster.cluster_name,
        "controllerManager": {},
        "dns": {},
        "etcd": {"local": {"dataDir": (cluster.etcd.local or {}).get("dataDir", "/var/lib/etcd")}},
        "imageRepository": cluster.image_repository or release.image_repository,
        "kubernetesVersion": str(release),
        "networking": {"dnsDomain": networking.dns_domain, "serviceSubnet": networking.service_subnet},
        "scheduler": {},
    }
    if networking.pod_subnet:
        stored["networking"]["podSubnet"] = networking.pod_subnet
    if cluster.control_plane_endpoint:
        stored["controlPlaneEndpoint"] = cluster.control_plane_endpoint
    return stored
