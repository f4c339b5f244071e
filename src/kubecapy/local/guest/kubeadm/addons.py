"""Make the add-ons of a new cluster: CoreDNS and kube-proxy, as far as a cluster shows them.

Source: k8s.io/kubernetes/cmd/kubeadm/app/phases/addons (dns, proxy).
"""

import ipaddress

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.local.guest.kubeadm.cluster_objects import cluster_role_binding, config_map
from kubecapy.local.guest.kubeadm.manifests import ControlPlane, image_of

_DNS_LABELS = {"k8s-app": "kube-dns"}
_PROXY_LABELS = {"k8s-app": "kube-proxy"}


def coredns_objects(plane: ControlPlane) -> list[JsonObject]:
    """Return CoreDNS: two replicas that tolerate control planes, and the Service kube-dns."""
    networking = plane.cluster.networking
    first_range = ipaddress.ip_network(networking.service_subnet.partition(",")[0], strict=False)
    tolerations = [
        {"key": "CriticalAddonsOnly", "operator": "Exists"},
        *({"key": key, "effect": "NoSchedule"} for key in plane.release.control_plane_taints),
    ]
    corefile = (
        f".:53 {{\n    errors\n    health\n    kubernetes {networking.dns_domain} in-addr.arpa\n    cache 30\n}}\n"
    )
    return [
        _service_account("coredns"),
        config_map("kube-system", "coredns", {"Corefile": corefile}),
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "coredns", "namespace": "kube-system", "labels": _DNS_LABELS},
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": _DNS_LABELS},
                "template": {
                    "metadata": {"labels": _DNS_LABELS},
                    "spec": {
                        "serviceAccountName": "coredns",
                        "tolerations": tolerations,
                        "containers": [
                            {
                                "name": "coredns",
                                "image": image_of(plane, "coredns"),
                                "args": ["-conf", "/etc/coredns/Corefile"],
                            }
                        ],
                    },
                },
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "kube-dns", "namespace": "kube-system", "labels": _DNS_LABELS},
            "spec": {
                "clusterIP": str(first_range[10]),
                "selector": _DNS_LABELS,
                "ports": [{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "dns-tcp", "port": 53}],
            },
        },
    ]


def kube_proxy_objects(plane: ControlPlane) -> list[JsonObject]:
    """Return kube-proxy: a pod on every node."""
    subject = {"kind": "ServiceAccount", "name": "kube-proxy", "namespace": "kube-system"}
    return [
        _service_account("kube-proxy"),
        cluster_role_binding("kubeadm:node-proxier", "system:node-proxier", [subject]),
        config_map("kube-system", "kube-proxy", {"config.conf": 'mode: ""\n'}),
        {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {"name": "kube-proxy", "namespace": "kube-system", "labels": _PROXY_LABELS},
            "spec": {
                "selector": {"matchLabels": _PROXY_LABELS},
                "template": {
                    "metadata": {"labels": _PROXY_LABELS},
                    "spec": {
                        "hostNetwork": True,
                        "serviceAccountName": "kube-proxy",
                        "tolerations": [{"operator": "Exists"}],
                        "containers": [{"name": "kube-proxy", "image": image_of(plane, "kube-proxy")}],
                    },
                },
            },
        },
    ]


def _service_account(name: str) -> JsonObject:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": "kube-system"}}
