"""Decide by group, by node and by role whether a sender may do what it asks for.

Order: administrators (group system:masters) may do everything, also when a role is broken; kubelets are judged as
nodes first and by roles then; everybody else by roles.
Source: https://kubernetes.io/docs/reference/access-authn-authz/authorization/.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from kubecapy.api.rbac import PolicyRule, RoleRef
from kubecapy.apiserver.authorization.bootstrap_policy.node_rules import NODE_RULES
from kubecapy.apiserver.authorization.bootstrap_policy.notation import paths, rule
from kubecapy.apiserver.authorization.node import NodeAuthorizer, node_name_of
from kubecapy.apiserver.authorization.policy import PolicyRules
from kubecapy.apiserver.authorization.rules import allows
from kubecapy.apiserver.authorization.wording import forbidden
from kubecapy.apiserver.interfaces import Attributes, ObjectReader, UserInfo

MASTERS: Final = "system:masters"
EVERYTHING: Final = (rule("*", "*", "*"), paths("*", "*"))


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
        if not self.is_allowed(user, attributes):
            raise forbidden(user, attributes, self._rules.missing_roles(user, attributes.namespace))

    def is_allowed(self, user: UserInfo, attributes: Attributes) -> bool:
        """Return whether `user` may do what `attributes` say."""
        if MASTERS in user.groups:
            return True
        node = node_name_of(user)
        if node is not None:
            if self._nodes.refuses(node, attributes):
                return False
            if self._nodes.allows(node, attributes):
                return True
        return any(allows(rule, attributes) for rule in self._rules.rules_of(user, attributes.namespace))

    def rules_of(self, user: UserInfo, namespace: str) -> Iterator[PolicyRule]:
        """Yield the rules that hold for `user` in `namespace`, for people to read; decisions are `authorize`'s."""
        if MASTERS in user.groups:
            yield from EVERYTHING
        if node_name_of(user) is not None:
            yield from NODE_RULES
        yield from (rule for rule in self._rules.rules_of(user, namespace) if rule not in EVERYTHING)

    def rules_of_role(self, role: RoleRef, namespace: str) -> Sequence[PolicyRule] | None:
        """Return the rules that a binding to `role` in `namespace` gives; None where the role is absent."""
        return self._rules.rules_of_role(role, namespace)
