"""What a kubelet does; what it may not do to others is judged apart.

Source: NodeRules in k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go (v1.32).
"""

from typing import Final

from kubecapy.api.rbac import PolicyRule
from kubecapy.apiserver.authorization.bootstrap_policy.notation import CHANGE, READ, rule

NODE_RULES: Final[tuple[PolicyRule, ...]] = (
    rule("create", "authentication.k8s.io", "tokenreviews"),
    rule("create", "authorization.k8s.io", "subjectaccessreviews localsubjectaccessreviews"),
    rule(READ, "", "services"),
    rule(f"create {READ} {CHANGE}", "", "nodes"),
    rule(CHANGE, "", "nodes/status"),
    rule(f"create {CHANGE}", "", "events"),
    rule(f"create {CHANGE}", "events.k8s.io", "events"),
    rule(f"create delete {READ}", "", "pods"),
    rule(CHANGE, "", "pods/status"),
    rule("create", "", "pods/eviction"),
    rule(READ, "", "secrets configmaps"),
    rule("get", "", "endpoints persistentvolumeclaims persistentvolumes"),
    rule("create", "", "serviceaccounts/token"),
    rule("get", "", "serviceaccounts"),
    rule(f"create {READ}", "certificates.k8s.io", "certificatesigningrequests"),
    rule(f"create get delete {CHANGE}", "coordination.k8s.io", "leases"),
    rule(READ, "node.k8s.io", "runtimeclasses"),
    rule(READ, "storage.k8s.io", "csidrivers"),
    rule("get", "storage.k8s.io", "csinodes volumeattachments"),
)
