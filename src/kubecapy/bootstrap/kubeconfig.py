"""Render the administrator's kubeconfig of a cluster from its own authority."""

import base64
from datetime import datetime
from typing import Any

from kubecapy.api.cluster.v1alpha1 import ApiEndpoint
from kubecapy.apimachinery.codec import DecodeError, dump_yaml, load_yaml
from kubecapy.bootstrap.certificates import (
    CLIENT_LIFETIME,
    KeyMaker,
    KeyPair,
    expires_at,
    issue_client_certificate,
    make_rsa_key,
)
from kubecapy.telemetry.secrets import Secret

ADMIN_USER = "kubernetes-admin"
ADMIN_GROUP = "system:masters"


def server_url(endpoint: ApiEndpoint) -> str:
    """Return `https://host:port`; an IPv6 host gets its brackets."""
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    return f"https://{host}:{endpoint.port}"


def render_admin_kubeconfig(
    cluster_name: str, endpoint: ApiEndpoint, authority: KeyPair, now: datetime, make_key: KeyMaker = make_rsa_key
) -> Secret[bytes]:
    """Return a kubeconfig whose new client certificate makes its bearer the cluster's administrator for one year."""
    client = issue_client_certificate(authority, ADMIN_USER, ADMIN_GROUP, now, make_key)
    context = f"{ADMIN_USER}@{cluster_name}"
    cluster = {"server": server_url(endpoint), "certificate-authority-data": _base64(authority.certificate)}
    user = {
        "client-certificate-data": _base64(client.certificate),
        "client-key-data": _base64(client.key.reveal()),
    }
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster_name, "cluster": cluster}],
        "users": [{"name": ADMIN_USER, "user": user}],
        "contexts": [{"name": context, "context": {"cluster": cluster_name, "user": ADMIN_USER}}],
        "current-context": context,
        "preferences": {},
    }
    return Secret(dump_yaml(document).encode())


def is_current(kubeconfig: Secret[bytes], endpoint: ApiEndpoint, authority: KeyPair, now: datetime) -> bool:
    """Return whether `kubeconfig` still leads to `endpoint`, trusts `authority` and lasts a quarter of its lifetime.

    One that cannot be read is not current.
    """
    try:
        document = load_yaml(kubeconfig.reveal().decode())[0]
        cluster = document["clusters"][0]["cluster"]
        certificate = base64.b64decode(document["users"][0]["user"]["client-certificate-data"]).decode()
        remaining = expires_at(certificate) - now
    except (DecodeError, ValueError, LookupError, TypeError):
        return False
    return _leads_to(cluster, endpoint, authority) and remaining > CLIENT_LIFETIME / 4


def _leads_to(cluster: dict[str, Any], endpoint: ApiEndpoint, authority: KeyPair) -> bool:
    return cluster.get("server") == server_url(endpoint) and cluster.get("certificate-authority-data") == _base64(
        authority.certificate
    )


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
