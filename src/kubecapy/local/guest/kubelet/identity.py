"""Get a kubelet its credentials: those that kubeadm left, or a certificate asked for with the bootstrap token.

Source: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/.
"""

import base64
import hashlib

from kubecapy.api.certificates import SIGNER_KUBELET_CLIENT
from kubecapy.apimachinery.errors import AlreadyExists, StatusError
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.resources import Resource
from kubecapy.apiserver.pki.certificates import Profile
from kubecapy.client.connection import Connection
from kubecapy.client.http import HttpClient
from kubecapy.client.interfaces import Unreachable
from kubecapy.client.kubeconfig import load, render_kubeconfig
from kubecapy.local.certificates import SigningRequest, make_request
from kubecapy.local.guest.host import Host
from kubecapy.local.guest.kubeadm.layout import BOOTSTRAP_KUBELET_CONF, KUBELET_CONF
from kubecapy.local.guest.kubelet.journal import Journal
from kubecapy.telemetry.secrets import Secret

POLL_SECONDS = 0.1
RETRY_SECONDS = 1.0
REQUESTS: Resource[JsonObject] = Resource(
    "certificates.k8s.io", "v1", "CertificateSigningRequest", "certificatesigningrequests", dict, namespaced=False
)


async def obtain_connection(host: Host, node_name: str, journal: Journal) -> Connection:
    """Return how the kubelet reaches its API server; waits as long as neither kubeconfig is there."""
    while True:
        if host.files.is_file(KUBELET_CONF):
            return load(host.files.read(KUBELET_CONF))
        if not host.files.is_file(BOOTSTRAP_KUBELET_CONF):
            journal.say(f"waiting for {KUBELET_CONF} or {BOOTSTRAP_KUBELET_CONF}")
            await host.clock.sleep(POLL_SECONDS)
            continue
        try:
            await _bootstrap(host, node_name, journal)
        except (StatusError, Unreachable) as error:
            journal.say(f"failed to run Kubelet: unable to load bootstrap kubeconfig: {error}")
            await host.clock.sleep(RETRY_SECONDS)


async def _bootstrap(host: Host, node_name: str, journal: Journal) -> None:
    """Ask for a client certificate and write kubelet.conf with it."""
    connection = load(host.files.read(BOOTSTRAP_KUBELET_CONF))
    signing = make_request(Profile(f"system:node:{node_name}", ("system:nodes",)))
    async with HttpClient(connection, host.clock) as client:
        certificate = await _request(client, host, signing, journal)
    issued = Connection(
        server=connection.server, ca=connection.ca, client_certificate=certificate, client_key=Secret(signing.key)
    )
    host.files.install(KUBELET_CONF, render_kubeconfig(issued, user="default-auth"), mode=0o600)


async def _request(client: HttpClient, host: Host, signing: SigningRequest, journal: Journal) -> bytes:
    name = f"node-csr-{hashlib.sha256(signing.request).hexdigest()[:32]}"
    request: JsonObject = {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": name},
        "spec": {
            "request": base64.b64encode(signing.request).decode(),
            "signerName": SIGNER_KUBELET_CLIENT,
            "usages": ["digital signature", "client auth"],
        },
    }
    try:
        await client.create(REQUESTS, request)
    except AlreadyExists:
        journal.say(f"certificate signing request {name} is there already")
    while True:
        stored = await client.get(REQUESTS, ObjectKey("", name))
        status = stored.get("status") or {}
        if status.get("certificate"):
            return base64.b64decode(status["certificate"])
        kinds = [condition.get("type") for condition in status.get("conditions") or ()]
        if "Denied" in kinds or "Failed" in kinds:
            journal.say(f"certificate signing request {name} was denied")
            await host.clock.sleep(RETRY_SECONDS)
        await host.clock.sleep(POLL_SECONDS)
