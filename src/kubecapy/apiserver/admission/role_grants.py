"""Keep people from granting what they do not hold.

Whoever writes a role must hold its rules or the verb `escalate`, and everything where the role collects those of
others; whoever writes a binding must hold the rules of its role or the verb `bind`. Source:
https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, TypeVar

import msgspec

from kubecapy.api import rbac
from kubecapy.api.rbac import PolicyRule, RoleRef
from kubecapy.apimachinery.errors import BadRequest, not_found
from kubecapy.apimachinery.json_codec import DecodeError, convert
from kubecapy.apimachinery.meta import JsonObject, Value
from kubecapy.apiserver.authorization import Authorizer
from kubecapy.apiserver.authorization.rules import allows
from kubecapy.apiserver.authorization.wording import refused
from kubecapy.apiserver.interfaces import Attributes, UserInfo
from kubecapy.apiserver.registry.access import read_text

T = TypeVar("T")

_EVERY_RESOURCE = Attributes(verb="*", group="*", resource="*")
_EVERY_PATH = Attributes(verb="*", path="*")


class _Role(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What counts of a role."""

    rules: tuple[PolicyRule, ...] | None = None
    aggregation_rule: Mapping[str, Any] | None = None  # Any: a JSON value


class _Binding(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What counts of a binding."""

    role_ref: RoleRef


class RoleAdmission:
    """Admits roles whose rules the sender holds."""

    def __init__(self, authorizer: Authorizer) -> None:
        """Ask `authorizer` what the sender holds."""
        self._authorizer = authorizer

    def admit_create(self, user: UserInfo, attributes: Attributes, obj: JsonObject) -> JsonObject:
        """Return `obj`; Forbidden where it would grant more than the sender holds."""
        named = _named(attributes, obj)
        if self._authorizer.is_allowed(user, msgspec.structs.replace(named, verb="escalate")):
            return obj
        role = _read(obj, _Role)
        if role.aggregation_rule is not None and not all(
            self._authorizer.is_allowed(user, every) for every in (_EVERY_RESOURCE, _EVERY_PATH)
        ):
            raise refused(named, "must have cluster-admin privileges to use the aggregationRule")
        _refuse_more(self._authorizer, user, named, role.rules or ())
        return obj

    def admit_update(self, user: UserInfo, attributes: Attributes, old: JsonObject, obj: JsonObject) -> JsonObject:
        """Return `obj`; Forbidden where rules change to more than the sender holds."""
        if _read(old, _Role) == _read(obj, _Role):
            return obj
        return self.admit_create(user, attributes, obj)


class BindingAdmission:
    """Admits bindings to roles whose rules the sender holds."""

    def __init__(self, authorizer: Authorizer) -> None:
        """Ask `authorizer` what the sender holds, and what the role gives."""
        self._authorizer = authorizer

    def admit_create(self, user: UserInfo, attributes: Attributes, obj: JsonObject) -> JsonObject:
        """Return `obj`; Forbidden where it grants more than the sender holds, NotFound where the role is absent."""
        role = _read(obj, _Binding).role_ref
        if self._authorizer.is_allowed(user, _binding_of(role, attributes)):
            return obj
        rules = self._authorizer.rules_of_role(role, attributes.namespace)
        if rules is None:
            # The kind is the binding's, though it is the role that is absent: so says kube-apiserver.
            raise not_found(f"{attributes.resource}.{rbac.GROUP}", role.name)
        _refuse_more(self._authorizer, user, _named(attributes, obj), rules)
        return obj

    def admit_update(self, user: UserInfo, attributes: Attributes, old: JsonObject, obj: JsonObject) -> JsonObject:
        """Return `obj`; Forbidden where it changes and would grant more than the sender holds."""
        if all(old.get(part) == obj.get(part) for part in ("roleRef", "subjects")):
            return obj
        return self.admit_create(user, attributes, obj)


def _binding_of(role: RoleRef, attributes: Attributes) -> Attributes:
    plural = "clusterroles" if role.kind == "ClusterRole" else "roles"
    return msgspec.structs.replace(attributes, verb="bind", resource=plural, subresource="", name=role.name)


def _named(attributes: Attributes, obj: JsonObject) -> Attributes:
    """Return `attributes` with the object's name, which the URL of a creation does not carry."""
    return msgspec.structs.replace(attributes, name=read_text(obj, "metadata", "name") or attributes.name)


def _refuse_more(authorizer: Authorizer, user: UserInfo, attributes: Attributes, rules: Iterable[PolicyRule]) -> None:
    held = tuple(authorizer.rules_of(user, attributes.namespace))
    single = [each for rule in rules for each in _single(rule)]
    missing = [each for each in single if not any(allows(own, each) for own in held)]
    if not missing:
        return
    listed = "\n".join(sorted({_describe(rule) for rule in _compact(missing)}))
    who = f'user "{user.name}" (groups=[{_quoted(user.groups)}])'
    raise refused(attributes, f"{who} is attempting to grant RBAC permissions not currently held:\n{listed}")


def _single(rule: PolicyRule) -> Iterator[Attributes]:
    """Yield every single request that `rule` allows; `*` is covered by `*` alone."""
    for verb, group, resource, name in product(
        rule.verbs, rule.api_groups, rule.resources, rule.resource_names or ("",)
    ):
        plural, _, subresource = resource.partition("/")
        yield Attributes(verb=verb, group=group, resource=plural, subresource=subresource, name=name)
    for verb, path in product(rule.verbs, rule.non_resource_urls):
        yield Attributes(verb=verb, path=path)


def _compact(requests: Iterable[Attributes]) -> Iterator[PolicyRule]:
    """Yield one rule for each resource with all its verbs, and one for each verb on a path, as refusals list them.

    Source: k8s.io/kubernetes pkg/registry/rbac/validation/policy_compact.go (v1.36).
    """
    verbs: dict[tuple[str, str, str], list[str]] = {}
    for each in requests:
        if each.path:
            yield PolicyRule(verbs=(each.verb,), non_resource_urls=(each.path,))
            continue
        resource = f"{each.resource}/{each.subresource}" if each.subresource else each.resource
        verbs.setdefault((each.group, resource, each.name), []).append(each.verb)
    for (group, resource, name), listed in verbs.items():
        names = (name,) if name else ()
        yield PolicyRule(verbs=tuple(listed), api_groups=(group,), resources=(resource,), resource_names=names)


def _describe(rule: PolicyRule) -> str:
    parts = (
        ("APIGroups", rule.api_groups),
        ("Resources", rule.resources),
        ("ResourceNames", rule.resource_names),
        ("NonResourceURLs", rule.non_resource_urls),
        ("Verbs", rule.verbs),
    )
    return "{" + ", ".join(f"{name}:[{_quoted(values)}]" for name, values in parts if values) + "}"


def _quoted(values: Iterable[str]) -> str:
    return " ".join(f'"{value}"' for value in values)


def _read(obj: JsonObject, type_: type[T]) -> T:
    try:
        return convert(obj, type_)
    except DecodeError as error:
        raise BadRequest(f"the object cannot be handled: {error}") from error
