"""Describe a MachineClass: a provider's configuration that several machines share.

Source: Cluster API v0.1.10, pkg/apis/cluster/v1alpha1/machineclass_types.go. It has no spec and no status.
"""

from collections.abc import Mapping
from typing import Any

from kubecapy.api.cluster.v1alpha1.shared import API_VERSION, GROUP, VERSION
from kubecapy.apimachinery.meta import ObjectMeta, Value, always_written
from kubecapy.apimachinery.resources import Resource


class MachineClass(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A provider's configuration, to be named by `providerSpec.valueFrom.machineClass`."""

    api_version: str = always_written(API_VERSION)
    kind: str = always_written("MachineClass")
    metadata: ObjectMeta = ObjectMeta()
    provider_spec: Mapping[str, Any]
    """The provider's object, normally with its own apiVersion and kind."""


MACHINE_CLASSES: Resource[MachineClass] = Resource(GROUP, VERSION, "MachineClass", "machineclasses", MachineClass)
