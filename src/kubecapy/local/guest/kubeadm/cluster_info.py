"""Write and read the kubeconfig inside `cluster-info`: a server and its authority, with nobody's credentials.

Source: https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/#configmap-signing.
"""

import base64
import binascii

import msgspec

from kubecapy.apimachinery.codec import DecodeError, dump_yaml, load_yaml


class ClusterAddress(msgspec.Struct, frozen=True):
    """Where a cluster is, and the authority of its API server in PEM."""

    server: str
    ca: bytes


def render_cluster_info(address: ClusterAddress) -> str:
    """Return the kubeconfig; it has no context and no user, as kubeadm writes it."""
    cluster = {"certificate-authority-data": base64.b64encode(address.ca).decode(), "server": address.server}
    return dump_yaml(
        {
            "apiVersion": "v1",
            "clusters": [{"cluster": cluster, "name": ""}],
            "contexts": None,
            "current-context": "",
            "kind": "Config",
            "preferences": {},
            "users": None,
        }
    )


def parse_cluster_info(text: str) -> ClusterAddress:
    """Return what the kubeconfig `text` says.

    Raises:
        ValueError: it is no kubeconfig with one cluster and its authority.
    """
    try:
        (document,) = load_yaml(text)
        cluster = document["clusters"][0]["cluster"]
        ca = base64.b64decode(cluster["certificate-authority-data"], validate=True)
        return ClusterAddress(str(cluster["server"]), ca)
    except (DecodeError, binascii.Error, KeyError, IndexError, TypeError, ValueError) as error:
        raise ValueError("expected a kubeconfig with one cluster and its certificate-authority-data") from error
