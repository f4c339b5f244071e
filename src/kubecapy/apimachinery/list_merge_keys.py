"""List how strategic merge treats the lists and maps of the built-in kinds.

Source: the patchStrategy and patchMergeKey tags of k8s.io/api v0.31 (core/v1, apps/v1) and
k8s.io/apimachinery meta/v1. A field that is not listed here is what upstream has without a tag: a list is replaced
whole (tolerations, node taints, command, args, RBAC rules and subjects), a map is merged.
"""

from collections.abc import Mapping

import msgspec


class FieldRule(msgspec.Struct, frozen=True):
    """How one field merges."""

    type: str = ""
    """Shape of the field, or of the entries of the list; a key of `SHAPES`, empty where nothing below is special."""
    merge_key: str = ""
    """Key that tells entries of a list of objects apart; empty for other fields."""
    is_set: bool = False
    """True for a list of scalars that merges as a set."""


Shape = Mapping[str, FieldRule]

_SET = FieldRule(is_set=True)
_CONDITIONS = FieldRule(merge_key="type")
_METADATA = FieldRule("ObjectMeta")
_CONDITIONED_STATUS = FieldRule("ConditionedStatus")

SHAPES: Mapping[str, Shape] = {
    "": {},
    "AnyKind": {"metadata": _METADATA},
    "ObjectMeta": {"finalizers": _SET, "ownerReferences": FieldRule(merge_key="uid")},
    "ConditionedStatus": {"conditions": _CONDITIONS},
    "Pod": {"metadata": _METADATA, "spec": FieldRule("PodSpec"), "status": FieldRule("PodStatus")},
    "PodTemplateSpec": {"metadata": _METADATA, "spec": FieldRule("PodSpec")},
    "PodSpec": {
        "containers": FieldRule("Container", merge_key="name"),
        "initContainers": FieldRule("Container", merge_key="name"),
        "ephemeralContainers": FieldRule("Container", merge_key="name"),
        "volumes": FieldRule(merge_key="name"),
        "imagePullSecrets": FieldRule(merge_key="name"),
        "hostAliases": FieldRule(merge_key="ip"),
        "resourceClaims": FieldRule(merge_key="name"),
        "topologySpreadConstraints": FieldRule(merge_key="topologyKey"),
    },
    "PodStatus": {"conditions": _CONDITIONS, "podIPs": FieldRule(merge_key="ip"), "hostIPs": FieldRule(merge_key="ip")},
    "Container": {
        "env": FieldRule(merge_key="name"),
        "ports": FieldRule(merge_key="containerPort"),
        "volumeMounts": FieldRule(merge_key="mountPath"),
        "volumeDevices": FieldRule(merge_key="devicePath"),
    },
    "Workload": {"metadata": _METADATA, "spec": FieldRule("WorkloadSpec"), "status": _CONDITIONED_STATUS},
    "WorkloadSpec": {"template": FieldRule("PodTemplateSpec")},
    "Node": {"metadata": _METADATA, "spec": FieldRule("NodeSpec"), "status": FieldRule("NodeStatus")},
    "NodeSpec": {"podCIDRs": _SET},
    "NodeStatus": {"conditions": _CONDITIONS, "addresses": FieldRule(merge_key="type")},
    "Conditioned": {"metadata": _METADATA, "status": _CONDITIONED_STATUS},
    "Service": {"metadata": _METADATA, "spec": FieldRule("ServiceSpec"), "status": _CONDITIONED_STATUS},
    "ServiceSpec": {"ports": FieldRule(merge_key="port")},
    "ServiceAccount": {"metadata": _METADATA, "secrets": FieldRule(merge_key="name")},
}

_SHAPE_OF_KIND = {
    "Pod": "Pod",
    "Deployment": "Workload",
    "ReplicaSet": "Workload",
    "StatefulSet": "Workload",
    "DaemonSet": "Workload",
    "ReplicationController": "Workload",
    "Job": "Workload",
    "Node": "Node",
    "Namespace": "Conditioned",
    "Service": "Service",
    "ServiceAccount": "ServiceAccount",
}


def shape_of_kind(kind: str) -> Shape:
    """Return how the fields of a built-in `kind` merge; a kind without special lists has only those of metadata."""
    return SHAPES[_SHAPE_OF_KIND.get(kind, "AnyKind")]
