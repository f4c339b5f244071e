"""Describe Pods, as far as a kubelet and its users need them.

Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from kubecapy.api.core.references import LocalObjectReference
from kubecapy.api.core.volumes import Volume, VolumeMount
from kubecapy.apimachinery.meta import ObjectMeta, Value, always_written
from kubecapy.apimachinery.resources import Resource

MIRROR_ANNOTATION = "kubernetes.io/config.mirror"
"""Marks the mirror of a static pod: what its node runs by itself is shown in the API, not decided there."""


class KeySelector(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Names one key of a Secret or ConfigMap."""

    name: str
    key: str
    optional: bool | None = None


class FieldSelector(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Names one field of the pod (downward API)."""

    field_path: str
    """Such as `spec.nodeName` or `metadata.namespace`."""
    api_version: str = ""


class EnvVarSource(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Says where a variable's value comes from; one of the fields is set."""

    field_ref: FieldSelector | None = None
    secret_key_ref: KeySelector | None = None
    config_map_key_ref: KeySelector | None = None


class EnvVar(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One environment variable."""

    name: str
    value: str = ""
    value_from: EnvVarSource | None = None


class ContainerPort(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One port that a container listens on."""

    container_port: int
    name: str = ""
    protocol: str = ""
    host_port: int | None = None


class Container(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One program of a pod."""

    name: str
    image: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    working_dir: str = ""
    env: tuple[EnvVar, ...] = ()
    ports: tuple[ContainerPort, ...] = ()
    volume_mounts: tuple[VolumeMount, ...] = ()
    resources: Mapping[str, Any] | None = None
    image_pull_policy: str = ""
    readiness_probe: Mapping[str, Any] | None = None
    liveness_probe: Mapping[str, Any] | None = None


class Toleration(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Lets a pod onto Nodes with a taint."""

    key: str = ""
    operator: str = ""
    """Equal (also when empty) or Exists."""
    value: str = ""
    effect: str = ""
    """Empty for all effects."""
    toleration_seconds: int | None = None


class PodSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What should run."""

    containers: tuple[Container, ...]
    init_containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    node_name: str = ""
    """The Node that runs the pod; empty until a scheduler chose."""
    node_selector: Mapping[str, str] | None = None
    service_account_name: str = ""
    automount_service_account_token: bool | None = None
    tolerations: tuple[Toleration, ...] = ()
    host_network: bool | None = None
    restart_policy: str = ""
    """Always (also when empty), OnFailure or Never."""
    termination_grace_period_seconds: int | None = None
    priority_class_name: str = ""
    image_pull_secrets: tuple[LocalObjectReference, ...] = ()


class PodCondition(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One finding about a pod."""

    type: str
    """PodScheduled, Initialized, ContainersReady or Ready."""
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: str | None = None
    last_probe_time: str | None = None


class ContainerStateRunning(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A container that runs."""

    started_at: str | None = None


class ContainerStateWaiting(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A container that does not run yet or again."""

    reason: str = ""
    message: str = ""


class ContainerStateTerminated(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A container that ended."""

    exit_code: int
    signal: int | None = None
    reason: str = ""
    message: str = ""
    started_at: str | None = None
    finished_at: str | None = None


class ContainerState(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """State of a container; one of the fields is set."""

    running: ContainerStateRunning | None = None
    waiting: ContainerStateWaiting | None = None
    terminated: ContainerStateTerminated | None = None


class ContainerStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was found of one container; `ready` and `restartCount` are always written."""

    name: str
    ready: bool = False
    restart_count: int = 0
    image: str = ""
    image_id: str = msgspec.field(name="imageID", default="")
    started: bool | None = None
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class PodStatus(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What was found."""

    phase: str = ""
    """Pending, Running, Succeeded, Failed or Unknown."""
    conditions: tuple[PodCondition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    host_ip: str = msgspec.field(name="hostIP", default="")
    pod_ip: str = msgspec.field(name="podIP", default="")
    start_time: str | None = None
    reason: str = ""
    message: str = ""
    qos_class: str = ""


class Pod(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Programs that run together on one Node."""

    api_version: str = always_written("v1")
    kind: str = always_written("Pod")
    metadata: ObjectMeta = ObjectMeta()
    spec: PodSpec
    status: PodStatus = PodStatus()


class PodTemplateSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the pods of a workload look like."""

    metadata: ObjectMeta = ObjectMeta()
    spec: PodSpec


PODS: Resource[Pod] = Resource("", "v1", "Pod", "pods", Pod)
