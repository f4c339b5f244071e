"""Say what runs beside the provider: the kinds, and the controllers that need no cloud.

Source of the names: the raw manifests of Cluster API v0.1.x (namespace `system`, StatefulSet `controller-manager`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kubecapy.api.cluster.v1alpha1.crds import custom_resource_definitions
from kubecapy.apimachinery.meta import JsonObject

NAMESPACE = "system"
CONTROLLER_NAME = "controller-manager"
ROLE_NAME = "manager-role"
LEADER_ROLE_NAME = "leader-election-role"
HEALTH_PORT = 9442
"""Differs from the provider's, so that both can share a host's network."""

_GRACE_SECONDS = 30
"""Passes get 20 s to end, and then the Lease is given back; a pod that is killed before keeps its followers waiting."""
_LABELS = {"control-plane": CONTROLLER_NAME}
_POD_SECURITY = {"pod-security.kubernetes.io/enforce": "restricted"}
_UNPRIVILEGED_ID = 65532
"""The user of the image."""


def core_components(image: str) -> Sequence[JsonObject]:
    """Return the CRDs and the controllers that run from `image`, in an order that can be applied."""
    return [
        *custom_resource_definitions(),
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": _POD_SECURITY}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _namespaced(CONTROLLER_NAME)},
        _cluster_role(),
        _cluster_role_binding(),
        _leader_election_role(),
        _leader_election_role_binding(),
        _service(),
        _stateful_set(image),
    ]


def _namespaced(name: str) -> JsonObject:
    return {"name": name, "namespace": NAMESPACE}


def _cluster_role() -> JsonObject:
    """Return the rights of the Node controller: it links Machines to the Nodes that kubeconfig Secrets lead to."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": ROLE_NAME},
        "rules": [
            _rule("cluster.k8s.io", ["clusters", "machines"], ["list", "watch"]),
            _rule("cluster.k8s.io", ["machines/status"], ["patch"]),
            _rule("", ["secrets"], ["get"]),
            _rule("", ["events"], ["create", "patch"]),
        ],
    }


def _rule(group: str, resources: Sequence[str], verbs: Sequence[str]) -> JsonObject:
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}


def _cluster_role_binding() -> JsonObject:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "manager-rolebinding"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": ROLE_NAME},
        "subjects": [{"kind": "ServiceAccount", "name": CONTROLLER_NAME, "namespace": NAMESPACE}],
    }


def _leader_election_role() -> JsonObject:
    """Return the rights to the Lease that decides which replica acts; it lies beside the pods."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": _namespaced(LEADER_ROLE_NAME),
        "rules": [_rule("coordination.k8s.io", ["leases"], ["get", "create", "patch"])],
    }


def _leader_election_role_binding() -> JsonObject:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": _namespaced("leader-election-rolebinding"),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": LEADER_ROLE_NAME},
        "subjects": [{"kind": "ServiceAccount", "name": CONTROLLER_NAME, "namespace": NAMESPACE}],
    }


def _service() -> JsonObject:
    """Return the headless Service that a StatefulSet is governed by."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**_namespaced(f"{CONTROLLER_NAME}-service"), "labels": _LABELS},
        "spec": {
            "clusterIP": "None",
            "selector": _LABELS,
            "ports": [{"name": "health", "port": HEALTH_PORT, "targetPort": HEALTH_PORT}],
        },
    }


def _stateful_set(image: str) -> JsonObject:
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {**_namespaced(CONTROLLER_NAME), "labels": _LABELS},
        "spec": {
            "replicas": 1,
            "serviceName": f"{CONTROLLER_NAME}-service",
            "selector": {"matchLabels": _LABELS},
            "template": {"metadata": {"labels": _LABELS}, "spec": _pod_spec(image)},
        },
    }


def _pod_spec(image: str) -> JsonObject:
    return {
        "serviceAccountName": CONTROLLER_NAME,
        "terminationGracePeriodSeconds": _GRACE_SECONDS,
        "affinity": _NEAR_CONTROL_PLANE,
        "tolerations": _TOLERATIONS,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _UNPRIVILEGED_ID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": "manager",
                "image": image,
                "imagePullPolicy": "IfNotPresent",
                "args": [
                    "manager",
                    "--controllers=node",
                    "--leader-elect",
                    f"--health-port={HEALTH_PORT}",
                    "--health-bind-address=$(POD_IP)",
                ],
                "env": [
                    _field_variable("POD_NAME", "metadata.name"),
                    _field_variable("POD_NAMESPACE", "metadata.namespace"),
                    _field_variable("POD_IP", "status.podIP"),
                    _field_variable("NODE_NAME", "spec.nodeName"),
                ],
                "ports": [{"name": "health", "containerPort": HEALTH_PORT}],
                "readinessProbe": {"httpGet": {"path": "/readyz", "port": "health"}, "periodSeconds": 5},
                "livenessProbe": {"httpGet": {"path": "/healthz", "port": "health"}, "initialDelaySeconds": 10},
                "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    }


def _field_variable(name: str, path: str) -> JsonObject:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


_TOLERATIONS: Sequence[Mapping[str, Any]] = (
    {"key": "node-role.kubernetes.io/master", "operator": "Exists", "effect": "NoSchedule"},
    {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"},
    {"key": "CriticalAddonsOnly", "operator": "Exists"},
    {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"},
    {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"},
)
"""The components run on the first control plane too: it is all there is right after the move."""

_NEAR_CONTROL_PLANE: Mapping[str, Any] = {
    "nodeAffinity": {
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 100, "preference": {"matchExpressions": [{"key": key, "operator": "Exists"}]}}
            for key in ("node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane")
        ]
    }
}
"""Workers come and go; what manages them had better not run on them."""
