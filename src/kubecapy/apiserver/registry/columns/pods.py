"""Say how pods look in a table."""

from datetime import datetime

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import read, read_count, read_objects, read_text
from kubecapy.apiserver.registry.columns.general import AGE, NONE, at, wide
from kubecapy.apiserver.registry.kinds import Column


def ready(obj: JsonObject, _now: datetime) -> str:
    """Return how many of the pod's containers are ready, such as `1/1`."""
    statuses = read_objects(obj, "status", "containerStatuses")
    return f"{sum(1 for status in statuses if status.get('ready'))}/{len(read_objects(obj, 'spec', 'containers'))}"


def status(obj: JsonObject, _now: datetime) -> str:
    """Return the one word that says how the pod is: a container's reason where one waits or ended, else the phase."""
    if read(obj, "metadata", "deletionTimestamp"):
        return "Unknown" if read_text(obj, "status", "reason") == "NodeLost" else "Terminating"
    shown = read_text(obj, "status", "reason") or read_text(obj, "status", "phase")
    for container in reversed(read_objects(obj, "status", "containerStatuses")):
        shown = _container_reason(container) or shown
    return shown


def restarts(obj: JsonObject, _now: datetime) -> str:
    """Return how often the pod's containers were started again."""
    return str(sum(read_count(item, "restartCount") for item in read_objects(obj, "status", "containerStatuses")))


def _container_reason(container: JsonObject) -> str:
    waiting = read_text(container, "state", "waiting", "reason")
    if waiting:
        return waiting
    ended = read(container, "state", "terminated")
    if not isinstance(ended, dict):
        return ""
    return read_text(ended, "reason") or f"ExitCode:{read_count(ended, 'exitCode')}"


COLUMNS = (
    Column("Ready", ready, "Ready containers of all containers."),
    Column("Status", status, "Phase, or the reason why a container does not run."),
    Column("Restarts", restarts, "Restarts of all containers."),
    AGE,
    wide("IP", at("status", "podIP", absent=NONE)),
    wide("Node", at("spec", "nodeName", absent=NONE)),
    wide("Nominated Node", at("status", "nominatedNodeName", absent=NONE)),
    wide("Readiness Gates", lambda _obj, _now: NONE),
)
