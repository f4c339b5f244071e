"""Approve and sign the certificate requests of kubelets that join or renew.

A request is approved where it has the form of a kubelet's and its sender may post such requests; others are left to
people. Source: k8s.io/kubernetes/pkg/controller/certificates/approver/sarapprove.go and signer/signer.go.
"""

import base64
from collections.abc import Sequence
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from kubecapy.api.certificates import SIGNER_KUBELET_CLIENT
from kubecapy.apimachinery.codec import decode
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.times import format_time
from kubecapy.apiserver.pki.certificates import KeyPair, Profile, sign
from kubecapy.client.interfaces import Client
from kubecapy.clock import Clock
from kubecapy.local.workloads.kinds import SIGNING_REQUESTS
from kubecapy.runtime.informer import Informer
from kubecapy.runtime.reconciler import DONE, Result

NODE_PREFIX = "system:node:"
NODES_GROUP = "system:nodes"
LIFETIME = timedelta(days=365)
_USAGES = ({"client auth", "digital signature"}, {"client auth", "digital signature", "key encipherment"})
_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


class SigningRequestReconciler:
    """Decides on requests for kubelets' client certificates."""

    def __init__(self, client: Client, requests: Informer[JsonObject], authority: KeyPair, clock: Clock) -> None:
        """Sign as `authority`."""
        self._client = client
        self._requests = requests
        self._authority = authority
        self._clock = clock

    async def reconcile(self, key: ObjectKey) -> Result:
        """Approve the request, or sign it once it is approved."""
        request = self._requests.get(key)
        if request is None or request["spec"].get("signerName") != SIGNER_KUBELET_CLIENT:
            return DONE
        decisions = {condition["type"] for condition in (request.get("status") or {}).get("conditions") or ()}
        if {"Denied", "Failed"} & decisions or (request.get("status") or {}).get("certificate"):
            return DONE
        wanted = recognize_kubelet(request)
        if wanted is None:
            return DONE
        if "Approved" not in decisions:
            await self._approve(key, request, wanted)
            return DONE
        await self._sign(key, wanted)
        return DONE

    async def _approve(self, key: ObjectKey, request: JsonObject, wanted: x509.CertificateSigningRequest) -> None:
        renewing = request["spec"].get("username") == common_name(wanted)
        subresource = "selfnodeclient" if renewing else "nodeclient"
        if not await self._may_post(request["spec"], subresource):
            return
        now = format_time(self._clock.now())
        whose = "self kubelet" if renewing else "kubelet"
        condition = {
            "type": "Approved",
            "status": "True",
            "reason": "AutoApproved",
            "message": f"Auto approving {whose} client certificate after SubjectAccessReview.",
            "lastUpdateTime": now,
            "lastTransitionTime": now,
        }
        patch = {"status": {"conditions": [condition]}}
        await self._client.patch(SIGNING_REQUESTS, key, patch, subresource="approval")

    async def _may_post(self, spec: JsonObject, subresource: str) -> bool:
        attributes = {
            "group": "certificates.k8s.io",
            "resource": "certificatesigningrequests",
            "subresource": subresource,
            "verb": "create",
            "version": "*",
        }
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {
                "user": spec.get("username", ""),
                "uid": spec.get("uid", ""),
                "groups": spec.get("groups") or [],
                "extra": spec.get("extra") or {},
                "resourceAttributes": attributes,
            },
        }
        reply = decode(await self._client.request("POST", _REVIEWS, body=review), dict)
        return bool((reply.get("status") or {}).get("allowed"))

    async def _sign(self, key: ObjectKey, wanted: x509.CertificateSigningRequest) -> None:
        profile = Profile(common_name(wanted), (NODES_GROUP,))
        certificate = sign(self._authority, profile, wanted.public_key(), self._clock.now(), LIFETIME)
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        patch = {"status": {"certificate": base64.b64encode(pem).decode()}}
        await self._client.patch(SIGNING_REQUESTS, key, patch, subresource="status")


def recognize_kubelet(request: JsonObject) -> x509.CertificateSigningRequest | None:
    """Return the X.509 request in `request` where it is a kubelet's: for `system:node:...`, of `system:nodes`."""
    try:
        loaded = x509.load_pem_x509_csr(base64.b64decode(request["spec"]["request"]))
    except (ValueError, KeyError):
        return None
    groups: Sequence[object] = [name.value for name in loaded.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    usages = set(request["spec"].get("usages") or ())
    is_kubelet = common_name(loaded).startswith(NODE_PREFIX) and groups == [NODES_GROUP] and usages in _USAGES
    return loaded if is_kubelet and loaded.is_signature_valid else None


def common_name(request: x509.CertificateSigningRequest) -> str:
    """Return the common name of the subject; empty where it has none."""
    names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""
