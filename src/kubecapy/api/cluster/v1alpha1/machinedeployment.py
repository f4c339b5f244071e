"""Describe a MachineDeployment: the wish for equal Machines that are replaced step by step when their template changes.

Source: Cluster API v0.1.10, pkg/apis/cluster/v1alpha1/machinedeployment_types.go and defaults.go.
`status.labelSelector` and `status.conditions` are additions, as for a MachineSet.
"""

from typing import Literal

from kubecapy.api.cluster.v1alpha1.shared import API_VERSION, GROUP, VERSION
from kubecapy.api.cluster.v1alpha1.template import MachineSelector, MachineTemplateSpec
from kubecapy.apimachinery.conditions import Condition
from kubecapy.apimachinery.meta import ObjectMeta, Value, always_written
from kubecapy.apimachinery.resources import Resource

RolloutType = Literal["RollingUpdate"]


class RollingUpdate(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """How far a rollout may leave the wished number of Machines; not both may be 0."""

    max_unavailable: int | str | None = None
    """Machines that may be missing: a number, or a percentage of `replicas` such as `20%`, rounded down."""
    max_surge: int | str | None = None
    """Machines that may be there beyond `replicas`: a number, or a percentage of it such as `20%`, rounded up."""


class RolloutStrategy(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """How Machines of an old template give way to those of a new one."""

    type: RolloutType | None = None
    """RollingUpdate is the only one."""
    rolling_update: RollingUpdate | None = None
    """Bounds of a rolling update."""


class MachineDeploymentSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What a person wishes."""

    replicas: int | None = None
    """Number of Machines."""
    selector: MachineSelector
    """Machines that belong to the deployment; must match the labels of the template."""
    template: MachineTemplateSpec
    """What each Machine is made from; a change replaces them."""
    strategy: RolloutStrategy | None = None
    """How they are replaced."""
    min_ready_seconds: int | None = None
    """Seconds for which a Node must be ready before its Machine counts as available."""
    revision_history_limit: int | None = None
    """Number of MachineSets of earlier templates that are kept, without Machines."""
    paused: bool | None = None
    """True while a change of the template replaces nothing; a change of `replicas` is still followed."""
    progress_deadline_seconds: int | None = None
    """Seconds after which a rollout without progress counts as failed; the original never looked at it."""


class MachineDeploymentStatus(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What was found."""

    observed_generation: int | None = None
    """Generation of the spec that the status is about."""
    replicas: int | None = None
    """Number of Machines of all MachineSets of the deployment."""
    updated_replicas: int | None = None
    """Those of the newest template."""
    ready_replicas: int | None = None
    """Those whose Node is ready."""
    available_replicas: int | None = None
    """Those whose Node has been ready for `spec.minReadySeconds`."""
    unavailable_replicas: int | None = None
    """Those that are missing until as many as wished are available."""
    label_selector: str = ""
    """The selector as text, such as `set=node`: how an autoscaler finds the Machines."""
    conditions: tuple[Condition, ...] = ()
    """Named findings."""


class MachineDeployment(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Equal Machines, replaced step by step when their template changes."""

    api_version: str = always_written(API_VERSION)
    kind: str = always_written("MachineDeployment")
    metadata: ObjectMeta = ObjectMeta()
    spec: MachineDeploymentSpec
    status: MachineDeploymentStatus = MachineDeploymentStatus()


MACHINE_DEPLOYMENTS: Resource[MachineDeployment] = Resource(
    GROUP, VERSION, "MachineDeployment", "machinedeployments", MachineDeployment
)
