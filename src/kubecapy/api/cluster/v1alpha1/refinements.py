"""Say what Python types cannot say of a field: limits, defaults, and rules between fields, as keywords of a schema.

Rules stand for what Cluster API v0.1.10 meant to check in helpers that nothing called
(pkg/apis/cluster/v1alpha1: Validate, PopulateDefaultsMachineSet, PopulateDefaultsMachineDeployment).
Where a helper had words for people, they are kept.

Limit: a real API server refuses a rule whose estimated cost is unbounded. So everything that a rule walks over has a
greatest size: labels of a template, demands of a selector, and their values.
Limit: a rule of a CustomResourceDefinition sees name and generateName of an object's metadata and nothing else of it
(https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules).
So the label that names the cluster is kept by a rule in templates alone; see docs/decisions.
"""

from collections.abc import Mapping
from typing import Final

from kubecapy.api.cluster.v1alpha1.shared import CLUSTER_NAME_LABEL
from kubecapy.apimachinery.meta import JsonObject

Refinements = Mapping[str, JsonObject]
"""Keywords by path, as `kubecapy.apimachinery.schema.of_types.refine` takes them."""

MAX_LABELS: Final = 64
"""Labels of a template and demands of a selector."""
MAX_LABEL_VALUE_LENGTH: Final = 63
MAX_LABEL_KEY_LENGTH: Final = 317
"""A prefix of 253 characters, a slash, and a name of 63."""

_VERSION_PATTERN: Final = r"^v?[0-9]+\\.[0-9]+\\.[0-9]+([-+][0-9A-Za-z.+-]+)?$"
_LABEL_VALUE: Final = {"maxLength": MAX_LABEL_VALUE_LENGTH, "pattern": r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$"}
_LABEL_KEY: Final = {
    "maxLength": MAX_LABEL_KEY_LENGTH,
    "pattern": r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$",
}
_SURGE_PATTERN: Final = "^(0|[1-9][0-9]{0,3})%$"
_UNAVAILABLE_PATTERN: Final = "^(100|[1-9]?[0-9])%$"


def of_cluster() -> Refinements:
    """Return what is to be said of a Cluster."""
    missing = "invalid cluster configuration: missing Cluster.Spec.ClusterNetwork."
    return {
        "spec.clusterNetwork": _checked(
            _rule("size(self.serviceDomain) > 0", f"{missing}ServiceDomain"),
            _rule("size(self.pods.cidrBlocks) > 0", f"{missing}Pods"),
            _rule("size(self.services.cidrBlocks) > 0", f"{missing}Services"),
        ),
        "spec.clusterNetwork.pods.cidrBlocks[]": {"format": "cidr"},
        "spec.clusterNetwork.services.cidrBlocks[]": {"format": "cidr"},
        "spec.providerSpec": _one_source(),
        "status.apiEndpoints[].port": {"format": "int32", "minimum": 0, "maximum": 65535},
        **_conditions(),
    }


def of_machine() -> Refinements:
    """Return what is to be said of a Machine."""
    return {
        **_machine_spec("spec"),
        "spec.versions": _checked(
            _rule(
                f"{_is_set('self')} == {_is_set('oldSelf')}",
                "controlPlane cannot be added or removed: it makes the machine a control plane for good",
            )
        ),
        "status.lastUpdated": _time(),
        "status.lastOperation.lastUpdated": _time(),
        **_conditions(),
    }


def of_machine_set() -> Refinements:
    """Return what is to be said of a MachineSet."""
    return {
        **_selected_template("MachineSet"),
        "spec.replicas": _count(default=1),
        "spec.minReadySeconds": _count(default=0),
        "spec.deletePolicy": {"default": "Random"},
        "status": {"required": ["replicas"]},
        "status.replicas": _count(),
        "status.fullyLabeledReplicas": _count(),
        "status.readyReplicas": _count(),
        "status.availableReplicas": _count(),
        **_conditions(),
    }


def of_machine_deployment() -> Refinements:
    """Return what is to be said of a MachineDeployment."""
    return {
        **_selected_template("MachineDeployment"),
        **_strategy(),
        "spec.replicas": _count(default=1),
        "spec.minReadySeconds": _count(default=0),
        "spec.revisionHistoryLimit": _count(default=1),
        "spec.progressDeadlineSeconds": _count(default=600),
        "status.replicas": _count(),
        "status.updatedReplicas": _count(),
        "status.readyReplicas": _count(),
        "status.availableReplicas": _count(),
        "status.unavailableReplicas": _count(),
        **_conditions(),
    }


def _selected_template(kind: str) -> Refinements:
    """Return what holds for a selector and the template beside it."""
    mismatch = "`selector` does not match template `labels`"
    at_labels = ".template.metadata.labels"
    return {
        "spec": _checked(
            _rule(_MATCHES_LABELS, mismatch, field_path=at_labels),
            _rule(_MEETS_EXPRESSIONS, mismatch, field_path=at_labels),
        ),
        "spec.selector": _checked(_rule(_SELECTS_SOMETHING, f"empty selector is not valid for {kind}.")),
        "spec.selector.matchLabels": {"maxProperties": MAX_LABELS},
        "spec.selector.matchLabels{}": _LABEL_VALUE,
        "spec.selector.matchExpressions": {"maxItems": MAX_LABELS},
        "spec.selector.matchExpressions[]": _checked(
            _rule(_HAS_RIGHT_VALUES, "In and NotIn need values, Exists and DoesNotExist have none")
        ),
        "spec.selector.matchExpressions[].key": _LABEL_KEY,
        "spec.selector.matchExpressions[].values": {"maxItems": MAX_LABELS},
        "spec.selector.matchExpressions[].values[]": _LABEL_VALUE,
        "spec.template": _checked(
            _rule(
                _KEEPS_CLUSTER,
                f"label {CLUSTER_NAME_LABEL} cannot be changed once it is set: a machine stays in its cluster",
            )
        ),
        **_object_meta("spec.template.metadata"),
        "spec.template.metadata.labels": {"maxProperties": MAX_LABELS},
        "spec.template.metadata.labels{}": _LABEL_VALUE,
        **_machine_spec("spec.template.spec"),
    }


def _strategy() -> Refinements:
    neither = (
        "maxSurge and maxUnavailable cannot both be 0: nothing could be replaced; maxUnavailable is 0 unless it is set"
    )
    rule = f"!({_is_zero('self.maxSurge')} && {_is_zero('self.maxUnavailable')})"
    rolling_update = {"maxSurge": 1, "maxUnavailable": 0}
    return {
        # Whole, for a real API server evaluates rules on a default before the defaults below it are filled in.
        "spec.strategy": {"default": {"type": "RollingUpdate", "rollingUpdate": rolling_update}},
        "spec.strategy.type": {"default": "RollingUpdate"},
        "spec.strategy.rollingUpdate": {"default": rolling_update, **_checked(_rule(rule, neither))},
        "spec.strategy.rollingUpdate.maxSurge": _bound(1, _SURGE_PATTERN),
        "spec.strategy.rollingUpdate.maxUnavailable": _bound(0, _UNAVAILABLE_PATTERN),
    }


def _bound(default: int, percentage: str) -> JsonObject:
    """Return what holds for a number or a percentage; the original read the text "3" as 3 %, which is refused here."""
    return {"default": default, "minimum": 0, "maxLength": 5, "pattern": percentage}


def _machine_spec(path: str) -> Refinements:
    """Return what holds for the spec of a Machine at `path`, whether it is one or a template's."""
    return {
        **_object_meta(f"{path}.metadata"),
        f"{path}.taints[].effect": {"enum": ["NoSchedule", "PreferNoSchedule", "NoExecute"]},
        f"{path}.taints[].timeAdded": _time(),
        f"{path}.providerSpec": _one_source(),
        f"{path}.versions.kubelet": _version(allow_empty=False),
        f"{path}.versions.controlPlane": _version(allow_empty=True),
    }


def _object_meta(path: str) -> Refinements:
    return {
        f"{path}.creationTimestamp": {**_time(), "nullable": True},
        f"{path}.deletionTimestamp": {**_time(), "nullable": True},
    }


def _conditions() -> Refinements:
    return {
        "status.conditions": {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
        "status.conditions[].lastTransitionTime": _time(),
    }


def _version(*, allow_empty: bool) -> JsonObject:
    matches = f"self.matches('{_VERSION_PATTERN}')"
    rule = f"size(self) == 0 || {matches}" if allow_empty else matches
    return {"maxLength": 64, **_checked(_rule(rule, "must be a Kubernetes version such as 1.14.0"))}


def _one_source() -> JsonObject:
    return _checked(_rule("!(has(self.value) && has(self.valueFrom))", "at most one of value and valueFrom may be set"))


def _count(**keywords: int) -> JsonObject:
    """Return what holds for a number of things or seconds: a Go int32 that is not negative."""
    return {"format": "int32", "minimum": 0, **keywords}


def _time() -> JsonObject:
    return {"format": "date-time"}


def _rule(rule: str, message: str, *, field_path: str = "") -> JsonObject:
    return {"rule": rule, "message": message, **({"fieldPath": field_path} if field_path else {})}


def _checked(*rules: JsonObject) -> JsonObject:
    return {"x-kubernetes-validations": list(rules)}


def _is_set(versions: str) -> str:
    return f"(has({versions}.controlPlane) && size({versions}.controlPlane) > 0)"


def _is_zero(bound: str) -> str:
    return f"(type({bound}) == int ? {bound} == 0 : {bound} == '0%')"


def _has_label(template: str, key: str) -> str:
    return f"(has({template}.metadata) && has({template}.metadata.labels) && {key} in {template}.metadata.labels)"


def _keeps_cluster() -> str:
    """Return the rule that the cluster's label of a template stays as it is once it is there."""
    key = f"'{CLUSTER_NAME_LABEL}'"
    before, after = _has_label("oldSelf", key), _has_label("self", key)
    same = f"self.metadata.labels[{key}] == oldSelf.metadata.labels[{key}]"
    return f"!{before} || ({after} && {same})"


_KEEPS_CLUSTER: Final = _keeps_cluster()
_SELECTS_SOMETHING: Final = (
    "(has(self.matchLabels) && size(self.matchLabels) > 0) || "
    "(has(self.matchExpressions) && size(self.matchExpressions) > 0)"
)
_HAS_RIGHT_VALUES: Final = (
    "self.operator in ['In', 'NotIn'] ? has(self.values) && size(self.values) > 0 "
    ": !has(self.values) || size(self.values) == 0"
)
_MATCHES_LABELS: Final = (
    "!has(self.selector.matchLabels) || self.selector.matchLabels.all(key, "
    f"{_has_label('self.template', 'key')} && "
    "self.template.metadata.labels[key] == self.selector.matchLabels[key])"
)
_MEETS_EXPRESSIONS: Final = (
    "!has(self.selector.matchExpressions) || self.selector.matchExpressions.all(term, "
    f"{_has_label('self.template', 'term.key')} ? "
    "(term.operator == 'Exists' || (term.operator in ['In', 'NotIn'] && (term.operator == 'In') == "
    "(has(term.values) && self.template.metadata.labels[term.key] in term.values))) "
    ": term.operator in ['NotIn', 'DoesNotExist'])"
)
