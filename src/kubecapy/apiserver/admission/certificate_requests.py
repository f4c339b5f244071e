"""Write who asks into certificate signing requests, and keep what was asked.

Sources, of k8s.io/kubernetes (v1.36): pkg/registry/certificates/certificates/strategy.go, the admission plugins
CertificateSigning and CertificateSubjectRestriction, and pkg/apis/certificates/validation for changes.
"""

import base64
from collections.abc import Iterator
from typing import Final

import msgspec
from cryptography.x509.oid import NameOID

from kubecapy.api.certificates import SIGNER_CLIENT
from kubecapy.apimachinery.errors import invalid
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.admission.signers import may_use_signer
from kubecapy.apiserver.authentication.description import describe
from kubecapy.apiserver.authorization import Authorizer
from kubecapy.apiserver.authorization.authorizer import MASTERS
from kubecapy.apiserver.authorization.wording import refused
from kubecapy.apiserver.interfaces import Attributes, UserInfo
from kubecapy.apiserver.registry.access import read_object, read_objects, read_text
from kubecapy.apiserver.registry.strategies.certificate_requests import parse_request
from kubecapy.apiserver.registry.strategies.errors import forbidden
from kubecapy.apiserver.registry.strategies.errors import invalid as invalid_field

GROUP: Final = "certificates.k8s.io"
_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"
_DECISIONS: Final = ("Approved", "Denied")
_IDENTITY: Final = ("username", "uid", "groups", "extra")


class CertificateRequestAdmission:
    """Admits requests: the sender is who it is, the wish never changes, who signs does not decide."""

    def __init__(self, authorizer: Authorizer) -> None:
        """Ask `authorizer` who may sign for a signer."""
        self._authorizer = authorizer

    def admit_create(self, user: UserInfo, attributes: Attributes, obj: JsonObject) -> JsonObject:
        """Return `obj` with the sender's name, uid, groups and extra in its spec, whatever it said there.

        Raises:
            Forbidden: administrators' certificates are not to be had this way.
        """
        wish = {name: value for name, value in read_object(obj, "spec").items() if name not in _IDENTITY}
        stamped = {**obj, "spec": {**wish, **describe(user)}}
        # The path of a creation has no name.
        named = msgspec.structs.replace(attributes, name=read_text(obj, "metadata", "name"))
        _refuse_administrators(named, wish)
        return stamped

    def admit_update(self, user: UserInfo, attributes: Attributes, old: JsonObject, obj: JsonObject) -> JsonObject:
        """Return `obj` with the spec of `old`; a status needs the right to sign.

        Raises:
            Forbidden: certificate or conditions change, and the sender may not sign for the signer.
            Invalid: the status takes back or makes a decision, or replaces a certificate.
        """
        if attributes.subresource != "status":
            return {**obj, "spec": old["spec"]}
        before, after = read_object(old, "status"), read_object(obj, "status")
        signer = old["spec"].get("signerName", "")
        if before != after and not may_use_signer(self._authorizer, user, "sign", signer):
            raise refused(attributes, f'user not permitted to sign requests with signerName "{signer}"')
        errors = list(_status_errors(before, after))
        if errors:
            raise invalid("CertificateSigningRequest", GROUP, old["metadata"]["name"], errors)
        return {**obj, "spec": old["spec"]}


def _status_errors(before: JsonObject, after: JsonObject) -> Iterator[FieldError]:
    """Yield what a change of the status may not do: whoever signs cannot decide, and signs once."""
    certificate = read_text(after, "certificate")
    if certificate and _CERTIFICATE not in base64.b64decode(certificate):
        why = "must contain at least one CERTIFICATE PEM block"
        yield invalid_field("status.certificate", "<certificate data>", why)
    for type_ in (*_DECISIONS, "Failed"):
        if len(_conditions(after, type_)) < len(_conditions(before, type_)):
            yield forbidden("status.conditions", f'updates may not remove a condition of type "{type_}"')
    for type_ in _DECISIONS:
        old, new = _conditions(before, type_), _conditions(after, type_)
        if len(new) > len(old):
            yield forbidden("status.conditions", f'updates may not add a condition of type "{type_}"')
        elif len(new) == len(old) and new != old:
            yield forbidden("status.conditions", f'updates may not modify a condition of type "{type_}"')
    if read_text(before, "certificate") not in ("", certificate):
        yield forbidden("status.certificate", "updates may not modify existing certificate content")


def _conditions(status: JsonObject, type_: str) -> list[JsonObject]:
    return [condition for condition in read_objects(status, "conditions") if condition.get("type") == type_]


def _refuse_administrators(attributes: Attributes, wish: JsonObject) -> None:
    if wish.get("signerName") != SIGNER_CLIENT:
        return
    try:
        subject = parse_request(read_text(wish, "request")).subject
    except ValueError:
        return  # The strategy of the kind says what is wrong with it.
    groups = [attribute.value for attribute in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    if MASTERS in groups:
        raise refused(attributes, f"use of {SIGNER_CLIENT} signer with {MASTERS} group is not allowed")
