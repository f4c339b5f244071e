"""Name what the kinds of `cluster.k8s.io/v1alpha1` share: labels, finalizers, and the opaque provider fields.

Source: Cluster API v0.1.10, pkg/apis/cluster/v1alpha1/common_types.go and pkg/apis/cluster/common.
"""

from collections.abc import Mapping
from typing import Any, Final

from kubecapy.api.core import ObjectReference
from kubecapy.apimachinery.meta import Value

GROUP: Final = "cluster.k8s.io"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"

CLUSTER_NAME_LABEL: Final = "cluster.k8s.io/cluster-name"
"""Label of a Machine that names its Cluster in the same namespace."""
CLUSTER_FINALIZER: Final = "cluster.cluster.k8s.io"
"""Held by the Cluster controller until the cloud holds nothing of the cluster."""
MACHINE_FINALIZER: Final = "machine.cluster.k8s.io"
"""Held by the Machine controller until the cloud holds nothing of the machine."""
NODE_MACHINE_ANNOTATION: Final = "cluster.k8s.io/machine"
"""Annotation of a Node that names its Machine as `namespace/name`."""


class MachineClassReference(ObjectReference, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Points at a MachineClass."""

    provider: str = ""
    """Name of the cloud provider that the class is for."""


class ProviderSpecSource(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Where else a provider's configuration may come from."""

    machine_class: MachineClassReference | None = None


class ProviderSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A provider's own configuration; opaque here, typed by the provider."""

    value: Mapping[str, Any] | None = None
    """The provider's object, normally with its own apiVersion and kind."""
    value_from: ProviderSpecSource | None = None
