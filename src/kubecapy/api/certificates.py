"""Describe CertificateSigningRequests, by which a joining kubelet gets its client certificate.

Source: https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/certificate-signing-request-v1/.
"""

from collections.abc import Mapping
from typing import Final

from kubecapy.apimachinery.meta import ObjectMeta, Value, always_written
from kubecapy.apimachinery.resources import Resource

SIGNER_KUBELET_CLIENT: Final = "kubernetes.io/kube-apiserver-client-kubelet"
SIGNER_CLIENT: Final = "kubernetes.io/kube-apiserver-client"


class CertificateSigningRequestSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What is asked for; the server writes who asks."""

    request: str
    """PKCS#10 request in PEM, as base64 text."""
    signer_name: str
    expiration_seconds: int | None = None
    usages: tuple[str, ...] = ()
    """Such as `client auth`, `digital signature`."""
    username: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] | None = None


class CertificateSigningRequestCondition(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Approved, Denied or Failed."""

    type: str
    status: str = "True"
    reason: str = ""
    message: str = ""
    last_update_time: str | None = None
    last_transition_time: str | None = None


class CertificateSigningRequestStatus(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The answer."""

    conditions: tuple[CertificateSigningRequestCondition, ...] = ()
    certificate: str = ""
    """Certificate chain in PEM, as base64 text; empty until signed."""


class CertificateSigningRequest(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Asks for a certificate."""

    api_version: str = always_written("certificates.k8s.io/v1")
    kind: str = always_written("CertificateSigningRequest")
    metadata: ObjectMeta = ObjectMeta()
    spec: CertificateSigningRequestSpec
    status: CertificateSigningRequestStatus = CertificateSigningRequestStatus()


CERTIFICATE_SIGNING_REQUESTS: Resource[CertificateSigningRequest] = Resource(
    "certificates.k8s.io",
    "v1",
    "CertificateSigningRequest",
    "certificatesigningrequests",
    CertificateSigningRequest,
    namespaced=False,
)
