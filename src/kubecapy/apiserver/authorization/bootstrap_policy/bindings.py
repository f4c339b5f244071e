"""The bindings that always exist."""

from typing import Final

from kubecapy.api.rbac import API_VERSION, GROUP
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.authorization.bootstrap_policy.cluster_roles import BOOTSTRAP_LABELS

_BINDINGS: Final = (
    ("cluster-admin", (("Group", "system:masters"),)),
    ("system:basic-user", (("Group", "system:authenticated"),)),
    ("system:discovery", (("Group", "system:authenticated"),)),
    ("system:kube-controller-manager", (("User", "system:kube-controller-manager"),)),
    ("system:kube-scheduler", (("User", "system:kube-scheduler"),)),
    ("system:monitoring", (("Group", "system:monitoring"),)),
    # Kubelets are judged by the node authorizer; the binding stands for those who look for it.
    ("system:node", ()),
    ("system:node-proxier", (("User", "system:kube-proxy"),)),
    ("system:public-info-viewer", (("Group", "system:authenticated"), ("Group", "system:unauthenticated"))),
)


def cluster_role_bindings() -> list[JsonObject]:
    """Return the ClusterRoleBinding objects, each named as the role that it gives; fresh values on each call."""
    return [_render(name, subjects) for name, subjects in _BINDINGS]


def _render(name: str, subjects: tuple[tuple[str, str], ...]) -> JsonObject:
    return {
        "apiVersion": API_VERSION,
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name, "labels": dict(BOOTSTRAP_LABELS)},
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": GROUP, "kind": kind, "name": subject} for kind, subject in subjects],
    }
