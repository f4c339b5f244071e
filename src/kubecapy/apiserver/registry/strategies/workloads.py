"""Write Deployments, StatefulSets, ReplicaSets and DaemonSets.

Sources: pkg/apis/apps/v1/defaults.go and pkg/apis/apps/validation of Kubernetes, v1.36.
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import fill, read, read_object, read_text, section
from kubecapy.apiserver.registry.kinds import Complete, Strategy
from kubecapy.apiserver.registry.strategies.errors import forbidden, invalid, not_supported, required, unchanged
from kubecapy.apiserver.registry.strategies.label_selectors import read_label_selector, validate_label_selector
from kubecapy.apiserver.registry.strategies.pod_templates import default_pod_spec, validate_pod_spec

_NOT_NEGATIVE = "must be greater than or equal to 0"
_GENERATION = "deprecated.daemonset.template.generation"
"""Annotation of a DaemonSet that counts the changes of its template."""
_CHANGEABLE = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
)
"""What of the spec of a StatefulSet may change."""

_Rules = Callable[[JsonObject], Iterable[FieldError]]
"""Says what is wrong with the spec of one kind."""


def _default_deployment(obj: JsonObject) -> None:
    spec = section(obj, "spec")
    fill(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    strategy = section(spec, "strategy")
    fill(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        fill(section(strategy, "rollingUpdate"), maxSurge="25%", maxUnavailable="25%")
    _default_template(spec)


def _default_stateful_set(obj: JsonObject) -> None:
    spec = section(obj, "spec")
    fill(spec, replicas=1, revisionHistoryLimit=10, podManagementPolicy="OrderedReady")
    fill(section(spec, "persistentVolumeClaimRetentionPolicy"), whenDeleted="Retain", whenScaled="Retain")
    strategy = section(spec, "updateStrategy")
    fill(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        fill(section(strategy, "rollingUpdate"), partition=0)
    _default_template(spec)


def _default_replica_set(obj: JsonObject) -> None:
    spec = section(obj, "spec")
    fill(spec, replicas=1)
    _default_template(spec)


def _default_daemon_set(obj: JsonObject) -> None:
    spec = section(obj, "spec")
    fill(spec, revisionHistoryLimit=10)
    strategy = section(spec, "updateStrategy")
    fill(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        fill(section(strategy, "rollingUpdate"), maxSurge=0, maxUnavailable=1)
    _default_template(spec)


def _default_template(spec: JsonObject) -> None:
    template = section(spec, "template")
    section(template, "metadata")
    default_pod_spec(section(template, "spec"))


def _count_template(daemon_set: JsonObject) -> None:
    section(daemon_set["metadata"], "annotations")[_GENERATION] = "1"


def _count_template_change(daemon_set: JsonObject, old: JsonObject) -> None:
    _default_daemon_set(daemon_set)
    count = int(read_text(old, "metadata", "annotations", _GENERATION) or 0)
    if read(daemon_set, "spec", "template") != read(old, "spec", "template"):
        count += 1
    section(daemon_set["metadata"], "annotations")[_GENERATION] = str(count)


def _deployment_errors(spec: JsonObject) -> Iterator[FieldError]:
    yield from _negative(spec, "replicas")
    yield from _selector_errors(spec, "deployment")
    yield from _template_errors(spec)
    yield from _strategy_errors(read_object(spec, "strategy"))
    yield from _negative(spec, "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
    deadline = spec["progressDeadlineSeconds"]
    if deadline <= spec.get("minReadySeconds", 0):
        yield invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")


def _replica_set_errors(spec: JsonObject) -> Iterator[FieldError]:
    yield from _negative(spec, "replicas", "minReadySeconds")
    yield from _selector_errors(spec, "deployment")  # So upstream says.
    yield from _template_errors(spec)


def _stateful_set_errors(spec: JsonObject) -> Iterator[FieldError]:
    policy = spec["podManagementPolicy"]
    if policy not in ("OrderedReady", "Parallel"):
        yield invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'")
    strategy = spec["updateStrategy"]
    if strategy["type"] not in ("RollingUpdate", "OnDelete"):
        yield invalid("spec.updateStrategy", strategy, "must be 'RollingUpdate' or 'OnDelete'")
    yield from _negative(spec, "replicas", "minReadySeconds")
    yield from _selector_errors(spec, "statefulset")
    yield from _template_errors(spec)


def _daemon_set_errors(spec: JsonObject) -> Iterator[FieldError]:
    yield from validate_label_selector(read_object(spec, "selector"), "spec.selector")
    yield from _mismatch(spec)
    if spec.get("selector") == {}:
        yield invalid("spec.selector", {}, "empty selector is invalid for daemonset")
    yield from _pod_errors(spec)
    yield from _negative(spec, "minReadySeconds", "revisionHistoryLimit")


def _negative(spec: JsonObject, *names: str) -> Iterator[FieldError]:
    for name in names:
        if spec.get(name, 0) < 0:
            yield invalid(f"spec.{name}", spec[name], _NOT_NEGATIVE)


def _selector_errors(spec: JsonObject, kind: str) -> Iterator[FieldError]:
    selector = spec.get("selector")
    if selector is None:
        yield required("spec.selector")
        return
    yield from validate_label_selector(selector, "spec.selector")
    if not selector:
        yield invalid("spec.selector", selector, f"empty selector is invalid for {kind}")


def _template_errors(spec: JsonObject) -> Iterator[FieldError]:
    try:
        read_label_selector(spec.get("selector") or {})
    except ValueError:
        yield invalid("spec.selector", spec["selector"], "invalid label selector")
        return
    if spec.get("selector") != {}:
        yield from _mismatch(spec)
    yield from _pod_errors(spec)


def _mismatch(spec: JsonObject) -> Iterator[FieldError]:
    """Yield that the selector does not select what the template makes; an absent one selects nothing."""
    labels, selector = read(spec, "template", "metadata", "labels"), spec.get("selector")
    try:
        is_matched = selector is not None and read_label_selector(selector).matches(labels or {})
    except ValueError:
        return
    if not is_matched:
        wrong = "`selector` does not match template `labels`"
        yield invalid("spec.template.metadata.labels", labels, wrong)


def _pod_errors(spec: JsonObject) -> Iterator[FieldError]:
    pod = read_object(spec, "template", "spec")
    yield from validate_pod_spec(pod, "spec.template.spec")
    if (policy := read_text(pod, "restartPolicy")) != "Always":
        yield not_supported("spec.template.spec.restartPolicy", policy, ("Always",))


def _strategy_errors(strategy: JsonObject) -> Iterator[FieldError]:
    type_, rolling = strategy["type"], strategy.get("rollingUpdate")
    match type_:
        case "Recreate" if rolling is not None:
            wrong = "may not be specified when strategy `type` is 'Recreate'"
            yield forbidden("spec.strategy.rollingUpdate", wrong)
        case "RollingUpdate" if rolling and _is_zero(rolling["maxSurge"]) and _is_zero(rolling["maxUnavailable"]):
            wrong = "may not be 0 when `maxSurge` is 0"
            yield invalid("spec.strategy.rollingUpdate.maxUnavailable", rolling["maxUnavailable"], wrong)
        case "Recreate" | "RollingUpdate":
            pass
        case _:
            # Upstream shows its own form of the strategy here, which has other names.
            shown = msgspec.json.encode({"Type": type_, "RollingUpdate": rolling})
            yield not_supported("spec.strategy", msgspec.Raw(shown), ("Recreate", "RollingUpdate"))


def _is_zero(count: int | str) -> bool:
    return count in (0, "0%")


def _stateful_set_changes(obj: JsonObject, old: JsonObject | None) -> Iterator[FieldError]:
    if old is None or _fixed(obj) == _fixed(old):
        return
    *most, last = (f"'{name}'" for name in _CHANGEABLE)
    wrong = f"updates to statefulset spec for fields other than {', '.join(most)} and {last} are forbidden"
    yield forbidden("spec", wrong)


def _fixed(obj: JsonObject) -> JsonObject:
    return {name: value for name, value in read_object(obj, "spec").items() if name not in _CHANGEABLE}


def _workload(default: Complete, rules: _Rules) -> Strategy:
    def validate(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
        return [*rules(read_object(obj, "spec")), *unchanged(obj, old, "spec", "selector")]

    return Strategy(has_status=True, has_generation=True, default=default, validate=validate)


def _validate_stateful_set(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    return [*_stateful_set_errors(read_object(obj, "spec")), *_stateful_set_changes(obj, old)]


def _validate_daemon_set(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    return [*_daemon_set_errors(read_object(obj, "spec")), *unchanged(obj, old, "spec", "selector")]


DEPLOYMENTS = _workload(_default_deployment, _deployment_errors)
REPLICA_SETS = _workload(_default_replica_set, _replica_set_errors)
STATEFUL_SETS = Strategy(
    has_status=True, has_generation=True, default=_default_stateful_set, validate=_validate_stateful_set
)
DAEMON_SETS = Strategy(
    has_status=True,
    has_generation=True,
    prepare_create=_count_template,
    keep=_count_template_change,
    default=_default_daemon_set,
    validate=_validate_daemon_set,
)
