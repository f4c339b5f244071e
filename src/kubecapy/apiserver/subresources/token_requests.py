"""Issue tokens of service accounts, bound to what asks for them.

Source: https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/ and
k8s.io/kubernetes/pkg/registry/core/serviceaccount/storage/token.go (v1.36).
"""

import uuid
from datetime import datetime, timedelta
from random import Random
from typing import Final

import msgspec
from aiohttp import web

from kubecapy.apimachinery.errors import BadRequest, NotFound, conflict, invalid, not_found
from kubecapy.apimachinery.json_codec import to_json_object
from kubecapy.apimachinery.meta import JsonObject, Value
from kubecapy.apimachinery.times import format_time
from kubecapy.apiserver.authentication.service_account_tokens import BoundObject, Claims, PrivateClaims, TokenSigner
from kubecapy.apiserver.authorization.node import node_name_of
from kubecapy.apiserver.authorization.wording import refused
from kubecapy.apiserver.interfaces import Attributes, ObjectReader, UserInfo
from kubecapy.apiserver.registry.access import read_text
from kubecapy.apiserver.registry.strategies.errors import invalid as invalid_field
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.apiserver.subresources.bodies import answer, read_metadata, read_spec
from kubecapy.clock import Clock

_GROUP: Final = "authentication.k8s.io"
_LEAST_SECONDS: Final = 600
_GREATEST_SECONDS: Final = 1 << 32
_PLURALS: Final = {"Pod": "pods", "Secret": "secrets", "Node": "nodes"}
_PODS_SECONDS: Final = 3607
"""What kubelets ask for where a pod says nothing; a client from before tokens expired may hold on to the token."""
_LENIENT_SECONDS: Final = 365 * 24 * 3600
"""How long such a token is good (ExpirationExtensionSeconds in k8s.io/kubernetes pkg/serviceaccount)."""


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

    def __init__(self, settings: ApiServerSettings, reader: ObjectReader, clock: Clock, random: Random) -> None:
        """Read the signing key, where there is one; `random` tells tokens apart."""
        key = settings.service_account_signing_key
        self._signer = TokenSigner(key.read_bytes()) if key is not None else None
        self._issuer = settings.service_account_issuer
        self._audience = settings.service_account_audience
        self._reader = reader
        self._clock = clock
        self._random = random

    async def serve(
        self, _request: web.BaseRequest, user: UserInfo, attributes: Attributes, body: JsonObject | None
    ) -> JsonObject:
        """Answer a TokenRequest with a signed token and its end.

        Raises:
            NotFound: the account or the bound object is absent, or the server has no key to sign with.
            Conflict: the account or the bound object is another of that name.
            Invalid, BadRequest, Forbidden: a field is wrong, or the object is none of the sender's.
        """
        if self._signer is None:
            raise NotFound("the server could not find the requested resource")
        metadata, spec = read_metadata(body), read_spec(body, "TokenRequest", TokenRequestSpec)
        _refuse_misnamed(metadata, attributes)
        account = self._account(attributes)
        _refuse_other(metadata, account)
        _refuse_lifetime(spec.expiration_seconds)
        private = self._bind(spec.bound_object_ref, account, user, attributes)
        now = self._clock.now()
        claims = self._claims(spec, private, now)
        ends = now + timedelta(seconds=spec.expiration_seconds)
        named = {name: account["metadata"][name] for name in ("name", "namespace", "uid")}
        reference = spec.bound_object_ref
        filled: JsonObject = {
            "metadata": {**metadata, **named, "creationTimestamp": format_time(now)},
            "spec": {
                "audiences": list(claims.aud),
                "expirationSeconds": spec.expiration_seconds,
                "boundObjectRef": None if reference is None else to_json_object(reference),
            },
        }
        status = {"token": self._signer.sign(claims), "expirationTimestamp": format_time(ends)}
        return answer(filled, f"{_GROUP}/v1", "TokenRequest", status)

    def _account(self, attributes: Attributes) -> JsonObject:
        account = self._reader.find("", "serviceaccounts", attributes.namespace, attributes.name)
        if account is None:
            raise not_found("serviceaccounts", attributes.name)
        return account

    def _claims(self, spec: TokenRequestSpec, private: PrivateClaims, now: datetime) -> Claims:
        begin, seconds = int(now.timestamp()), spec.expiration_seconds
        audiences = spec.audiences or (self._audience,)
        if private.pod is not None and seconds == _PODS_SECONDS and set(audiences) == {self._audience}:
            private = msgspec.structs.replace(private, warnafter=begin + seconds)
            seconds = _LENIENT_SECONDS
        return Claims(
            iss=self._issuer,
            sub=f"system:serviceaccount:{private.namespace}:{private.serviceaccount.name}",
            aud=audiences,
            exp=begin + seconds,
            iat=begin,
            nbf=begin,
            jti=str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
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
        group, _, version = reference.api_version.rpartition("/")
        plural = _PLURALS.get(reference.kind) if not group else None
        if plural is None:
            raise BadRequest(f"cannot bind token to object of type {group}/{version}, Kind={reference.kind}")
        bound = self._bound_object(plural, reference, metadata["namespace"])
        if plural == "pods":
            _refuse_account_of_other(bound, claims.serviceaccount.name)
        _refuse_other_uid(reference, bound)
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
        return bound

    def _bind_pod(self, claims: PrivateClaims, pod: JsonObject) -> PrivateClaims:
        bound = msgspec.structs.replace(claims, pod=_name(pod))
        node_name = read_text(pod, "spec", "nodeName")
        if not node_name:
            return bound
        node = self._reader.find("", "nodes", "", node_name)
        return msgspec.structs.replace(bound, node=BoundObject(node_name) if node is None else _name(node))


def _name(obj: JsonObject) -> BoundObject:
    return BoundObject(obj["metadata"]["name"], obj["metadata"]["uid"])


def _refuse_misnamed(metadata: JsonObject, attributes: Attributes) -> None:
    if metadata.get("namespace", attributes.namespace) != attributes.namespace:
        raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")
    name = metadata.get("name") or attributes.name
    if name != attributes.name:
        problem = invalid_field("metadata.name", name, "must match the service account name if specified")
        raise invalid("TokenRequest", _GROUP, attributes.name, [problem])


def _refuse_other(metadata: JsonObject, account: JsonObject) -> None:
    name, uid = account["metadata"]["name"], account["metadata"]["uid"]
    asked = metadata.get("uid") or uid
    if asked != uid:
        why = f"the UID in the token request ({asked}) does not match the UID of the service account ({uid})"
        raise conflict(f"TokenRequest.{_GROUP}", name, why)


def _refuse_account_of_other(pod: JsonObject, account: str) -> None:
    if read_text(pod, "spec", "serviceAccountName") != account:
        raise BadRequest(
            f'cannot bind token for serviceaccount "{account}" to pod running with different serviceaccount name.'
        )


def _refuse_other_uid(reference: BoundObjectReference, bound: JsonObject) -> None:
    if reference.uid and reference.uid != bound["metadata"]["uid"]:
        why = (
            f"the UID in the bound object reference ({reference.uid}) does not match the UID in record. "
            "The object might have been deleted and then recreated"
        )
        raise conflict(reference.kind, reference.name, why)


def _refuse_lifetime(seconds: int) -> None:
    problem = ""
    if seconds < _LEAST_SECONDS:
        problem = "may not specify a duration less than 10 minutes"
    elif seconds > _GREATEST_SECONDS:
        problem = "may not specify a duration larger than 2^32 seconds"
    if problem:
        raise invalid("TokenRequest", _GROUP, "", [invalid_field("spec.expirationSeconds", seconds, problem)])
