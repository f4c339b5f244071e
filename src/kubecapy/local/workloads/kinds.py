"""Address the kinds that workload controllers follow, as JSON objects: templates must pass through unread."""

from collections.abc import Iterable, Mapping
from typing import Any

from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.resources import Resource

APPS = "apps"
DEPLOYMENTS: Resource[JsonObject] = Resource(APPS, "v1", "Deployment", "deployments", dict)
REPLICA_SETS: Resource[JsonObject] = Resource(APPS, "v1", "ReplicaSet", "replicasets", dict)
STATEFUL_SETS: Resource[JsonObject] = Resource(APPS, "v1", "StatefulSet", "statefulsets", dict)
DAEMON_SETS: Resource[JsonObject] = Resource(APPS, "v1", "DaemonSet", "daemonsets", dict)
PODS: Resource[JsonObject] = Resource("", "v1", "Pod", "pods", dict)
NODES: Resource[JsonObject] = Resource("", "v1", "Node", "nodes", dict, namespaced=False)
SECRETS: Resource[JsonObject] = Resource("", "v1", "Secret", "secrets", dict)
CONFIG_MAPS: Resource[JsonObject] = Resource("", "v1", "ConfigMap", "configmaps", dict)
LEASES: Resource[JsonObject] = Resource("coordination.k8s.io", "v1", "Lease", "leases", dict)
SIGNING_REQUESTS: Resource[JsonObject] = Resource(
    "certificates.k8s.io", "v1", "CertificateSigningRequest", "certificatesigningrequests", dict, namespaced=False
)

OWNER_INDEX = "controller-uid"
NODE_INDEX = "node-name"


def key_of(obj: JsonObject) -> ObjectKey:
    """Return the key of `obj`."""
    return ObjectKey(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])


def is_deleting(obj: JsonObject) -> bool:
    """Return whether deletion of `obj` was asked for."""
    return bool(obj["metadata"].get("deletionTimestamp"))


def labels_of(obj: JsonObject) -> Mapping[str, str]:
    """Return the labels of `obj`."""
    return obj["metadata"].get("labels") or {}


def annotations_of(obj: JsonObject) -> Mapping[str, str]:
    """Return the annotations of `obj`."""
    return obj["metadata"].get("annotations") or {}


def controller_uids(obj: JsonObject) -> Iterable[str]:
    """Yield the uid of the controller of `obj`, for an index."""
    for owner in obj["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            yield owner["uid"]


def node_names(pod: JsonObject) -> Iterable[str]:
    """Yield the node of `pod`, for an index; nothing where it has none yet."""
    name = pod["spec"].get("nodeName")
    if name:
        yield name


def owned_by(owner: JsonObject, resource: Resource[Any]) -> list[JsonObject]:
    """Return the owner references of an object that `owner`, of kind `resource`, controls; Any: of no matter."""
    return [
        {
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]


def replicas_of(obj: JsonObject) -> int:
    """Return the wished number of replicas; 1 where nothing is said."""
    count = obj["spec"].get("replicas")
    return 1 if count is None else int(count)


def condition_of(obj: JsonObject, kind: str) -> JsonObject | None:
    """Return the condition of type `kind`; None where it is absent."""
    conditions = (obj.get("status") or {}).get("conditions") or ()
    return next((condition for condition in conditions if condition["type"] == kind), None)


def is_true(obj: JsonObject, kind: str) -> bool:
    """Return whether the condition of type `kind` is there and True."""
    condition = condition_of(obj, kind)
    return condition is not None and condition["status"] == "True"


def is_active(pod: JsonObject) -> bool:
    """Return whether `pod` counts as one of its owner's replicas: neither ended nor being deleted."""
    phase = (pod.get("status") or {}).get("phase")
    return not is_deleting(pod) and phase not in ("Succeeded", "Failed")


def is_ready(pod: JsonObject) -> bool:
    """Return whether `pod` counts as a ready replica."""
    return is_active(pod) and is_true(pod, "Ready")
