"""Look at provider components: in which order they are applied, which of them act, which are secret."""

from collections.abc import Mapping, Sequence

import msgspec

from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Reader
from kubecapy.clusterctl.objects.raw_resources import RAW_DEPLOYMENTS, RAW_STATEFUL_SETS

CRD_KIND = "CustomResourceDefinition"
CONTROLLERS_FLAG = "--controllers="
"""Argument by which a container of ours is told which controllers to run."""
_ORDER = (
    ("Namespace",),
    (CRD_KIND,),
    ("ServiceAccount", "ClusterRole", "Role", "ClusterRoleBinding", "RoleBinding"),
    ("Secret", "ConfigMap"),
)
"""Each row needs what stands above it; kinds that no row names come last."""

_CONTROLLER_RESOURCES: Mapping[str, Resource[JsonObject]] = {
    resource.kind: resource for resource in (RAW_DEPLOYMENTS, RAW_STATEFUL_SETS)
}


class Controller(msgspec.Struct, frozen=True):
    """A workload that runs controllers."""

    resource: Resource[JsonObject]
    key: ObjectKey
    replicas: int
    """As many as it should run."""

    def __str__(self) -> str:
        """Return `Deployment namespace/name`."""
        return f"{self.resource.kind} {self.key}"


def in_order(objects: Sequence[JsonObject]) -> list[JsonObject]:
    """Return `objects` so that each comes after what it needs; otherwise in their own order."""
    return sorted(objects, key=_rank)


def controllers_of(objects: Sequence[JsonObject]) -> list[Controller]:
    """Return the Deployments and StatefulSets among `objects` that run controllers of ours."""
    return [
        Controller(_CONTROLLER_RESOURCES[obj["kind"]], key_of_object(obj), obj["spec"].get("replicas", 1))
        for obj in objects
        if obj["kind"] in _CONTROLLER_RESOURCES and _runs_controllers(obj)
    ]


async def find_controllers(reader: Reader) -> list[Controller]:
    """Return the workloads of a management cluster that run controllers of ours, in any namespace."""
    found: list[JsonObject] = []
    for resource in _CONTROLLER_RESOURCES.values():
        found.extend({**obj, "kind": resource.kind} for obj in (await reader.list(resource)).items)
    return controllers_of(found)


def without_secrets(objects: Sequence[JsonObject]) -> list[JsonObject]:
    """Return `objects` without the Secrets among them."""
    return [obj for obj in objects if obj["kind"] != "Secret"]


def secrets_of(objects: Sequence[JsonObject]) -> list[JsonObject]:
    """Return the Secrets among `objects`."""
    return [obj for obj in objects if obj["kind"] == "Secret"]


def key_of_object(obj: JsonObject) -> ObjectKey:
    """Return the key of a namespaced or cluster-scoped object of unknown shape."""
    metadata = obj["metadata"]
    return ObjectKey(metadata.get("namespace", ""), metadata["name"])


def _runs_controllers(workload: JsonObject) -> bool:
    containers = workload["spec"]["template"]["spec"]["containers"]
    return any(arg.startswith(CONTROLLERS_FLAG) for container in containers for arg in container.get("args") or ())


def _rank(obj: JsonObject) -> int:
    return next((rank for rank, kinds in enumerate(_ORDER) if obj["kind"] in kinds), len(_ORDER))
