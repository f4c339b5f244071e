"""Find and trust a cluster by a bootstrap token: what `kubeadm join` does before it says who it is.

    cluster-info is read without trust -> its signature must be the token's -> its authority must have a pinned key
    -> it is read again, over a connection that trusts the authority

Source: k8s.io/kubernetes/cmd/kubeadm/app/discovery/token/token.go.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping

from cryptography import x509

from kubecapy.apimachinery.errors import StatusError
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.connection import Connection
from kubecapy.client.http import HttpClient
from kubecapy.client.interfaces import Unreachable
from kubecapy.clock import Clock
from kubecapy.local.certificates import public_key_hash
from kubecapy.local.guest.kubeadm.cluster_info import ClusterAddress, parse_cluster_info
from kubecapy.local.guest.kubeadm.configuration import BootstrapTokenDiscovery
from kubecapy.local.guest.kubeadm.errors import KubeadmError
from kubecapy.local.guest.kubeadm.releases import Release
from kubecapy.local.guest.shell.streams import Write

CLUSTER_INFO: Resource[JsonObject] = Resource("", "v1", "ConfigMap", "configmaps", dict)
CLUSTER_INFO_KEY = ObjectKey("kube-public", "cluster-info")
KUBECONFIG_KEY = "kubeconfig"
SIGNATURE_PREFIX = "jws-kubeconfig-"
RETRY_SECONDS = 0.5
PHASE = "preflight"
UNTRUSTED = "couldn't validate the identity of the API Server: "


class _NotYet(Exception):
    """Discovery did not work this time; it is tried again."""


class Discovery:
    """Runs discovery for one join."""

    def __init__(self, clock: Clock, release: Release, timeout_seconds: float, out: Write) -> None:
        """Try for `timeout_seconds`, and say each new problem once to `out`."""
        self._clock = clock
        self._release = release
        self._timeout = timeout_seconds
        self._out = out

    async def run(self, wanted: BootstrapTokenDiscovery) -> ClusterAddress:
        """Return the cluster.

        Raises:
            KubeadmError: it did not answer in time, does not know the token, or has another authority than pinned.
        """
        if not wanted.ca_cert_hashes and not wanted.unsafe_skip_ca_verification:
            raise KubeadmError(
                "",
                'discovery.bootstrapToken: Invalid value: "": using token-based discovery without '
                "caCertHashes can be unsafe. Set unsafeSkipCAVerification as true in your kubeadm "
                "config file to continue",
            )
        server = f"https://{wanted.api_server_endpoint}"
        first = await self._poll(wanted, Connection(server=server, insecure=True))
        try:
            found = parse_cluster_info(first)
        except ValueError as error:
            raise KubeadmError(PHASE, f"{UNTRUSTED}no cluster in the cluster-info ConfigMap: {error}") from error
        self._check_pins(found.ca, wanted.ca_cert_hashes)
        second = await self._poll(wanted, Connection(server=server, ca=found.ca))
        if second != first:
            raise KubeadmError(
                PHASE,
                f"{UNTRUSTED}the second kubeconfig from cluster-info ConfigMap "
                "(using validated TLS) was different from the first",
            )
        return found

    async def _poll(self, wanted: BootstrapTokenDiscovery, connection: Connection) -> str:
        end = self._clock.monotonic() + self._timeout
        said = ""
        while True:
            try:
                return await self._fetch(wanted, connection)
            except _NotYet as problem:
                if said != str(problem):
                    said = str(problem)
                    self._out(f"[discovery] {said}, will try again\n")
                if self._clock.monotonic() + RETRY_SECONDS > end:
                    raise KubeadmError(PHASE, f"{UNTRUSTED}{said}") from problem
            await self._clock.sleep(RETRY_SECONDS)

    async def _fetch(self, wanted: BootstrapTokenDiscovery, connection: Connection) -> str:
        try:
            async with HttpClient(connection, self._clock) as client:
                cluster_info = await client.get(CLUSTER_INFO, CLUSTER_INFO_KEY)
        except (Unreachable, StatusError) as error:
            raise _NotYet(f"failed to request the cluster-info ConfigMap: {error}") from error
        return verified_kubeconfig(cluster_info, wanted.token)

    def _check_pins(self, ca: bytes, pins: tuple[str, ...]) -> None:
        if not pins:
            return
        hashes = [public_key_hash(certificate) for certificate in x509.load_pem_x509_certificates(ca)]
        if {pin.casefold() for pin in pins} & set(hashes):
            return
        # The words changed in 1.16, when several certificates were allowed in one bundle.
        if self._release.minor < 16:
            problem = f"cluster CA found in cluster-info configmap is invalid: public key {hashes[0]} not pinned"
        else:
            problem = (
                "cluster CA found in cluster-info ConfigMap is invalid: "
                f'none of the public keys "{":".join(hashes)}" are pinned'
            )
        raise KubeadmError(PHASE, UNTRUSTED + problem)


def verified_kubeconfig(cluster_info: JsonObject, token: str) -> str:
    """Return the kubeconfig in `cluster_info` once its signature by `token` is checked.

    Raises:
        _NotYet: there is no signature for the token, as long as the signer has not seen it.
        KubeadmError: the signature is wrong.
    """
    data: Mapping[str, str] = cluster_info.get("data") or {}
    token_id, _, secret = token.partition(".")
    kubeconfig = data.get(KUBECONFIG_KEY, "")
    if not kubeconfig:
        raise _NotYet("there is no kubeconfig in the cluster-info ConfigMap")
    signature = data.get(f"{SIGNATURE_PREFIX}{token_id}", "")
    if not signature:
        raise _NotYet(
            f'could not find a JWS signature in the cluster-info ConfigMap for token ID "{token_id}": the token is '
            "invalid for this cluster or has expired"
        )
    if not is_signed_by(kubeconfig, signature, token_id, secret):
        problem = "failed to verify JWS signature of received cluster info object, can't trust this API Server"
        raise KubeadmError(PHASE, UNTRUSTED + problem)
    return kubeconfig


def is_signed_by(content: str, signature: str, token_id: str, secret: str) -> bool:
    """Return whether `signature`, a detached JWS (RFC 7515, HS256), is that of `content` by the token."""
    header, _, rest = signature.partition(".")
    payload, _, given = rest.partition(".")
    try:
        names = json.loads(_from_base64url(header))
        mac = _from_base64url(given)
    except ValueError:
        return False
    if payload or names != {"alg": "HS256", "kid": token_id}:
        return False
    signed = f"{header}.{base64.urlsafe_b64encode(content.encode()).decode().rstrip('=')}"
    return hmac.compare_digest(mac, hmac.digest(secret.encode(), signed.encode(), hashlib.sha256))


def _from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
