"""Describe what MachineSet and MachineDeployment share: the template of their Machines and how they select them.

Source: Cluster API v0.1.10, pkg/apis/cluster/v1alpha1/machineset_types.go; metav1 LabelSelector
(https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/label-selector/).
"""

from collections.abc import Mapping
from typing import Literal

from kubecapy.api.cluster.v1alpha1.machine import MachineSpec
from kubecapy.apimachinery.meta import ObjectMeta, Value


class LabelSelectorRequirement(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One demand on the labels of a Machine."""

    key: str
    """Label that the demand is about."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """How the label relates to the values; NotIn holds for a Machine without the label too."""
    values: tuple[str, ...] = ()
    """Values for In and NotIn; empty for the others."""


class MachineSelector(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Selects Machines of the same namespace by label; all demands must hold."""

    match_labels: Mapping[str, str] | None = None
    """Labels that a Machine must have, with these values."""
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()
    """Further demands."""


class MachineTemplateSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What each Machine is made from."""

    metadata: ObjectMeta = ObjectMeta()
    """Labels and annotations of each Machine; the labels must meet the selector."""
    spec: MachineSpec
    """Spec of each Machine."""
