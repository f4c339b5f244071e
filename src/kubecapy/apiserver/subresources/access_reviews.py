"""Answer who may do what, without doing it.

Source: https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access and
k8s.io/kubernetes pkg/registry/authorization (v1.36).
"""

from collections.abc import Iterable
from typing import Final

import msgspec
from aiohttp import web

from kubecapy.apimachinery.errors import BadRequest, invalid
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.json_codec import to_json_object
from kubecapy.apimachinery.meta import JsonObject, Value
from kubecapy.apiserver.authorization import Authorizer
from kubecapy.apiserver.authorization.node import node_name_of
from kubecapy.apiserver.interfaces import Attributes, UserInfo
from kubecapy.apiserver.subresources.access_specs import (
    AccessSpec,
    SelfAccessSpec,
    check_local,
    check_metadata,
    check_spec,
)
from kubecapy.apiserver.subresources.bodies import answer, read_metadata, read_spec

GROUP: Final = "authorization.k8s.io"
_API_VERSION: Final = f"{GROUP}/v1"


class RulesSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Where the rules are asked for."""

    namespace: str = ""


class AccessReviews:
    """Answers access reviews out of the authorizer's own decisions."""

    def __init__(self, authorizer: Authorizer) -> None:
        """Ask `authorizer`."""
        self._authorizer = authorizer

    async def review_self(
        self, _request: web.BaseRequest, user: UserInfo, _attributes: Attributes, body: JsonObject | None
    ) -> JsonObject:
        """Answer a SelfSubjectAccessReview: may the sender do this?"""
        kind = "SelfSubjectAccessReview"
        spec, metadata = read_spec(body, kind, SelfAccessSpec), read_metadata(body)
        _refuse([*check_spec(spec), *check_metadata(metadata)])
        return self._answer(kind, metadata, spec, user)

    async def review_subject(
        self, _request: web.BaseRequest, _user: UserInfo, _attributes: Attributes, body: JsonObject | None
    ) -> JsonObject:
        """Answer a SubjectAccessReview: may somebody do this?"""
        kind = "SubjectAccessReview"
        spec, metadata = read_spec(body, kind, AccessSpec), read_metadata(body)
        _refuse([*check_spec(spec), *check_metadata(metadata)])
        return self._answer(kind, metadata, spec, _subject(spec))

    async def review_subject_locally(
        self, _request: web.BaseRequest, _user: UserInfo, attributes: Attributes, body: JsonObject | None
    ) -> JsonObject:
        """Answer a LocalSubjectAccessReview: may somebody do this in the namespace of the request?"""
        kind, namespace = "LocalSubjectAccessReview", attributes.namespace
        spec, metadata = read_spec(body, kind, AccessSpec), read_metadata(body)
        if metadata.get("namespace", namespace) != namespace:
            raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")
        metadata = {**metadata, "namespace": namespace}
        _refuse([*check_spec(spec), *check_local(metadata, spec, namespace)])
        return self._answer(kind, metadata, spec, _subject(spec))

    async def review_own_rules(
        self, _request: web.BaseRequest, user: UserInfo, _attributes: Attributes, body: JsonObject | None
    ) -> JsonObject:
        """Answer a SelfSubjectRulesReview: what may the sender do in a namespace?"""
        kind = "SelfSubjectRulesReview"
        namespace = read_spec(body, kind, RulesSpec).namespace
        if not namespace:
            raise BadRequest("no namespace on request")
        rules = [msgspec.to_builtins(rule) for rule in self._authorizer.rules_of(user, namespace)]
        status: JsonObject = {
            "resourceRules": [rule for rule in rules if rule.get("resources")],
            "nonResourceRules": [rule for rule in rules if rule.get("nonResourceURLs")],
            "incomplete": node_name_of(user) is not None,
        }
        why = self._authorizer.why_incomplete(user, namespace)
        if why:
            status["evaluationError"] = why
        # What was asked is not told again; kube-apiserver answers with a new object.
        return answer({}, _API_VERSION, kind, status) | {"spec": {}}

    def _answer(self, kind: str, metadata: JsonObject, spec: SelfAccessSpec, user: UserInfo) -> JsonObject:
        decision = self._authorizer.decide(user, _asked(spec))
        status: JsonObject = {"allowed": decision.is_allowed}
        if decision.reason:
            status["reason"] = decision.reason
        return answer({"metadata": metadata, "spec": to_json_object(spec)}, _API_VERSION, kind, status)


def _refuse(errors: Iterable[FieldError]) -> None:
    """Raise Invalid where there are errors, without a kind: kube-apiserver has none at hand where it says so."""
    listed = list(errors)
    if listed:
        raise invalid("", GROUP, "", listed)


def _asked(spec: SelfAccessSpec) -> Attributes:
    resource, path = spec.resource_attributes, spec.non_resource_attributes
    if resource is None:
        return Attributes(verb=path.verb, path=path.path) if path is not None else Attributes(verb="")
    return Attributes(
        verb=resource.verb,
        group=resource.group,
        version=resource.version,
        resource=resource.resource,
        subresource=resource.subresource,
        namespace=resource.namespace,
        name=resource.name,
    )


def _subject(spec: AccessSpec) -> UserInfo:
    return UserInfo(name=spec.user, uid=spec.uid, groups=spec.groups, extra=spec.extra or {})
