"""Describe who may do what: roles and their bindings.

Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from kubecapy.apimachinery.meta import ObjectMeta, Value, always_written
from kubecapy.apimachinery.resources import Resource

GROUP: Final = "rbac.authorization.k8s.io"
API_VERSION: Final = f"{GROUP}/v1"


class PolicyRule(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Allows verbs on resources, or on URL paths."""

    verbs: tuple[str, ...]
    """`*` is every verb."""
    api_groups: tuple[str, ...] = ()
    """The empty string is the core group."""
    resources: tuple[str, ...] = ()
    """Plurals; `pods/log` is a subresource."""
    resource_names: tuple[str, ...] = ()
    """All names where empty."""
    non_resource_urls: tuple[str, ...] = msgspec.field(name="nonResourceURLs", default=())


class Subject(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Who is bound."""

    kind: str
    """User, Group or ServiceAccount."""
    name: str
    namespace: str = ""
    """Of a service account."""
    api_group: str = ""


class RoleRef(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The role that a binding gives; it cannot change."""

    api_group: str = GROUP
    kind: str
    name: str


class Role(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Rules for one namespace."""

    api_version: str = always_written(API_VERSION)
    kind: str = always_written("Role")
    metadata: ObjectMeta = ObjectMeta()
    rules: tuple[PolicyRule, ...] | None = None


class ClusterRole(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Rules for the whole cluster, or for a namespace by a RoleBinding."""

    api_version: str = always_written(API_VERSION)
    kind: str = always_written("ClusterRole")
    metadata: ObjectMeta = ObjectMeta()
    rules: tuple[PolicyRule, ...] | None = None
    aggregation_rule: Mapping[str, Any] | None = None


class RoleBinding(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Gives a role within one namespace."""

    api_version: str = always_written(API_VERSION)
    kind: str = always_written("RoleBinding")
    metadata: ObjectMeta = ObjectMeta()
    role_ref: RoleRef
    subjects: tuple[Subject, ...] = ()


class ClusterRoleBinding(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Gives a cluster role everywhere."""

    api_version: str = always_written(API_VERSION)
    kind: str = always_written("ClusterRoleBinding")
    metadata: ObjectMeta = ObjectMeta()
    role_ref: RoleRef
    subjects: tuple[Subject, ...] = ()


ROLES: Resource[Role] = Resource(GROUP, "v1", "Role", "roles", Role)
ROLE_BINDINGS: Resource[RoleBinding] = Resource(GROUP, "v1", "RoleBinding", "rolebindings", RoleBinding)
CLUSTER_ROLES: Resource[ClusterRole] = Resource(
    GROUP, "v1", "ClusterRole", "clusterroles", ClusterRole, namespaced=False
)
CLUSTER_ROLE_BINDINGS: Resource[ClusterRoleBinding] = Resource(
    GROUP, "v1", "ClusterRoleBinding", "clusterrolebindings", ClusterRoleBinding, namespaced=False
)
