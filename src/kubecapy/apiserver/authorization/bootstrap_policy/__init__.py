"""The objects that every API server has from its first start: namespaces, cluster roles, bindings.

Source: k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy (v1.32), reduced to the kinds served here.
"""

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.authorization.bootstrap_policy.bindings import cluster_role_bindings
from kubecapy.apiserver.authorization.bootstrap_policy.cluster_roles import cluster_roles
from kubecapy.apiserver.authorization.bootstrap_policy.namespaces import namespaces

__all__ = ["objects"]


def objects() -> list[tuple[str, str, JsonObject]]:
    """Return group, plural and object, in the order of creation; fresh values on each call."""
    rbac = "rbac.authorization.k8s.io"
    return [
        *(("", "namespaces", namespace) for namespace in namespaces()),
        *((rbac, "clusterroles", role) for role in cluster_roles()),
        *((rbac, "clusterrolebindings", binding) for binding in cluster_role_bindings()),
    ]
