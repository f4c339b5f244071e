"""Write who asks into certificate signing requests, and keep what was asked.

Source: k8s.io/kubernetes/pkg/registry/certificates/certificates/strategy.go, pkg/apis/certificates/validation and the
admission plugins CertificateSigning and CertificateSubjectRestriction (v1.32).
"""

import base64
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from kubecapy.api.certificates import SIGNER_CLIENT, CertificateSigningRequest
from kubecapy.apimachinery.codec import DecodeError, convert
from kubecapy.apimachinery.errors import BadRequest, invalid
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.names import name_errors
from kubecapy.apiserver.admission.signers import may_use_signer
from kubecapy.apiserver.authentication.description import describe
from kubecapy.apiserver.authorization import Authorizer
from kubecapy.apiserver.authorization.authorizer import MASTERS
from kubecapy.apiserver.authorization.wording import refused
from kubecapy.apiserver.interfaces import Attributes, UserInfo
from kubecapy.apiserver.registry.access import read_object
from kubecapy.apiserver.registry.strategies.errors import invalid as invalid_field
from kubecapy.apiserver.registry.strategies.errors import not_supported, required

GROUP: Final = "certificates.k8s.io"
_LEAST_SECONDS: Final = 600
_DECISIONS: Final = ("Approved", "Denied")
_IDENTITY: Final = ("username", "uid", "groups", "extra")
_USAGES: Final = frozenset(
    {
        "any",
        "cert sign",
        "client auth",
        "code signing",
        "content commitment",
        "crl sign",
        "data encipherment",
        "decipher only",
        "digital signature",
        "email protection",
        "encipher only",
        "ipsec end system",
        "ipsec tunnel",
        "ipsec user",
        "key agreement",
        "key encipherment",
        "microsoft sgc",
        "netscape sgc",
        "ocsp signing",
        "s/mime",
        "server auth",
        "signing",
        "timestamping",
    }
)


class CertificateRequestAdmission:
    """Admits requests: the sender is who it is, the wish never changes, decisions stay."""

    def __init__(self, authorizer: Authorizer) -> None:
        """Ask `authorizer` who may sign for a signer."""
        self._authorizer = authorizer

    def admit_create(self, user: UserInfo, attributes: Attributes, obj: JsonObject) -> JsonObject:
        """Return `obj` with the sender's name, uid, groups and extra in its spec, whatever it said there.

        Raises:
            BadRequest, Invalid: a field is wrong; each is named.
            Forbidden: administrators' certificates are not to be had this way.
        """
        wish = {name: value for name, value in read_object(obj, "spec").items() if name not in _IDENTITY}
        stamped = {**obj, "spec": {**wish, **describe(user)}}
        request = _read(stamped)
        errors = _check(request)
        if errors:
            raise invalid("CertificateSigningRequest", GROUP, request.metadata.name, errors)
        _refuse_administrators(attributes, request)
        return stamped

    def admit_update(self, user: UserInfo, attributes: Attributes, old: JsonObject, obj: JsonObject) -> JsonObject:
        """Return `obj` with the spec of `old`; a status keeps its decisions, and needs the right to sign.

        Raises:
            Forbidden: certificate or conditions change, and the sender may not sign for the signer.
            BadRequest: the status is malformed.
        """
        if attributes.subresource != "status":
            return {**obj, "spec": old["spec"]}
        before, after = _read(old).status, _read(obj).status
        signer = old["spec"].get("signerName", "")
        if before != after and not may_use_signer(self._authorizer, user, "sign", signer):
            raise refused(attributes, f'user not permitted to sign requests with signerName "{signer}"')
        return {**obj, "spec": old["spec"], "status": _with_decisions(old, obj)}


def _with_decisions(old: JsonObject, obj: JsonObject) -> JsonObject:
    """Return the new status with the decisions of the old one: whoever signs cannot decide."""
    before, after = old.get("status") or {}, obj.get("status") or {}
    decisions = [c for c in before.get("conditions") or () if c.get("type") in _DECISIONS]
    others = [c for c in after.get("conditions") or () if c.get("type") not in _DECISIONS]
    conditions = [*decisions, *others]
    return {**after, "conditions": conditions} if conditions else after


def _check(request: CertificateSigningRequest) -> list[FieldError]:
    spec = request.spec
    errors: list[FieldError] = []
    if not _is_request(spec.request):
        detail = "Invalid value: must hold a PEM block of type CERTIFICATE REQUEST, as base64 text"
        errors.append(FieldError("spec.request", "FieldValueInvalid", detail))
    if not spec.usages:
        errors.append(required("spec.usages", "usages are required"))
    errors += [
        not_supported(f"spec.usages[{index}]", usage, tuple(sorted(_USAGES)))
        for index, usage in enumerate(spec.usages)
        if usage not in _USAGES
    ]
    problem = _signer_problem(spec.signer_name)
    if problem:
        errors.append(invalid_field("spec.signerName", spec.signer_name, problem))
    seconds = spec.expiration_seconds
    if seconds is not None and seconds < _LEAST_SECONDS:
        detail = "may not specify a duration less than 600 seconds (10 minutes)"
        errors.append(invalid_field("spec.expirationSeconds", seconds, detail))
    return errors


def _is_request(text: str) -> bool:
    try:
        _parse(text)
    except ValueError:
        return False
    return True


def _parse(text: str) -> x509.CertificateSigningRequest:
    # Base64 in JSON may be broken into lines; anything else that is not of its alphabet is an error.
    return x509.load_pem_x509_csr(base64.b64decode("".join(text.split()), validate=True))


def _signer_problem(signer: str) -> str | None:
    domain, slash, path = signer.partition("/")
    if not slash or not path:
        return "should be a fully qualified signer name of the form 'example.com/signer-name'"
    return next(iter([*name_errors(domain, "subdomain"), *name_errors(path, "subdomain")]), None)


def _refuse_administrators(attributes: Attributes, request: CertificateSigningRequest) -> None:
    if request.spec.signer_name != SIGNER_CLIENT:
        return
    subject = _parse(request.spec.request).subject
    groups = [attribute.value for attribute in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    if MASTERS in groups:
        raise refused(attributes, f"use of {SIGNER_CLIENT} signer with {MASTERS} group is not allowed")


def _read(obj: JsonObject) -> CertificateSigningRequest:
    try:
        return convert(obj, CertificateSigningRequest)
    except DecodeError as error:
        raise BadRequest(f"CertificateSigningRequest cannot be handled: {error}") from error
