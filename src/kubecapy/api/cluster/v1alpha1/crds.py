"""Make the CustomResourceDefinitions of `cluster.k8s.io/v1alpha1` from the API types.

Shape and descriptions come from the types; this module adds what Python types cannot say: limits, rules between
fields, and how kubectl prints the kinds. Rules stand for what Cluster API v0.1.10 meant to check in helpers that
nothing called (pkg/apis/cluster/v1alpha1/cluster_types.go: Validate).

Limit: strings that a rule matches have a greatest length, because a real API server refuses rules whose estimated cost
is unbounded.
"""

from typing import Any, Final, Literal

import msgspec

from kubecapy.api.cluster.v1alpha1.cluster import CLUSTERS
from kubecapy.api.cluster.v1alpha1.machine import MACHINES
from kubecapy.api.cluster.v1alpha1.shared import GROUP, VERSION
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import Resource
from kubecapy.apimachinery.schema.of_types import refine, structural_schema

APPROVAL_ANNOTATION: Final = "api-approved.kubernetes.io"
"""Groups below k8s.io need it: https://github.com/kubernetes/enhancements/pull/1111."""

_VERSION_PATTERN: Final = r"^v?[0-9]+\\.[0-9]+\\.[0-9]+([-+][0-9A-Za-z.+-]+)?$"


class _Column(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One column that kubectl prints; priority 1 shows it with `-o wide` only."""

    name: str
    type: Literal["string", "date"]
    json_path: str = msgspec.field(name="jsonPath")
    description: str = ""
    priority: int = 0


class _Definition(msgspec.Struct, frozen=True, kw_only=True):
    """What a CustomResourceDefinition says beside the fields of the kind."""

    resource: Resource[Any]
    short_name: str
    columns: tuple[_Column, ...]
    refinements: dict[str, JsonObject]


def custom_resource_definitions() -> list[JsonObject]:
    """Return the definitions of Cluster and Machine (`apiextensions.k8s.io/v1`), equal on every call."""
    return [_render(definition) for definition in (_cluster(), _machine())]


def _rule(rule: str, message: str) -> JsonObject:
    return {"rule": rule, "message": message}


def _checked(*rules: JsonObject) -> JsonObject:
    return {"x-kubernetes-validations": list(rules)}


def _cluster() -> _Definition:
    missing = "invalid cluster configuration: missing Cluster.Spec.ClusterNetwork."
    return _Definition(
        resource=CLUSTERS,
        short_name="cl",
        columns=(
            _text(
                "Endpoint",
                ".status.apiEndpoints[0].host",
                "Where the API server of the cluster is reached.",
                priority=1,
            ),
            _age(),
        ),
        refinements={
            "spec.clusterNetwork": _checked(
                _rule("size(self.serviceDomain) > 0", f"{missing}ServiceDomain"),
                _rule("size(self.pods.cidrBlocks) > 0", f"{missing}Pods"),
                _rule("size(self.services.cidrBlocks) > 0", f"{missing}Services"),
            ),
            "spec.clusterNetwork.pods.cidrBlocks[]": {"format": "cidr"},
            "spec.clusterNetwork.services.cidrBlocks[]": {"format": "cidr"},
            "spec.providerSpec": _one_source(),
            "status.apiEndpoints[].port": {"format": "int32", "minimum": 0, "maximum": 65535},
            "status.conditions": _by_type(),
            "status.conditions[].lastTransitionTime": _time(),
        },
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
        refinements={
            "spec.metadata.creationTimestamp": {**_time(), "nullable": True},
            "spec.metadata.deletionTimestamp": {**_time(), "nullable": True},
            "spec.taints[].effect": {"enum": ["NoSchedule", "PreferNoSchedule", "NoExecute"]},
            "spec.taints[].timeAdded": _time(),
            "spec.providerSpec": _one_source(),
            "spec.versions": _checked(
                _rule(
                    f"{_is_set('self')} == {_is_set('oldSelf')}",
                    "controlPlane cannot be added or removed: it makes the machine a control plane for good",
                )
            ),
            "spec.versions.kubelet": _version(allow_empty=False),
            "spec.versions.controlPlane": _version(allow_empty=True),
            "status.lastUpdated": _time(),
            "status.lastOperation.lastUpdated": _time(),
            "status.conditions": _by_type(),
            "status.conditions[].lastTransitionTime": _time(),
        },
    )


def _is_set(versions: str) -> str:
    return f"(has({versions}.controlPlane) && size({versions}.controlPlane) > 0)"


def _version(*, allow_empty: bool) -> JsonObject:
    matches = f"self.matches('{_VERSION_PATTERN}')"
    rule = f"size(self) == 0 || {matches}" if allow_empty else matches
    return {"maxLength": 64, **_checked(_rule(rule, "must be a Kubernetes version such as 1.14.0"))}


def _one_source() -> JsonObject:
    return _checked(_rule("!(has(self.value) && has(self.valueFrom))", "at most one of value and valueFrom may be set"))


def _by_type() -> JsonObject:
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}


def _time() -> JsonObject:
    return {"format": "date-time"}


def _text(name: str, json_path: str, description: str, *, priority: int = 0) -> _Column:
    return _Column(name=name, type="string", json_path=json_path, description=description, priority=priority)


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
        "subresources": {"status": {}},
        "additionalPrinterColumns": [msgspec.to_builtins(column) for column in definition.columns],
    }
