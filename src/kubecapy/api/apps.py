"""Describe the workload kinds in use: Deployment, ReplicaSet, StatefulSet.

Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/.
"""

from collections.abc import Mapping
from typing import Any

from kubecapy.api.core import PodTemplateSpec
from kubecapy.apimachinery.conditions import Condition
from kubecapy.apimachinery.meta import JsonObject, ObjectMeta, Value, always_written
from kubecapy.apimachinery.resources import Resource


class LabelSelectorSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Selects the pods of a workload (metav1 LabelSelector)."""

    match_labels: Mapping[str, str] | None = None
    match_expressions: tuple[JsonObject, ...] = ()


class DeploymentSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What a person wishes."""

    replicas: int | None = None
    """Number of pods; 1 where absent."""
    selector: LabelSelectorSpec
    template: PodTemplateSpec
    strategy: Mapping[str, Any] | None = None
    paused: bool | None = None
    min_ready_seconds: int | None = None
    revision_history_limit: int | None = None


class DeploymentStatus(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What was found."""

    observed_generation: int | None = None
    replicas: int | None = None
    updated_replicas: int | None = None
    ready_replicas: int | None = None
    available_replicas: int | None = None
    unavailable_replicas: int | None = None
    conditions: tuple[Condition, ...] = ()


class Deployment(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Keeps pods of one template running, and replaces them when it changes."""

    api_version: str = always_written("apps/v1")
    kind: str = always_written("Deployment")
    metadata: ObjectMeta = ObjectMeta()
    spec: DeploymentSpec
    status: DeploymentStatus = DeploymentStatus()


class ReplicaSetSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the Deployment wishes."""

    replicas: int | None = None
    selector: LabelSelectorSpec
    template: PodTemplateSpec
    min_ready_seconds: int | None = None


class ReplicaSetStatus(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What was found."""

    observed_generation: int | None = None
    replicas: int | None = None
    fully_labeled_replicas: int | None = None
    ready_replicas: int | None = None
    available_replicas: int | None = None


class ReplicaSet(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Keeps a number of equal pods running."""

    api_version: str = always_written("apps/v1")
    kind: str = always_written("ReplicaSet")
    metadata: ObjectMeta = ObjectMeta()
    spec: ReplicaSetSpec
    status: ReplicaSetStatus = ReplicaSetStatus()


class StatefulSetSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What a person wishes."""

    replicas: int | None = None
    """Number of pods; 1 where absent."""
    selector: LabelSelectorSpec
    template: PodTemplateSpec
    service_name: str = ""
    pod_management_policy: str = ""
    update_strategy: Mapping[str, Any] | None = None
    revision_history_limit: int | None = None


class StatefulSetStatus(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What was found."""

    observed_generation: int | None = None
    replicas: int | None = None
    ready_replicas: int | None = None
    available_replicas: int | None = None
    current_replicas: int | None = None
    updated_replicas: int | None = None
    current_revision: str = ""
    update_revision: str = ""


class StatefulSet(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Keeps pods with names of their own running: `<name>-0`, `<name>-1` and so on."""

    api_version: str = always_written("apps/v1")
    kind: str = always_written("StatefulSet")
    metadata: ObjectMeta = ObjectMeta()
    spec: StatefulSetSpec
    status: StatefulSetStatus = StatefulSetStatus()


DEPLOYMENTS: Resource[Deployment] = Resource("apps", "v1", "Deployment", "deployments", Deployment)
REPLICA_SETS: Resource[ReplicaSet] = Resource("apps", "v1", "ReplicaSet", "replicasets", ReplicaSet)
STATEFUL_SETS: Resource[StatefulSet] = Resource("apps", "v1", "StatefulSet", "statefulsets", StatefulSet)
