"""Make the CustomResourceDefinitions of `cluster.k8s.io/v1alpha1` from the API types.

Shape and descriptions come from the types, limits and rules from `refinements`; this module adds the names of the
kinds, how kubectl prints them, and their subresources.

The category is `cluster-api` alone: `kubectl get all` shows the workloads of a namespace, and a person who cleans up
with `kubectl delete all --all` does not mean to take down a cluster.
"""

from typing import Any, Final, Literal

import msgspec

from kubecapy.api.cluster.v1alpha1.cluster import CLUSTERS
from kubecapy.api.cluster.v1alpha1.machine import MACHINES
from kubecapy.api.cluster.v1alpha1.machineclass import MACHINE_CLASSES
from kubecapy.api.cluster.v1alpha1.machinedeployment import MACHINE_DEPLOYMENTS
from kubecapy.api.cluster.v1alpha1.machineset import MACHINE_SETS
from kubecapy.api.cluster.v1alpha1.refinements import (
    Refinements,
    of_cluster,
    of_machine,
    of_machine_deployment,
    of_machine_set,
)
from kubecapy.api.cluster.v1alpha1.shared import GROUP, VERSION
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import Resource
from kubecapy.apimachinery.schema.of_types import refine, structural_schema

APPROVAL_ANNOTATION: Final = "api-approved.kubernetes.io"
"""Groups below k8s.io need it: https://github.com/kubernetes/enhancements/pull/1111."""


class _Column(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One column that kubectl prints; priority 1 shows it with `-o wide` only."""

    name: str
    type: Literal["string", "integer", "date"]
    json_path: str = msgspec.field(name="jsonPath")
    description: str = ""
    priority: int = 0


class _Definition(msgspec.Struct, frozen=True, kw_only=True):
    """What a CustomResourceDefinition says beside the fields of the kind."""

    resource: Resource[Any]
    short_name: str
    columns: tuple[_Column, ...]
    refinements: Refinements
    has_status: bool = True
    """Whether the status is written apart from the rest."""
    is_scaled: bool = False
    """Whether the kind has replicas that `kubectl scale` and autoscalers set."""


def custom_resource_definitions() -> list[JsonObject]:
    """Return the definitions of all five kinds (`apiextensions.k8s.io/v1`), equal on every call."""
    definitions = (_cluster(), _machine(), _machine_set(), _machine_deployment(), _machine_class())
    return [_render(definition) for definition in definitions]


def _cluster() -> _Definition:
    return _Definition(
        resource=CLUSTERS,
        short_name="cl",
        columns=(
            _text("Phase", ".status.phase", "Pending to Provisioned, Deleting or Failed."),
            _text(
                "Endpoint",
                ".status.apiEndpoints[0].host",
                "Where the API server of the cluster is reached.",
                priority=1,
            ),
            _age(),
        ),
        refinements=of_cluster(),
    )


def _machine() -> _Definition:
    return _Definition(
        resource=MACHINES,
        short_name="ma",
        columns=(
            _text("Phase", ".status.phase", "Pending to Running, Deleting or Failed."),
            _text("Node", ".status.nodeRef.name", "The Node on this machine.", priority=1),
            _text("ProviderID", ".spec.providerID", "Global name of the server.", priority=1),
            _text("Version", ".spec.versions.kubelet", "Wished version of the kubelet.", priority=1),
            _age(),
        ),
        refinements=of_machine(),
    )


def _machine_set() -> _Definition:
    return _Definition(
        resource=MACHINE_SETS,
        short_name="ms",
        columns=(
            _number("Desired", ".spec.replicas", "Machines that are wished for."),
            _number("Replicas", ".status.replicas", "Machines that are there."),
            _number("Ready", ".status.readyReplicas", "Machines whose Node is ready."),
            _number("Available", ".status.availableReplicas", "Machines whose Node has been ready for long enough."),
            _template_version(),
            _age(),
        ),
        refinements=of_machine_set(),
        is_scaled=True,
    )


def _machine_deployment() -> _Definition:
    return _Definition(
        resource=MACHINE_DEPLOYMENTS,
        short_name="md",
        columns=(
            _number("Desired", ".spec.replicas", "Machines that are wished for."),
            _number("Replicas", ".status.replicas", "Machines that are there, of any template."),
            _number("Updated", ".status.updatedReplicas", "Machines of the newest template."),
            _number("Ready", ".status.readyReplicas", "Machines whose Node is ready."),
            _number("Available", ".status.availableReplicas", "Machines whose Node has been ready for long enough."),
            _template_version(),
            _age(),
        ),
        refinements=of_machine_deployment(),
        is_scaled=True,
    )


def _machine_class() -> _Definition:
    return _Definition(
        resource=MACHINE_CLASSES,
        short_name="mc",
        columns=(_text("Provider-Kind", ".providerSpec.kind", "Kind of the provider's configuration."), _age()),
        refinements={},
        has_status=False,
    )


def _text(name: str, json_path: str, description: str, *, priority: int = 0) -> _Column:
    return _Column(name=name, type="string", json_path=json_path, description=description, priority=priority)


def _number(name: str, json_path: str, description: str) -> _Column:
    return _Column(name=name, type="integer", json_path=json_path, description=description)


def _template_version() -> _Column:
    return _text("Version", ".spec.template.spec.versions.kubelet", "Wished version of the kubelet.", priority=1)


def _age() -> _Column:
    return _Column(name="Age", type="date", json_path=".metadata.creationTimestamp")


def _render(definition: _Definition) -> JsonObject:
    resource = definition.resource
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": resource.qualified_plural,
            "annotations": {APPROVAL_ANNOTATION: "unapproved, experimental-only"},
        },
        "spec": {
            "group": GROUP,
            "names": {
                "kind": resource.kind,
                "listKind": f"{resource.kind}List",
                "plural": resource.plural,
                "singular": resource.kind.lower(),
                "shortNames": [definition.short_name],
                "categories": ["cluster-api"],
            },
            "scope": "Namespaced",
            "versions": [_render_version(definition)],
        },
    }


def _render_version(definition: _Definition) -> JsonObject:
    schema = structural_schema(definition.resource.type)
    # The API server owns the metadata of objects; a schema may restrict its name alone.
    schema["properties"]["metadata"] = {"type": "object"}
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": refine(schema, definition.refinements)},
        **_render_subresources(definition),
        "additionalPrinterColumns": [msgspec.to_builtins(column) for column in definition.columns],
    }


def _render_subresources(definition: _Definition) -> JsonObject:
    subresources: JsonObject = {"status": {}} if definition.has_status else {}
    if definition.is_scaled:
        subresources["scale"] = {
            "specReplicasPath": ".spec.replicas",
            "statusReplicasPath": ".status.replicas",
            "labelSelectorPath": ".status.labelSelector",
        }
    return {"subresources": subresources} if subresources else {}
