"""Describe CustomResourceDefinitions: kinds that arrive as objects.

Source: https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/custom-resource-definition-v1/.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from kubecapy.apimachinery.conditions import Condition
from kubecapy.apimachinery.meta import ObjectMeta, Value, always_written
from kubecapy.apimachinery.resources import Resource


class CustomResourceDefinitionNames(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the kind is called."""

    plural: str
    singular: str = ""
    kind: str
    list_kind: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


class PrinterColumn(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One column of `kubectl get`."""

    name: str
    type: str
    """string, integer, number, boolean or date."""
    json_path: str
    """Such as `.status.phase`."""
    description: str = ""
    format: str = ""
    priority: int | None = None
    """1 shows the column in wide output only."""


class CustomResourceDefinitionVersion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One version of the kind; `served` and `storage` are always written."""

    name: str
    served: bool = True
    storage: bool = False
    schema: Mapping[str, Any] | None = None
    """`openAPIV3Schema` and its structural schema."""
    subresources: Mapping[str, Any] | None = None
    additional_printer_columns: tuple[PrinterColumn, ...] = ()


class CustomResourceDefinitionSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What a person wishes."""

    group: str
    names: CustomResourceDefinitionNames
    scope: str
    """Namespaced or Cluster."""
    versions: tuple[CustomResourceDefinitionVersion, ...]
    preserve_unknown_fields: bool | None = None


class CustomResourceDefinitionStatus(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What was found."""

    conditions: tuple[Condition, ...] | None = ()
    """Established is True once the kind is served; null in kube-apiserver's reply to the creation."""
    accepted_names: CustomResourceDefinitionNames | None = None
    stored_versions: tuple[str, ...] | None = ()


class CustomResourceDefinition(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Adds a kind to the API."""

    api_version: str = always_written("apiextensions.k8s.io/v1")
    kind: str = always_written("CustomResourceDefinition")
    metadata: ObjectMeta = ObjectMeta()
    spec: CustomResourceDefinitionSpec
    status: CustomResourceDefinitionStatus = CustomResourceDefinitionStatus()


CUSTOM_RESOURCE_DEFINITIONS: Resource[CustomResourceDefinition] = Resource(
    "apiextensions.k8s.io",
    "v1",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    CustomResourceDefinition,
    namespaced=False,
)
