"""Derive a pod's status from its containers; pure."""

from collections.abc import Sequence
from datetime import datetime

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.times import format_time


def render_pod_status(
    statuses: Sequence[JsonObject], restart_policy: str, ip: str, before: JsonObject, now: datetime
) -> JsonObject:
    """Return the status of a pod whose containers have `statuses`; transition times stay while verdicts do.

    The pod's class of service is not in it: the API server gives it once and for all.
    """
    phase = _phase(statuses, restart_policy)
    ready = phase == "Running" and all(status["ready"] for status in statuses)
    names = [status["name"] for status in statuses if not status["ready"]]
    why = {} if ready else _unready(phase, names)
    conditions = [
        {"type": "Initialized", "status": "True"},
        {"type": "Ready", "status": "True" if ready else "False", **why},
        {"type": "ContainersReady", "status": "True" if ready else "False", **why},
        {"type": "PodScheduled", "status": "True"},
    ]
    since = {(old["type"], old["status"]): old.get("lastTransitionTime") for old in before.get("conditions") or ()}
    stamp = format_time(now)
    for condition in conditions:
        condition["lastTransitionTime"] = since.get((condition["type"], condition["status"])) or stamp
    return {
        "phase": phase,
        "conditions": conditions,
        "containerStatuses": list(statuses),
        "hostIP": ip,
        "podIP": ip,
        "podIPs": [{"ip": ip}],
        "startTime": before.get("startTime") or stamp,
    }


def failed_container(name: str, image: str, reason: str, message: str) -> JsonObject:
    """Return the status of a container that cannot be made yet."""
    return {
        "name": name,
        "image": image,
        "imageID": "",
        "ready": False,
        "restartCount": 0,
        "started": False,
        "state": {"waiting": {"reason": reason, "message": message}},
        "lastState": {},
    }


def _phase(statuses: Sequence[JsonObject], restart_policy: str) -> str:
    states = [status["state"] for status in statuses]
    if all("waiting" in state and state["waiting"].get("reason") != "CrashLoopBackOff" for state in states):
        return "Pending"
    if restart_policy != "Always" and states and all("terminated" in state for state in states):
        return "Succeeded" if all(state["terminated"]["exitCode"] == 0 for state in states) else "Failed"
    return "Running"


def _unready(phase: str, names: Sequence[str]) -> JsonObject:
    if phase == "Succeeded":
        return {"reason": "PodCompleted"}
    return {"reason": "ContainersNotReady", "message": f"containers with unready status: [{' '.join(names)}]"}
