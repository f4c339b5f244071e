"""Say what runs for this provider in a management cluster, and what it may do there.

Source of the names: cluster-api-provider-openstack v1alpha1, config/ and cmd/clusterctl/examples/openstack.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.providers.openstack.plugin.credentials import CONFIG_SECRET, SELECTOR_KEY, SELECTOR_SECRET

NAMESPACE: Final = "openstack-provider-system"
CONTROLLERS: Final = "clusterapi-controllers"
HEALTH_PORT: Final = 9440
CREDENTIALS_FOLDER: Final = "/etc/openstack"

_ROLE: Final = "openstack-provider-manager-role"
_BINDING: Final = "openstack-provider-manager-rolebinding"
_LEADER_ROLE: Final = "openstack-provider-leader-election-role"
_LEADER_BINDING: Final = "openstack-provider-leader-election-rolebinding"
_LABELS: Final[Mapping[str, str]] = {"control-plane": CONTROLLERS, "controller-tools.k8s.io": "1.0"}
_GRACE_SECONDS: Final = 30
"""Passes get 20 s to end, and then the Lease is given back; a pod that is killed before keeps its followers waiting."""
_UNPRIVILEGED_ID: Final = 65532
_FOLLOW: Final = ("get", "list", "watch")


def namespace() -> JsonObject:
    """Return the namespace of the provider's controllers and Secrets."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}


def controllers() -> Sequence[JsonObject]:
    """Return the service account, its rights and the Deployment, in an order that can be applied."""
    return (
        _service_account(),
        _role(),
        _role_binding(),
        _leader_election_role(),
        _leader_election_role_binding(),
        _deployment(),
    )


def _service_account() -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": CONTROLLERS, "namespace": NAMESPACE},
    }


def _role() -> JsonObject:
    """Return the rights of the Cluster and Machine controllers; clusters may lie in any namespace.

    Machines are deleted by the Cluster controller once their Cluster is. Secrets hold each cluster's CA, kubeconfig
    and boot data, and are made and removed with it; they are read by name, never listed. The own Node is read for the
    guard against deleting the own host; Nodes of other clusters are reached by their kubeconfig. The finalizers of a
    Cluster are asked for where admission guards owners that block its deletion (OwnerReferencesPermissionEnforcement).
    """
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": _ROLE},
        "rules": [
            _rule("cluster.k8s.io", ("clusters",), (*_FOLLOW, "patch")),
            _rule("cluster.k8s.io", ("machines",), (*_FOLLOW, "patch", "delete")),
            _rule("cluster.k8s.io", ("clusters/status", "machines/status"), ("patch",)),
            _rule("cluster.k8s.io", ("clusters/finalizers",), ("update",)),
            _rule("", ("secrets",), ("get", "create", "patch", "delete")),
            _rule("", ("nodes",), ("get",)),
            _rule("", ("events",), ("create", "patch")),
        ],
    }


def _rule(group: str, resources: Sequence[str], verbs: Sequence[str]) -> JsonObject:
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}


def _role_binding() -> JsonObject:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": _BINDING},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": _ROLE},
        "subjects": [{"kind": "ServiceAccount", "name": CONTROLLERS, "namespace": NAMESPACE}],
    }


def _leader_election_role() -> JsonObject:
    """Return the rights to the Lease that decides which replica acts; it lies beside the pods."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": _LEADER_ROLE, "namespace": NAMESPACE},
        "rules": [_rule("coordination.k8s.io", ("leases",), ("get", "create", "patch"))],
    }


def _leader_election_role_binding() -> JsonObject:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": _LEADER_BINDING, "namespace": NAMESPACE},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": _LEADER_ROLE},
        "subjects": [{"kind": "ServiceAccount", "name": CONTROLLERS, "namespace": NAMESPACE}],
    }


def _deployment() -> JsonObject:
    """Return the Deployment; of several replicas the one that holds the Lease acts.

    The old pod ends before a new one starts: the new one could only wait for the Lease, and both would want the port.
    """
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": CONTROLLERS, "namespace": NAMESPACE, "labels": dict(_LABELS)},
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": dict(_LABELS)},
            "template": {"metadata": {"labels": dict(_LABELS)}, "spec": _pod()},
        },
    }


def _pod() -> JsonObject:
    return {
        "serviceAccountName": CONTROLLERS,
        "terminationGracePeriodSeconds": _GRACE_SECONDS,
        "affinity": _near_control_plane(),
        "tolerations": _tolerations(),
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _UNPRIVILEGED_ID,
            "fsGroup": _UNPRIVILEGED_ID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container()],
        "volumes": [{"name": CONFIG_SECRET, "secret": {"secretName": CONFIG_SECRET, "defaultMode": 0o440}}],
    }


def _near_control_plane() -> JsonObject:
    """Return a preference for control planes: controllers on a worker refuse to delete that worker."""
    keys = ("node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane")
    terms = [{"weight": 100, "preference": {"matchExpressions": [{"key": key, "operator": "Exists"}]}} for key in keys]
    return {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": terms}}


def _tolerations() -> Sequence[JsonObject]:
    """Return what lets the controllers run on a control plane, the only host right after the move."""
    kept_off = ("node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane")
    failing = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
    return [
        *({"key": key, "operator": "Exists", "effect": "NoSchedule"} for key in kept_off),
        {"key": "CriticalAddonsOnly", "operator": "Exists"},
        *({"key": key, "operator": "Exists", "effect": "NoExecute"} for key in failing),
    ]


def _container() -> JsonObject:
    return {
        "name": "openstack-machine-controller",
        "image": f"kubecapy/manager:{version('kubecapy')}",
        "imagePullPolicy": "IfNotPresent",
        "args": [
            "manager",
            "--controllers=cluster,machine",
            "--provider=openstack",
            "--leader-elect",
            f"--health-port={HEALTH_PORT}",
            "--health-bind-address=$(POD_IP)",
        ],
        "env": _environment(),
        "ports": [{"name": "health", "containerPort": HEALTH_PORT}],
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": "health"}, "periodSeconds": 5},
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": "health"}, "initialDelaySeconds": 10},
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": CONFIG_SECRET, "mountPath": CREDENTIALS_FOLDER, "readOnly": True}],
    }


def _environment() -> Sequence[JsonObject]:
    selector: dict[str, Any] = {"secretKeyRef": {"name": SELECTOR_SECRET, "key": SELECTOR_KEY}}
    fields = {
        "NODE_NAME": "spec.nodeName",
        "POD_NAME": "metadata.name",
        "POD_NAMESPACE": "metadata.namespace",
        "POD_IP": "status.podIP",
    }
    return [
        {"name": "OS_CLOUD", "valueFrom": selector},
        {"name": "OS_CLIENT_CONFIG_FILE", "value": f"{CREDENTIALS_FOLDER}/clouds.yaml"},
        *({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in fields.items()),
    ]
