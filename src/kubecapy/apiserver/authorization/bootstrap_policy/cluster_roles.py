"""The cluster roles that always exist."""

from collections.abc import Mapping
from typing import Final

import msgspec

from kubecapy.api.certificates import SIGNER_KUBELET_CLIENT
from kubecapy.api.rbac import API_VERSION, PolicyRule
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.authorization.bootstrap_policy.node_rules import NODE_RULES
from kubecapy.apiserver.authorization.bootstrap_policy.notation import CHANGE, READ, WRITE, paths, rule

BOOTSTRAP_LABELS: Final = {"kubernetes.io/bootstrapping": "rbac-defaults"}
_AGGREGATE: Final = "rbac.authorization.k8s.io/aggregate-to-"
_PUBLIC_PATHS: Final = "/healthz /livez /readyz /version /version/"
_DISCOVERY_PATHS: Final = f"/api /api/* /apis /apis/* /openapi /openapi/* {_PUBLIC_PATHS}"
_WORKLOADS: Final = (
    "deployments deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale daemonsets"
)
_CORE: Final = "configmaps persistentvolumeclaims pods replicationcontrollers services"


def cluster_roles() -> list[JsonObject]:
    """Return the ClusterRole objects; fresh values on each call."""
    return [
        *(_render(name, rules) for name, rules in _plain_roles().items()),
        *_people_roles(),
    ]


def _plain_roles() -> Mapping[str, tuple[PolicyRule, ...]]:
    csr = "certificates.k8s.io"
    return {
        "cluster-admin": (rule("*", "*", "*"), paths("*", "*")),
        "system:discovery": (paths("get", _DISCOVERY_PATHS),),
        "system:public-info-viewer": (paths("get", _PUBLIC_PATHS),),
        "system:monitoring": (paths("get", "/metrics /healthz /healthz/* /livez /livez/* /readyz /readyz/*"),),
        "system:basic-user": (
            rule("create", "authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews"),
            rule("create", "authentication.k8s.io", "selfsubjectreviews"),
        ),
        "system:auth-delegator": (
            rule("create", "authentication.k8s.io", "tokenreviews"),
            rule("create", "authorization.k8s.io", "subjectaccessreviews"),
        ),
        "system:node": NODE_RULES,
        "system:node-bootstrapper": (rule("create get list watch", csr, "certificatesigningrequests"),),
        "system:node-proxier": (
            rule("list watch", "", "services endpoints"),
            rule(READ, "", "nodes"),
            rule("create patch update", "", "events"),
            rule("create patch update", "events.k8s.io", "events"),
            rule("list watch", "discovery.k8s.io", "endpointslices"),
        ),
        f"system:{csr}:certificatesigningrequests:nodeclient": (
            rule("create", csr, "certificatesigningrequests/nodeclient"),
        ),
        f"system:{csr}:certificatesigningrequests:selfnodeclient": (
            rule("create", csr, "certificatesigningrequests/selfnodeclient"),
        ),
        f"system:{csr}:kube-apiserver-client-kubelet-approver": (
            rule("approve", csr, "signers", names=SIGNER_KUBELET_CLIENT),
        ),
        "system:kube-controller-manager": _controller_manager(),
        "system:kube-scheduler": _scheduler(),
    }


def _controller_manager() -> tuple[PolicyRule, ...]:
    """One process and one identity for all loops, which then needs the rights of all of them.

    Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#controller-roles.
    """
    csr = "certificates.k8s.io"
    return (
        rule(READ, "*", "*"),
        rule(WRITE, "", "configmaps endpoints events namespaces nodes pods secrets serviceaccounts services"),
        rule("create", "", "serviceaccounts/token"),
        rule(CHANGE, "", "namespaces/finalize namespaces/status nodes/status pods/status services/status"),
        rule("create", "", "pods/eviction"),
        rule(WRITE, "events.k8s.io", "events"),
        rule(WRITE, "apps", "*"),
        rule(WRITE, "coordination.k8s.io", "leases"),
        rule("delete", csr, "certificatesigningrequests"),
        rule(CHANGE, csr, "certificatesigningrequests/approval certificatesigningrequests/status"),
        rule("approve sign", csr, "signers"),
        rule("create", "authentication.k8s.io", "tokenreviews"),
        rule("create", "authorization.k8s.io", "subjectaccessreviews"),
        rule(CHANGE, "rbac.authorization.k8s.io", "clusterroles"),
        # The garbage collector deletes and releases dependents of any kind.
        rule("delete deletecollection patch update", "*", "*"),
    )


def _scheduler() -> tuple[PolicyRule, ...]:
    return (
        rule(READ, "", "namespaces nodes persistentvolumeclaims persistentvolumes replicationcontrollers services"),
        rule(f"delete {READ}", "", "pods"),
        rule("create", "", "bindings pods/binding"),
        rule(CHANGE, "", "pods/status"),
        rule(READ, "apps", "replicasets statefulsets"),
        rule("create patch update", "", "events"),
        rule("create patch update", "events.k8s.io", "events"),
        rule("create", "coordination.k8s.io", "leases"),
        rule("get update", "coordination.k8s.io", "leases", names="kube-scheduler"),
        rule("create", "authentication.k8s.io", "tokenreviews"),
        rule("create", "authorization.k8s.io", "subjectaccessreviews"),
    )


def _people_roles() -> list[JsonObject]:
    """Return view, edit and admin, each aggregated from its parts and the parts of the lesser ones."""
    return [
        _aggregated("admin", ("admin",)),
        _aggregated("edit", ("edit",), {f"{_AGGREGATE}admin": "true"}),
        _aggregated("view", ("view",), {f"{_AGGREGATE}edit": "true"}),
        _part("admin", _admin()),
        _part("edit", _edit()),
        _part("view", _view()),
    ]


def _view() -> tuple[PolicyRule, ...]:
    return (
        rule(READ, "", f"{_CORE} bindings endpoints events limitranges namespaces resourcequotas serviceaccounts"),
        rule(READ, "", "pods/log pods/status services/status namespaces/status"),
        rule(READ, "apps", _WORKLOADS),
        rule(READ, "events.k8s.io", "events"),
    )


def _edit() -> tuple[PolicyRule, ...]:
    return (
        rule(READ, "", "secrets pods/attach pods/exec pods/portforward pods/proxy services/proxy"),
        rule("impersonate", "", "serviceaccounts"),
        rule(WRITE, "", f"{_CORE} events secrets serviceaccounts pods/attach pods/exec pods/portforward pods/proxy"),
        rule("create", "", "pods/eviction serviceaccounts/token"),
        rule(WRITE, "apps", _WORKLOADS),
        rule(f"{READ} {WRITE}", "coordination.k8s.io", "leases"),
    )


def _admin() -> tuple[PolicyRule, ...]:
    return (
        rule(f"{READ} {WRITE}", "rbac.authorization.k8s.io", "roles rolebindings"),
        rule("create", "authorization.k8s.io", "localsubjectaccessreviews"),
    )


def _render(name: str, rules: tuple[PolicyRule, ...], labels: Mapping[str, str] | None = None) -> JsonObject:
    return {
        "apiVersion": API_VERSION,
        "kind": "ClusterRole",
        "metadata": {"name": name, "labels": {**BOOTSTRAP_LABELS, **(labels or {})}},
        "rules": [msgspec.to_builtins(each) for each in rules],
    }


def _part(role: str, rules: tuple[PolicyRule, ...]) -> JsonObject:
    return _render(f"system:aggregate-to-{role}", rules, {f"{_AGGREGATE}{role}": "true"})


def _aggregated(name: str, parts: tuple[str, ...], labels: Mapping[str, str] | None = None) -> JsonObject:
    selectors = [{"matchLabels": {f"{_AGGREGATE}{part}": "true"}} for part in parts]
    role = _render(name, (), labels)
    return {**role, "aggregationRule": {"clusterRoleSelectors": selectors}}
