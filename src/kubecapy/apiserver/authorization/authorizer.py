"""Decide by group, by node and by role whether a sender may do what it asks for.

Order: administrators (group system:masters) may do everything, also when a role is broken; kubelets are judged as
nodes first and by roles then; everybody else by roles.
Source: https://kubernetes.io/docs/reference/access-authn-authz/authorization/.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from kubecapy.api.rbac import PolicyRule, RoleRef
from kubecapy.apiserver.authorization.node import NodeAuthorizer, node_name_of
from kubecapy.apiserver.authorization.policy import PolicyRules
from kubecapy.apiserver.authorization.rules import allows
from kubecapy.apiserver.authorization.wording import forbidden, joined
from kubecapy.apiserver.interfaces import Attributes, ObjectReader, UserInfo

MASTERS: Final = "system:masters"


class Decision(msgspec.Struct, frozen=True):
    """Whether a request is allowed, and why."""

    is_allowed: bool
    reason: str = ""
    """The rule that allows it, or what is known to be missing; often empty."""


class Authorizer:
    """Judges requests by the roles and bindings that are stored."""

    def __init__(self, reader: ObjectReader) -> None:
        """Read roles, bindings and pods through `reader`."""
        self._rules = PolicyRules(reader)
        self._nodes = NodeAuthorizer(reader)

    def authorize(self, user: UserInfo, attributes: Attributes) -> None:
        """Return where `user` may do what `attributes` say.

        Raises:
            Forbidden: it may not; the message names user, verb, resource and place.
        """
        decision = self.decide(user, attributes)
        if not decision.is_allowed:
            raise forbidden(user, attributes, decision.reason)

    def is_allowed(self, user: UserInfo, attributes: Attributes) -> bool:
        """Return whether `user` may do what `attributes` say."""
        return self.decide(user, attributes).is_allowed

    def decide(self, user: UserInfo, attributes: Attributes) -> Decision:
        """Return whether `user` may do what `attributes` say, and why, in the API server's words."""
        if MASTERS in user.groups:
            return Decision(is_allowed=True)
        node = node_name_of(user)
        if node is not None:
            if self._nodes.refuses(node, attributes):
                return Decision(is_allowed=False)
            if self._nodes.allows(node, attributes):
                return Decision(is_allowed=True)
        return self._decide_by_roles(user, attributes)

    def _decide_by_roles(self, user: UserInfo, attributes: Attributes) -> Decision:
        for rule, source in self._rules.rules_of(user, attributes.namespace):
            if allows(rule, attributes):
                return Decision(is_allowed=True, reason=f"RBAC: allowed by {source}")
        missing = self._rules.missing_roles(user, attributes.namespace)
        return Decision(is_allowed=False, reason=f"RBAC: {joined(missing)}" if missing else "")

    def rules_of(self, user: UserInfo, namespace: str) -> Iterator[PolicyRule]:
        """Yield the rules that roles give `user` in `namespace`; what kubelets may do besides is in no rule."""
        return (rule for rule, _source in self._rules.rules_of(user, namespace))

    def why_incomplete(self, user: UserInfo, namespace: str) -> str:
        """Return why `rules_of` is not all that holds for `user`; empty where it is."""
        missing = self._rules.missing_roles(user, namespace)
        kubelet = ["node authorizer does not support user rule resolution"] if node_name_of(user) is not None else []
        return joined([*kubelet, *missing])

    def rules_of_role(self, role: RoleRef, namespace: str) -> Sequence[PolicyRule] | None:
        """Return the rules that a binding to `role` in `namespace` gives; None where the role is absent."""
        return self._rules.rules_of_role(role, namespace)
