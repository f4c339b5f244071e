"""Write who asks into certificate signing requests, and keep what was asked.

Source: k8s.io/kubernetes/pkg/registry/certificates/certificates/strategy.go and the admission plugins
CertificateSigning and CertificateSubjectRestriction (v1.32).
"""

from typing import Final

from cryptography.x509.oid import NameOID

from kubecapy.api.certificates import SIGNER_CLIENT
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.admission.signers import may_use_signer
from kubecapy.apiserver.authentication.description import describe
from kubecapy.apiserver.authorization import Authorizer
from kubecapy.apiserver.authorization.authorizer import MASTERS
from kubecapy.apiserver.authorization.wording import refused
from kubecapy.apiserver.interfaces import Attributes, UserInfo
from kubecapy.apiserver.registry.access import read_object, read_text
from kubecapy.apiserver.registry.strategies.certificate_requests import parse_request

GROUP: Final = "certificates.k8s.io"
_DECISIONS: Final = ("Approved", "Denied")
_IDENTITY: Final = ("username", "uid", "groups", "extra")


class CertificateRequestAdmission:
    """Admits requests: the sender is who it is, the wish never changes, decisions stay."""

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
        _refuse_administrators(attributes, wish)
        return stamped

    def admit_update(self, user: UserInfo, attributes: Attributes, old: JsonObject, obj: JsonObject) -> JsonObject:
        """Return `obj` with the spec of `old`; a status keeps its decisions, and needs the right to sign.

        Raises:
            Forbidden: certificate or conditions change, and the sender may not sign for the signer.
        """
        if attributes.subresource != "status":
            return {**obj, "spec": old["spec"]}
        before, after = read_object(old, "status"), read_object(obj, "status")
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
