"""Say how pods look in a table.

Source: k8s.io/kubernetes pkg/printers/internalversion/printers.go, printPod.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import read, read_count, read_objects, read_text
from kubecapy.apiserver.registry.ages import format_age
from kubecapy.apiserver.registry.columns.general import AGE, NONE, at, wide
from kubecapy.apiserver.registry.kinds import Column

_ENDED = ("Succeeded", "Failed")


def ready(pod: JsonObject, _now: datetime) -> str:
    """Return how many of the pod's containers are ready, such as `1/1`; sidecars count as containers."""
    sidecars = _sidecars(pod)
    started = [item for item in _first_statuses(pod) if item.get("name") in sidecars and item.get("started") is True]
    running = [item for item in _statuses(pod) if _is_running(item)] if _has_begun(pod) else []
    count = sum(1 for item in (*started, *running) if item.get("ready") is True)
    return f"{count}/{len(read_objects(pod, 'spec', 'containers')) + len(sidecars)}"


def status(pod: JsonObject, _now: datetime) -> str:
    """Return the one word that says how the pod is: what keeps or kept a container, else the phase."""
    if read(pod, "metadata", "deletionTimestamp"):
        if read_text(pod, "status", "reason") == "NodeLost":
            return "Unknown"
        if read_text(pod, "status", "phase") not in _ENDED:
            return "Terminating"
    shown = read_text(pod, "status", "reason") or read_text(pod, "status", "phase")
    if _has_condition(pod, "PodScheduled", reason="SchedulingGated"):
        shown = "SchedulingGated"
    shown = _first_reason(pod) or shown
    return _main_reason(pod, shown) if _has_begun(pod) else shown


def restarts(pod: JsonObject, now: datetime) -> str:
    """Return how often the pod's containers were started again, and how long ago the last time."""
    if _has_begun(pod):
        sidecars = _sidecars(pod)
        counted = [*_statuses(pod), *(item for item in _first_statuses(pod) if item.get("name") in sidecars)]
    else:
        counted = list(_until_the_one_that_runs(pod))
    count = sum(read_count(item, "restartCount") for item in counted)
    last = max((read_text(item, "lastState", "terminated", "finishedAt") for item in counted), default="")
    return f"{count} ({format_age(last, now)} ago)" if count and last else str(count)


def _readiness_gates(pod: JsonObject, _now: datetime) -> str:
    gates = read_objects(pod, "spec", "readinessGates")
    open_ = sum(1 for gate in gates if _has_condition(pod, str(gate.get("conditionType")), status="True"))
    return f"{open_}/{len(gates)}" if gates else NONE


def _statuses(pod: JsonObject) -> Sequence[JsonObject]:
    return read_objects(pod, "status", "containerStatuses")


def _first_statuses(pod: JsonObject) -> Sequence[JsonObject]:
    return read_objects(pod, "status", "initContainerStatuses")


def _sidecars(pod: JsonObject) -> set[object]:
    """Return the names of the first containers that keep running."""
    first = read_objects(pod, "spec", "initContainers")
    return {item.get("name") for item in first if item.get("restartPolicy") == "Always"}


def _has_begun(pod: JsonObject) -> bool:
    """Return whether the first containers are through, so that the others count."""
    return not _first_reason(pod) or _has_condition(pod, "Initialized", status="True")


def _until_the_one_that_runs(pod: JsonObject) -> Iterable[JsonObject]:
    """Yield the first containers that are through, and the one that is not."""
    sidecars = _sidecars(pod)
    for item in _first_statuses(pod):
        yield item
        if not _is_through(item, sidecars):
            return


def _is_through(item: JsonObject, sidecars: set[object]) -> bool:
    ended = read(item, "state", "terminated")
    if isinstance(ended, dict) and not read_count(ended, "exitCode"):
        return True
    return item.get("name") in sidecars and item.get("started") is True


def _first_reason(pod: JsonObject) -> str:
    """Return what the first containers are at; empty where they are through."""
    sidecars = _sidecars(pod)
    for index, item in enumerate(_first_statuses(pod)):
        if _is_through(item, sidecars):
            continue
        if isinstance(read(item, "state", "terminated"), dict):
            return f"Init:{_end_of(item)}"
        waits = read_text(item, "state", "waiting", "reason")
        if waits and waits != "PodInitializing":
            return f"Init:{waits}"
        return f"Init:{index}/{len(read_objects(pod, 'spec', 'initContainers'))}"
    return ""


def _main_reason(pod: JsonObject, shown: str) -> str:
    """Return what the first container that has something to say says; `shown` where none has."""
    for item in reversed(_statuses(pod)):
        waits = read_text(item, "state", "waiting", "reason")
        if waits:
            shown = waits
        elif isinstance(read(item, "state", "terminated"), dict):
            shown = _end_of(item)
    if shown == "Completed" and any(_is_running(item) and item.get("ready") is True for item in _statuses(pod)):
        return "Running" if _has_condition(pod, "Ready", status="True") else "NotReady"
    return shown


def _end_of(item: JsonObject) -> str:
    reason = read_text(item, "state", "terminated", "reason")
    signal = read_count(item, "state", "terminated", "signal")
    return reason or (
        f"Signal:{signal}" if signal else f"ExitCode:{read_count(item, 'state', 'terminated', 'exitCode')}"
    )


def _is_running(item: JsonObject) -> bool:
    return isinstance(read(item, "state", "running"), dict)


def _has_condition(pod: JsonObject, type_: str, **wanted: str) -> bool:
    found = (item for item in read_objects(pod, "status", "conditions") if item.get("type") == type_)
    return any(wanted.items() <= {name: item.get(name) for name in wanted}.items() for item in found)


COLUMNS = (
    Column("Ready", ready, "Ready containers of all containers."),
    Column("Status", status, "Phase, or the reason why a container does not run."),
    Column("Restarts", restarts, "Restarts of all containers."),
    AGE,
    wide("IP", at("status", "podIP", absent=NONE)),
    wide("Node", at("spec", "nodeName", absent=NONE)),
    wide("Nominated Node", at("status", "nominatedNodeName", absent=NONE)),
    wide("Readiness Gates", _readiness_gates),
)
