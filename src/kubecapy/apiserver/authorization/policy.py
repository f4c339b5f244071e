"""Find the rules that hold for a user, from the stored roles and bindings.

What is read is indexed once and kept until one of the four kinds changes. A stored object that cannot be read grants
nothing.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from kubecapy.api import rbac
from kubecapy.api.rbac import ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject
from kubecapy.apimachinery.json_codec import DecodeError, convert
from kubecapy.apiserver.authorization.aggregation import aggregated_rules
from kubecapy.apiserver.interfaces import ObjectReader, UserInfo

T = TypeVar("T")

_KINDS: Final = ("roles", "rolebindings", "clusterroles", "clusterrolebindings")

_Key = tuple[str, str]
"""Kind of a subject and its name as users and groups carry it."""


class Grant(msgspec.Struct, frozen=True):
    """What one binding gives to one of its subjects."""

    namespace: str
    """Where it holds; empty for everywhere."""
    role: RoleRef
    binding: int
    """Place among the bindings: those for everywhere come first."""
    subject: int
    """Place among the subjects of the binding."""
    source: str
    """Binding, role and subject as access reviews name them."""


class PolicyRules:
    """Answers which rules hold for a user in a namespace."""

    def __init__(self, reader: ObjectReader) -> None:
        """Read through `reader`, on first use and after changes."""
        self._reader = reader
        self._revisions: tuple[int, ...] = ()
        self._index = _Index([], [], [], [])

    def rules_of(self, user: UserInfo, namespace: str) -> Iterator[tuple[PolicyRule, str]]:
        """Yield the rules that hold for `user` in `namespace` (empty: cluster scope and paths), and whence each is."""
        index = self._refresh()
        for grant in index.grants_of(user, namespace):
            for rule in index.rules_of_role(grant.role, grant.namespace) or ():
                yield rule, grant.source

    def missing_roles(self, user: UserInfo, namespace: str) -> list[str]:
        """Return, in the API server's words, the roles that bindings of `user` name but that do not exist."""
        index = self._refresh()
        missing = {
            grant.role
            for grant in index.grants_of(user, namespace)
            if index.rules_of_role(grant.role, grant.namespace) is None
        }
        return sorted(f'{role.kind.lower()}.{rbac.GROUP} "{role.name}" not found' for role in missing)

    def rules_of_role(self, role: RoleRef, namespace: str) -> Sequence[PolicyRule] | None:
        """Return the rules that a binding to `role` in `namespace` would give; None where the role is absent."""
        return self._refresh().rules_of_role(role, namespace)

    def _refresh(self) -> "_Index":
        revisions = tuple(self._reader.revision(rbac.GROUP, plural) for plural in _KINDS)
        if revisions != self._revisions:
            self._index = _Index(
                self._read("roles", Role),
                self._read("rolebindings", RoleBinding),
                self._read("clusterroles", ClusterRole),
                self._read("clusterrolebindings", ClusterRoleBinding),
            )
            self._revisions = revisions
        return self._index

    def _read(self, plural: str, type_: type[T]) -> list[T]:
        read: list[T] = []
        for obj in self._reader.list(rbac.GROUP, plural):
            try:
                read.append(convert(obj, type_))
            except DecodeError:
                # A malformed role or binding must not keep everybody else from working.
                continue
        return read


class _Index:
    """Roles by name and grants by subject, as of one moment."""

    def __init__(
        self,
        roles: Sequence[Role],
        role_bindings: Sequence[RoleBinding],
        cluster_roles: Sequence[ClusterRole],
        cluster_role_bindings: Sequence[ClusterRoleBinding],
    ) -> None:
        self._roles = {(role.metadata.namespace, role.metadata.name): role.rules or () for role in roles}
        self._cluster_roles = {role.metadata.name: aggregated_rules(role, cluster_roles) for role in cluster_roles}
        self._grants: Mapping[_Key, list[Grant]] = defaultdict(list)
        bindings: list[ClusterRoleBinding | RoleBinding] = [*cluster_role_bindings, *role_bindings]
        for place, binding in enumerate(bindings):
            for subject_place, subject in enumerate(binding.subjects):
                grant = Grant(
                    namespace=binding.metadata.namespace,
                    role=binding.role_ref,
                    binding=place,
                    subject=subject_place,
                    source=_describe(binding, subject),
                )
                self._grants[_key_of(subject)].append(grant)

    def grants_of(self, user: UserInfo, namespace: str) -> Iterator[Grant]:
        """Yield what the bindings give, in their order; each counts once, for the first subject that `user` is."""
        keys = [("User", user.name), *(("Group", group) for group in user.groups)]
        grants = [grant for key in keys for grant in self._grants.get(key, ()) if grant.namespace in ("", namespace)]
        grants.sort(key=lambda grant: (grant.binding, grant.subject))
        last = -1
        for grant in grants:
            if grant.binding != last:
                yield grant
            last = grant.binding

    def rules_of_role(self, role: RoleRef, namespace: str) -> Sequence[PolicyRule] | None:
        if role.kind == "ClusterRole":
            return self._cluster_roles.get(role.name)
        return self._roles.get((namespace, role.name))


def _describe(binding: ClusterRoleBinding | RoleBinding, subject: Subject) -> str:
    """Name a grant as k8s.io/kubernetes pkg/registry/rbac/validation/rule.go does (v1.36)."""
    name, namespace = binding.metadata.name, binding.metadata.namespace
    kind = "RoleBinding" if namespace else "ClusterRoleBinding"
    place = f"{name}/{namespace}" if namespace else name
    who = subject.name
    if subject.kind == "ServiceAccount":
        who = f"{who}/{subject.namespace or namespace}"
    return f'{kind} "{place}" of {binding.role_ref.kind} "{binding.role_ref.name}" to {subject.kind} "{who}"'


def _key_of(subject: Subject) -> _Key:
    """Service accounts are users of a made-up name."""
    if subject.kind == "ServiceAccount":
        return "User", f"system:serviceaccount:{subject.namespace}:{subject.name}"
    return subject.kind, subject.name
