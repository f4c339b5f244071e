"""Answer who may do what, without doing it.

Source: https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from aiohttp import web

from kubecapy.apimachinery.errors import BadRequest, invalid
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject, Value
from kubecapy.apiserver.authorization import Authorizer
from kubecapy.apiserver.interfaces import Attributes, UserInfo
from kubecapy.apiserver.subresources.bodies import answer, read_spec

GROUP: Final = "authorization.k8s.io"
_API_VERSION: Final = f"{GROUP}/v1"


class ResourceAttributes(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A request for a resource; `*` stands for all."""

    namespace: str = ""
    verb: str = ""
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""


class NonResourceAttributes(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A request for a path."""

    path: str = ""
    verb: str = ""


class AccessSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What is asked, and about whom; reviews of oneself leave the second out."""

    resource_attributes: ResourceAttributes | None = None
    non_resource_attributes: NonResourceAttributes | None = None
    user: str = ""
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] | None = None


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
        return self._answer(body, kind, user, _asked(read_spec(body, kind, AccessSpec), kind))

    async def review_subject(
        self, _request: web.BaseRequest, _user: UserInfo, _attributes: Attributes, body: JsonObject | None
    ) -> JsonObject:
        """Answer a SubjectAccessReview: may somebody do this?"""
        kind = "SubjectAccessReview"
        spec = read_spec(body, kind, AccessSpec)
        return self._answer(body, kind, _subject(spec, kind), _asked(spec, kind))

    async def review_subject_locally(
        self, _request: web.BaseRequest, _user: UserInfo, attributes: Attributes, body: JsonObject | None
    ) -> JsonObject:
        """Answer a LocalSubjectAccessReview: may somebody do this in the namespace of the request?"""
        kind = "LocalSubjectAccessReview"
        spec = read_spec(body, kind, AccessSpec)
        if spec.resource_attributes is None or spec.resource_attributes.namespace != attributes.namespace:
            detail = f'Invalid value: must be the namespace of the request, "{attributes.namespace}"'
            path = "spec.resourceAttributes.namespace"
            raise invalid(kind, GROUP, "", [FieldError(path, "FieldValueInvalid", detail)])
        return self._answer(body, kind, _subject(spec, kind), _asked(spec, kind))

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
            "incomplete": False,
        }
        return answer(body, _API_VERSION, kind, status)

    def _answer(self, body: JsonObject | None, kind: str, user: UserInfo, asked: Attributes) -> JsonObject:
        allowed = self._authorizer.is_allowed(user, asked)
        return answer(body, _API_VERSION, kind, {"allowed": allowed})


def _asked(spec: AccessSpec, kind: str) -> Attributes:
    resource, path = spec.resource_attributes, spec.non_resource_attributes
    if (resource is None) == (path is None):
        detail = "Invalid value: exactly one of nonResourceAttributes or resourceAttributes must be specified"
        raise invalid(kind, GROUP, "", [FieldError("spec.resourceAttributes", "FieldValueInvalid", detail)])
    if path is not None:
        return Attributes(verb=path.verb, path=path.path)
    fields = msgspec.structs.asdict(resource) if resource is not None else {}
    return Attributes(**fields)


def _subject(spec: AccessSpec, kind: str) -> UserInfo:
    if not spec.user and not spec.groups:
        detail = "Invalid value: at least one of user or group must be specified"
        raise invalid(kind, GROUP, "", [FieldError("spec.user", "FieldValueInvalid", detail)])
    return UserInfo(name=spec.user, uid=spec.uid, groups=spec.groups, extra=spec.extra or {})
