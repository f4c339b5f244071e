"""Address the kinds that a guest writes, and bring objects to a cluster whatever is there already."""

from collections.abc import Iterable

from kubecapy.apimachinery.errors import AlreadyExists
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.resources import Resource, split_api_version
from kubecapy.client.interfaces import Writer

_PLURALS = {
    "ClusterRole": ("clusterroles", False),
    "ClusterRoleBinding": ("clusterrolebindings", False),
    "ConfigMap": ("configmaps", True),
    "DaemonSet": ("daemonsets", True),
    "Deployment": ("deployments", True),
    "Namespace": ("namespaces", False),
    "Node": ("nodes", False),
    "Pod": ("pods", True),
    "Role": ("roles", True),
    "RoleBinding": ("rolebindings", True),
    "Secret": ("secrets", True),
    "Service": ("services", True),
    "ServiceAccount": ("serviceaccounts", True),
}


def resource_of(obj: JsonObject) -> Resource[JsonObject]:
    """Return how to reach `obj`, one of the kinds that kubeadm writes.

    Raises:
        KeyError: its kind is none of those.
    """
    group, version = split_api_version(obj["apiVersion"])
    plural, namespaced = _PLURALS[obj["kind"]]
    return Resource(group, version, obj["kind"], plural, dict, namespaced)


def key_of_object(obj: JsonObject) -> ObjectKey:
    """Return the key of `obj`."""
    return ObjectKey(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])


async def ensure_object(writer: Writer, resource: Resource[JsonObject], obj: JsonObject) -> bool:
    """Create `obj`, or merge it over what is there; return whether it was created."""
    try:
        await writer.create(resource, obj)
    except AlreadyExists:
        await writer.patch(resource, key_of_object(obj), obj)
        return False
    return True


async def ensure_objects(writer: Writer, objects: Iterable[JsonObject]) -> None:
    """Ensure objects of kinds that `resource_of` knows, in their order."""
    for obj in objects:
        await ensure_object(writer, resource_of(obj), obj)
