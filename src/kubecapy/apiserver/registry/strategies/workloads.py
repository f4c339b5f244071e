"""Write Deployments, StatefulSets, ReplicaSets and DaemonSets.

Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/ (defaults).
"""

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import fill, read_object, section
from kubecapy.apiserver.registry.kinds import Complete, Strategy
from kubecapy.apiserver.registry.strategies.errors import invalid, required, unchanged
from kubecapy.apiserver.registry.strategies.label_selectors import read_label_selector
from kubecapy.apiserver.registry.strategies.pod_templates import default_pod_spec, validate_pod_spec

_ROLLING = {"maxSurge": "25%", "maxUnavailable": "25%"}


def _default_deployment(obj: JsonObject) -> None:
    spec = section(obj, "spec")
    fill(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    strategy = section(spec, "strategy")
    fill(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        fill(section(strategy, "rollingUpdate"), **_ROLLING)
    _default_template(spec)


def _default_stateful_set(obj: JsonObject) -> None:
    spec = section(obj, "spec")
    fill(spec, replicas=1, revisionHistoryLimit=10, podManagementPolicy="OrderedReady")
    fill(section(spec, "updateStrategy"), type="RollingUpdate")
    _default_template(spec)


def _default_replica_set(obj: JsonObject) -> None:
    spec = section(obj, "spec")
    fill(spec, replicas=1)
    _default_template(spec)


def _default_daemon_set(obj: JsonObject) -> None:
    spec = section(obj, "spec")
    fill(spec, revisionHistoryLimit=10)
    fill(section(spec, "updateStrategy"), type="RollingUpdate")
    _default_template(spec)


def _default_template(spec: JsonObject) -> None:
    template = section(spec, "template")
    section(template, "metadata")
    default_pod_spec(section(template, "spec"))


def _validate(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    spec = read_object(obj, "spec")
    errors = _validate_selector(spec)
    replicas = spec.get("replicas", 0)
    if not isinstance(replicas, int) or replicas < 0:
        errors.append(invalid("spec.replicas", replicas, "must be greater than or equal to 0"))
    errors += validate_pod_spec(read_object(spec, "template", "spec"), "spec.template.spec")
    return errors + unchanged(obj, old, "spec", "selector")


def _validate_selector(spec: JsonObject) -> list[FieldError]:
    if not read_object(spec, "selector"):
        return [required("spec.selector")]
    labels = read_object(spec, "template", "metadata", "labels")
    try:
        selects = read_label_selector(spec["selector"]).matches(labels)
    except ValueError as error:
        return [invalid("spec.selector", spec["selector"], str(error))]
    if selects:
        return []
    return [invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")]


def _workload(default: Complete) -> Strategy:
    return Strategy(has_status=True, has_generation=True, default=default, validate=_validate)


DEPLOYMENTS = _workload(_default_deployment)
STATEFUL_SETS = _workload(_default_stateful_set)
REPLICA_SETS = _workload(_default_replica_set)
DAEMON_SETS = _workload(_default_daemon_set)
