"""Issue tokens of service accounts, bound to what asks for them.

Source: https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/ and
k8s.io/kubernetes/pkg/registry/core/serviceaccount/storage/token.go (v1.32).
"""

from datetime import timedelta
from typing import Final

import msgspec
from aiohttp import web

from kubecapy.apimachinery.errors import BadRequest, NotFound, StatusDetails, conflict, invalid, not_found
from kubecapy.apimachinery.meta import JsonObject, Value
from kubecapy.apimachinery.times import format_time
from kubecapy.apiserver.authentication.service_account_tokens import BoundObject, Claims, PrivateClaims, TokenSigner
from kubecapy.apiserver.authorization.node import node_name_of
from kubecapy.apiserver.authorization.wording import refused
from kubecapy.apiserver.interfaces import Attributes, ObjectReader, UserInfo
from kubecapy.apiserver.registry.access import read_text
from kubecapy.apiserver.registry.strategies.errors import invalid as invalid_field
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.apiserver.subresources.bodies import answer, read_spec
from kubecapy.clock import Clock

_GROUP: Final = "authentication.k8s.io"
_LEAST_SECONDS: Final = 600
_GREATEST_SECONDS: Final = 1 << 32
_PLURALS: Final = {("v1", "Pod"): "pods", ("v1", "Secret"): "secrets", ("v1", "Node"): "nodes"}


class BoundObjectReference(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the token lives and dies with."""

    kind: str = ""
    api_version: str = ""
    name: str = ""
    uid: str = ""


class TokenRequestSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What is asked for."""

    audiences: tuple[str, ...] = ()
    expiration_seconds: int = 3600
    bound_object_ref: BoundObjectReference | None = None


class TokenRequests:
    """Serves `serviceaccounts/token`."""

    def __init__(self, settings: ApiServerSettings, reader: ObjectReader, clock: Clock) -> None:
        """Read the signing key, where there is one."""
        key = settings.service_account_signing_key
        self._signer = TokenSigner(key.read_bytes()) if key is not None else None
        self._issuer = settings.service_account_issuer
        self._audience = settings.service_account_audience
        self._reader = reader
        self._clock = clock

    async def serve(
        self, _request: web.BaseRequest, user: UserInfo, attributes: Attributes, body: JsonObject | None
    ) -> JsonObject:
        """Answer a TokenRequest with a signed token and its end.

        Raises:
            NotFound: the account or the bound object is absent, or the server has no key to sign with.
            Conflict: the bound object is another of that name.
            Invalid, BadRequest, Forbidden: a field is wrong, or the object is none of the sender's.
        """
        if self._signer is None:
            raise NotFound("the server could not find the requested resource")
        spec = read_spec(body, "TokenRequest", TokenRequestSpec)
        _refuse_lifetime(spec.expiration_seconds)
        account = self._account(attributes)
        private = self._bind(spec.bound_object_ref, account, user, attributes)
        claims = self._claims(spec, private)
        ends = self._clock.now() + timedelta(seconds=spec.expiration_seconds)
        status = {"token": self._signer.sign(claims), "expirationTimestamp": format_time(ends)}
        filled: JsonObject = {
            **msgspec.to_builtins(spec),
            "audiences": list(claims.aud),
            "expirationSeconds": spec.expiration_seconds,
        }
        return answer({**(body or {}), "spec": filled}, f"{_GROUP}/v1", "TokenRequest", status)

    def _account(self, attributes: Attributes) -> JsonObject:
        account = self._reader.find("", "serviceaccounts", attributes.namespace, attributes.name)
        if account is None:
            raise not_found("serviceaccounts", attributes.name)
        return account

    def _claims(self, spec: TokenRequestSpec, private: PrivateClaims) -> Claims:
        now = int(self._clock.now().timestamp())
        return Claims(
            iss=self._issuer,
            sub=f"system:serviceaccount:{private.namespace}:{private.serviceaccount.name}",
            aud=spec.audiences or (self._audience,),
            exp=now + spec.expiration_seconds,
            iat=now,
            nbf=now,
            private=private,
        )

    def _bind(
        self, reference: BoundObjectReference | None, account: JsonObject, user: UserInfo, attributes: Attributes
    ) -> PrivateClaims:
        metadata = account["metadata"]
        claims = PrivateClaims(
            namespace=metadata["namespace"], serviceaccount=BoundObject(metadata["name"], metadata["uid"])
        )
        node = node_name_of(user)
        if node is not None and (reference is None or reference.kind != "Pod"):
            raise refused(attributes, f"node requested token not bound to a pod on node {node}")
        if reference is None:
            return claims
        plural = _PLURALS.get((reference.api_version or "v1", reference.kind))
        if plural is None:
            kind = f"{reference.api_version or 'v1'}/{reference.kind}"
            raise BadRequest(f"cannot bind token for serviceaccount to object of type {kind}")
        bound = self._bound_object(plural, reference, metadata["namespace"])
        if plural != "pods":
            return msgspec.structs.replace(claims, **{plural.removesuffix("s"): _name(bound)})
        if node is not None and bound["spec"].get("nodeName") != node:
            raise refused(attributes, f"node requested token bound to a pod scheduled on a different node than {node}")
        return self._bind_pod(claims, bound)

    def _bound_object(self, plural: str, reference: BoundObjectReference, namespace: str) -> JsonObject:
        place = "" if plural == "nodes" else namespace
        bound = self._reader.find("", plural, place, reference.name)
        if bound is None:
            raise not_found(plural, reference.name)
        uid = bound["metadata"]["uid"]
        if reference.uid and reference.uid != uid:
            why = (
                f"the UID in the bound object reference ({reference.uid}) does not match the UID in record. "
                "The object might have been deleted and then recreated"
            )
            raise conflict(plural, reference.name, why)
        return bound

    def _bind_pod(self, claims: PrivateClaims, pod: JsonObject) -> PrivateClaims:
        account = claims.serviceaccount.name
        if read_text(pod, "spec", "serviceAccountName") != account:
            raise BadRequest(
                f'cannot bind token for serviceaccount "{account}" to pod running with different serviceaccount name.',
                details=StatusDetails(name=account, kind="serviceaccounts"),
            )
        bound = msgspec.structs.replace(claims, pod=_name(pod))
        node = self._reader.find("", "nodes", "", pod["spec"].get("nodeName", ""))
        return msgspec.structs.replace(bound, node=_name(node)) if node is not None else bound


def _name(obj: JsonObject) -> BoundObject:
    return BoundObject(obj["metadata"]["name"], obj["metadata"]["uid"])


def _refuse_lifetime(seconds: int) -> None:
    problem = ""
    if seconds < _LEAST_SECONDS:
        problem = "may not specify a duration less than 10 minutes"
    elif seconds > _GREATEST_SECONDS:
        problem = "may not specify a duration larger than 2^32 seconds"
    if problem:
        raise invalid("TokenRequest", _GROUP, "", [invalid_field("spec.expirationSeconds", seconds, problem)])
