"""Describe a Machine: the wish for one host with a Node on it and what is known of it.

Source: Cluster API v0.1.10, pkg/apis/cluster/v1alpha1/machine_types.go. Conditions are metav1.Condition values, and
the phase is really written.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from kubecapy.api.cluster.v1alpha1.shared import API_VERSION, GROUP, VERSION, ProviderSpec
from kubecapy.api.core import NodeAddress, ObjectReference, Taint
from kubecapy.apimachinery.conditions import Condition
from kubecapy.apimachinery.meta import ObjectMeta, Value, always_written
from kubecapy.apimachinery.resources import Resource

MachinePhase = Literal["Pending", "Provisioning", "Provisioned", "Running", "Deleting", "Failed"]
MachineErrorReason = Literal[
    "InvalidConfiguration",
    "UnsupportedChange",
    "InsufficientResources",
    "CreateError",
    "UpdateError",
    "DeleteError",
    "JoinClusterTimeoutError",
]


class MachineVersions(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Kubernetes versions, semver without a leading v."""

    kubelet: str
    """Version of the kubelet."""
    control_plane: str = ""
    """Version of the control plane; non-empty makes the machine a control plane."""


class MachineSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What a person wishes."""

    metadata: ObjectMeta | None = None
    """Labels and annotations meant for the Node."""
    taints: tuple[Taint, ...] = ()
    """Taints that the Node gets when it registers."""
    provider_spec: ProviderSpec
    """The provider's configuration of the machine."""
    versions: MachineVersions | None = None
    """Kubernetes versions to run."""
    config_source: Mapping[str, Any] | None = None
    """core/v1 NodeConfigSource; kept, not acted upon, as in the original."""
    provider_id: str | None = msgspec.field(name="providerID", default=None)
    """Global name of the server; equals the Node's `spec.providerID`."""


class LastOperation(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The latest thing done to the machine."""

    description: str | None = None
    last_updated: str | None = None
    state: str | None = None
    """Processing, Failed or Successful."""
    type: str | None = None
    """Create, Update or Delete."""


class MachineStatus(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What was found."""

    node_ref: ObjectReference | None = None
    """The Node that runs on this machine."""
    last_updated: str | None = None
    """RFC 3339; when the status last changed."""
    versions: MachineVersions | None = None
    """Versions that run."""
    error_reason: MachineErrorReason | None = None
    """Set while a human must act."""
    error_message: str | None = None
    """For people."""
    provider_status: Mapping[str, Any] | None = None
    """What the provider keeps of the machine; opaque here."""
    addresses: tuple[NodeAddress, ...] = ()
    """Addresses of the server."""
    conditions: tuple[Condition, ...] = ()
    """Named findings."""
    last_operation: LastOperation | None = None
    """The latest thing done."""
    phase: MachinePhase | None = None
    """One word for people; derived from the conditions, never read back."""


class Machine(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One host of a cluster."""

    api_version: str = always_written(API_VERSION)
    kind: str = always_written("Machine")
    metadata: ObjectMeta = ObjectMeta()
    spec: MachineSpec
    status: MachineStatus = MachineStatus()


MACHINES: Resource[Machine] = Resource(GROUP, VERSION, "Machine", "machines", Machine)


def is_control_plane(machine: Machine) -> bool:
    """Return whether `machine` is a control plane: its control-plane version is set, no label counts.

    Source: Cluster API v0.1.10, pkg/controller/machine: isControlPlane.
    """
    versions = machine.spec.versions
    return versions is not None and versions.control_plane != ""
