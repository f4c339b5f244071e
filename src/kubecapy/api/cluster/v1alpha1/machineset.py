"""Describe a MachineSet: the wish for a number of equal Machines and what is known of them.

Source: Cluster API v0.1.10, pkg/apis/cluster/v1alpha1/machineset_types.go. `status.labelSelector` and
`status.conditions` are additions: the original named the first as the selector of its scale subresource and never had
the field, so that no autoscaler could find the Machines.
"""

from typing import Literal

import msgspec

from kubecapy.api.cluster.v1alpha1.shared import API_VERSION, GROUP, VERSION
from kubecapy.api.cluster.v1alpha1.template import MachineSelector, MachineTemplateSpec
from kubecapy.apimachinery.conditions import Condition
from kubecapy.apimachinery.meta import ObjectMeta, Value, always_written
from kubecapy.apimachinery.resources import Resource

DeletePolicy = Literal["Random", "Newest", "Oldest"]
MachineSetErrorReason = Literal["InvalidConfiguration"]


class MachineSetSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What a person wishes."""

    replicas: int | None = None
    """Number of Machines."""
    min_ready_seconds: int | None = None
    """Seconds for which a Node must be ready before its Machine counts as available."""
    delete_policy: DeletePolicy | None = None
    """Which Machines go first where there are too many."""
    selector: MachineSelector
    """Machines that belong to the set; must match the labels of the template."""
    template: MachineTemplateSpec
    """What each Machine is made from."""


class MachineSetStatus(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What was found."""

    replicas: int = msgspec.field(default_factory=lambda: 0)
    """Number of Machines of the set that are not being deleted; always written."""
    fully_labeled_replicas: int | None = None
    """Those that have every label of the template."""
    ready_replicas: int | None = None
    """Those whose Node is ready."""
    available_replicas: int | None = None
    """Those whose Node has been ready for `spec.minReadySeconds`."""
    observed_generation: int | None = None
    """Generation of the spec that the status is about."""
    label_selector: str = ""
    """The selector as text, such as `set=node`: how an autoscaler finds the Machines."""
    error_reason: MachineSetErrorReason | None = None
    """Set while a human must act."""
    error_message: str | None = None
    """For people."""
    conditions: tuple[Condition, ...] = ()
    """Named findings."""


class MachineSet(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A number of equal Machines."""

    api_version: str = always_written(API_VERSION)
    kind: str = always_written("MachineSet")
    metadata: ObjectMeta = ObjectMeta()
    spec: MachineSetSpec
    status: MachineSetStatus = MachineSetStatus()


MACHINE_SETS: Resource[MachineSet] = Resource(GROUP, VERSION, "MachineSet", "machinesets", MachineSet)
