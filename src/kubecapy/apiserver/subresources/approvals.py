"""Approve and deny certificate signing requests.

Source: k8s.io/kubernetes/pkg/registry/certificates/certificates/strategy.go and the admission plugin
CertificateApproval (v1.32): only conditions change, a decision stays, and the sender needs the verb `approve` on the
signer.
"""

from collections.abc import Iterator
from typing import Final

from aiohttp import web

from kubecapy.api.certificates import CertificateSigningRequest, CertificateSigningRequestCondition
from kubecapy.apimachinery.errors import BadRequest, Forbidden, MethodNotAllowed, invalid, not_found
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.json_codec import DecodeError, convert, to_json_object
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.times import format_time
from kubecapy.apiserver.admission.signers import may_use_signer
from kubecapy.apiserver.authorization import Authorizer
from kubecapy.apiserver.authorization.wording import refused
from kubecapy.apiserver.interfaces import Attributes, ObjectReader, ObjectWriter, UserInfo
from kubecapy.apiserver.registry.strategies.errors import forbidden, not_supported
from kubecapy.apiserver.registry.strategies.errors import invalid as invalid_field
from kubecapy.clock import Clock

GROUP: Final = "certificates.k8s.io"
PLURAL: Final = "certificatesigningrequests"
_DECISIONS: Final = ("Approved", "Denied")
_LASTING: Final = (*_DECISIONS, "Failed")
"""Conditions that are True or not there, and never go."""


class Approvals:
    """Serves `certificatesigningrequests/approval`."""

    def __init__(self, reader: ObjectReader, writer: ObjectWriter, authorizer: Authorizer, clock: Clock) -> None:
        """Read and write requests; ask `authorizer` who may approve for a signer."""
        self._reader = reader
        self._writer = writer
        self._authorizer = authorizer
        self._clock = clock

    async def serve(
        self, request: web.BaseRequest, user: UserInfo, attributes: Attributes, body: JsonObject | None
    ) -> JsonObject:
        """Answer a read with the request, and a replacement or patch with what was decided.

        Raises:
            NotFound, Conflict, Invalid, BadRequest: as for any update.
            Forbidden: the sender may not approve for this signer.
        """
        old = self._reader.find(GROUP, PLURAL, "", attributes.name)
        if old is None:
            raise not_found(f"{PLURAL}.{GROUP}", attributes.name)
        if request.method == "GET":
            return old
        if request.method not in ("PUT", "PATCH") or body is None:
            raise MethodNotAllowed("the server does not allow this method on the requested resource")
        self._refuse_stranger(user, attributes, old)
        new = _read(body)
        decided = {**old, "status": {**old.get("status", {}), "conditions": self._decide(_read(old), new)}}
        # The sender's revision decides whether it saw what it judged; without one it judges what is stored.
        revision = new.metadata.resource_version or old["metadata"]["resourceVersion"]
        decided["metadata"] = {**old["metadata"], "resourceVersion": revision}
        return await self._writer.update(GROUP, PLURAL, decided, subresource="status")

    def _refuse_stranger(self, user: UserInfo, attributes: Attributes, old: JsonObject) -> None:
        signer = old["spec"].get("signerName", "")
        if not may_use_signer(self._authorizer, user, "approve", signer):
            raise _not_permitted(attributes, signer)

    def _decide(self, old: CertificateSigningRequest, new: CertificateSigningRequest) -> list[JsonObject]:
        """Return the new conditions with their times filled in; what was decided stays decided."""
        errors = [*_condition_errors(new), *_removal_errors(old, new)]
        if errors:
            raise invalid("CertificateSigningRequest", GROUP, old.metadata.name, errors)
        return [self._stamped(condition) for condition in new.status.conditions]

    def _stamped(self, condition: CertificateSigningRequestCondition) -> JsonObject:
        now = format_time(self._clock.now())
        stamped = to_json_object(condition)
        return {**stamped, "status": condition.status} | {
            "lastUpdateTime": condition.last_update_time or now,
            "lastTransitionTime": condition.last_transition_time or now,
        }


def _condition_errors(request: CertificateSigningRequest) -> Iterator[FieldError]:
    types = [condition.type for condition in request.status.conditions]
    for index, condition in enumerate(request.status.conditions):
        if condition.type in _LASTING and condition.status != "True":
            yield not_supported(f"status.conditions[{index}].status", condition.status, ("True",))
        if condition.type in _DECISIONS and {*_DECISIONS} <= {*types[: index + 1]}:
            why = "Approved and Denied conditions are mutually exclusive"
            yield invalid_field("status.conditions", condition.type, why)


def _removal_errors(old: CertificateSigningRequest, new: CertificateSigningRequest) -> Iterator[FieldError]:
    before, after = ({condition.type for condition in request.status.conditions} for request in (old, new))
    for type_ in _LASTING:
        if type_ in before - after:
            yield forbidden("status.conditions", f'updates may not remove a condition of type "{type_}"')


def _read(obj: JsonObject) -> CertificateSigningRequest:
    try:
        return convert(obj, CertificateSigningRequest)
    except DecodeError as error:
        raise BadRequest(f"CertificateSigningRequest cannot be handled: {error}") from error


def _not_permitted(attributes: Attributes, signer: str) -> Forbidden:
    return refused(attributes, f'user not permitted to approve requests with signerName "{signer}"')
