"""The namespaces that always exist."""

from kubecapy.apimachinery.meta import JsonObject

NAMES = ("default", "kube-system", "kube-public", "kube-node-lease")


def namespaces() -> list[JsonObject]:
    """Return the Namespace objects."""
    return [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
        }
        for name in NAMES
    ]
