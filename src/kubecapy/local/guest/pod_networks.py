"""Hold the manifests of pod networks that a guest can fetch, reduced to what a cluster shows of them.

The real manifests (https://docs.tigera.io/calico/latest/getting-started/kubernetes/self-managed-onprem/) carry dozens
of definitions and rules that nothing here would read. What is left: the namespace-wide objects, the DaemonSet whose
pods make nodes Ready, and the address pool that installers edit.
"""

import re

from kubecapy.apimachinery.codec import dump_yaml
from kubecapy.apimachinery.meta import JsonObject

DEFAULT_POD_SUBNET = "192.168.0.0/16"
NETWORK_IMAGES = ("calico/node", "calico/cni", "flannel/flannel", "coreos/flannel", "cilium/cilium")
"""Image repositories, without their registry, whose pods install a pod network on their node."""

_CALICO = re.compile(
    r"https://(?:docs\.projectcalico\.org|projectcalico\.docs\.tigera\.io|raw\.githubusercontent\.com/projectcalico)"
    r"/\S*?(?:v(?P<version>\d+\.\d+(?:\.\d+)?)\S*)?/(?:calico|custom-resources|calico-etcd)\.yaml"
)


def find_network_manifest(url: str) -> bytes | None:
    """Return the manifest at `url`; None where it is none of a known pod network."""
    found = _CALICO.fullmatch(url)
    if found is None:
        return None
    version = found["version"] or "3.26.1"
    documents = calico_objects(version if version.count(".") > 1 else f"{version}.0")
    return "---\n".join(dump_yaml(document) for document in documents).encode()


def calico_objects(version: str) -> list[JsonObject]:
    """Return the objects of Calico `version`, such as `3.8.0`."""
    meta = {"name": "calico-node", "namespace": "kube-system", "labels": {"k8s-app": "calico-node"}}
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "calico-config", "namespace": "kube-system"},
            "data": {"typha_service_name": "none", "calico_backend": "bird"},
        },
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "calico-node", "namespace": "kube-system"},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": meta,
            "spec": {
                "selector": {"matchLabels": {"k8s-app": "calico-node"}},
                "template": {"metadata": {"labels": {"k8s-app": "calico-node"}}, "spec": _pod(version)},
            },
        },
    ]


def _pod(version: str) -> JsonObject:
    container = {
        "name": "calico-node",
        "image": f"calico/node:v{version}",
        "env": [
            {"name": "CALICO_IPV4POOL_CIDR", "value": DEFAULT_POD_SUBNET},
            {"name": "NODENAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        ],
    }
    return {
        "hostNetwork": True,
        "serviceAccountName": "calico-node",
        "tolerations": [
            {"effect": "NoSchedule", "operator": "Exists"},
            {"key": "CriticalAddonsOnly", "operator": "Exists"},
            {"effect": "NoExecute", "operator": "Exists"},
        ],
        "containers": [container],
    }
