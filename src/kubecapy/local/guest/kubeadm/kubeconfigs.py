"""Write the kubeconfig files of a control plane and of a kubelet."""

from datetime import datetime

from kubecapy.apiserver.pki.certificates import KeyPair, Profile, issue
from kubecapy.client.connection import Connection
from kubecapy.client.kubeconfig import render_kubeconfig
from kubecapy.local.guest.filesystem import GuestFilesystem
from kubecapy.local.guest.kubeadm.layout import ADMIN_CONF, CONTROLLER_MANAGER_CONF, KUBELET_CONF, SCHEDULER_CONF
from kubecapy.telemetry.secrets import Secret

PRIVATE = 0o600


def control_plane_profiles(node_name: str) -> dict[str, Profile]:
    """Return who each kubeconfig of a control plane speaks as, by its path."""
    return {
        ADMIN_CONF: Profile("kubernetes-admin", ("system:masters",)),
        KUBELET_CONF: Profile(f"system:node:{node_name}", ("system:nodes",)),
        CONTROLLER_MANAGER_CONF: Profile("system:kube-controller-manager"),
        SCHEDULER_CONF: Profile("system:kube-scheduler"),
    }


def write_client_kubeconfig(
    files: GuestFilesystem, path: str, server: str, authority: KeyPair, profile: Profile, now: datetime
) -> None:
    """Write a kubeconfig with a new client certificate for `server`."""
    pair = issue(authority, profile, now)
    connection = Connection(
        server=server,
        ca=authority.certificate_pem(),
        client_certificate=pair.certificate_pem(),
        client_key=Secret(pair.key_pem()),
    )
    files.install(path, render_kubeconfig(connection, user=profile.common_name), mode=PRIVATE)


def write_token_kubeconfig(files: GuestFilesystem, path: str, server: str, ca: bytes, token: str) -> None:
    """Write a kubeconfig with a bootstrap token."""
    connection = Connection(server=server, ca=ca, token=Secret(token))
    files.install(path, render_kubeconfig(connection, user="tls-bootstrap-token-user"), mode=PRIVATE)
