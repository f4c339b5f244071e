"""Say in a few words how far a Machine is, and why it is no further."""

from kubecapy.api.cluster.v1alpha1 import Cluster, Machine
from kubecapy.apimachinery.conditions import Condition, find_condition, is_true
from kubecapy.apimachinery.meta import is_deleting

READY_CONDITION = "Ready"
DELETED_CONDITION = "Deleted"
"""Says what a deletion waits for, while it lasts."""
HOSTS_CONTROLLER_REASON = "HostsController"


def is_ready(machine: Machine) -> bool:
    """Return whether the Machine's Node runs and is Ready."""
    return is_true(machine.status.conditions, READY_CONDITION) and machine.status.node_ref is not None


def has_node(machine: Machine) -> bool:
    """Return whether the Machine's Node registered; it may wait for a network before it is Ready."""
    return machine.status.node_ref is not None


def terminal_error(machine: Machine) -> str | None:
    """Return the sentence of an error that only a changed manifest can mend; None where there is none."""
    status = machine.status
    if status.error_reason is None:
        return None
    return f"machine {machine.metadata.name}: {status.error_message or status.error_reason}"


def hosts_controller(machine: Machine) -> bool:
    """Return whether the controller refuses to delete `machine` because it runs there itself."""
    found = find_condition(machine.status.conditions, DELETED_CONDITION)
    return found is not None and found.status != "True" and found.reason == HOSTS_CONTROLLER_REASON


def why_waiting(machine: Machine) -> str:
    """Return how far `machine` is: its phase and the first condition that does not hold, with its message."""
    if is_deleting(machine):
        return _join("Deleting", _find_deletion(machine.status.conditions))
    return _join(machine.status.phase or "Pending", _first_missing(machine.status.conditions))


def why_cluster_waits(cluster: Cluster) -> str:
    """Return why `cluster` is not complete or not gone yet."""
    if is_deleting(cluster):
        return _join("being deleted", _find_deletion(cluster.status.conditions))
    return _join("not complete", _first_missing(cluster.status.conditions))


def _find_deletion(conditions: tuple[Condition, ...]) -> Condition | None:
    """Return what a deletion waits for; the other conditions are no news then."""
    found = find_condition(conditions, DELETED_CONDITION)
    return None if found is None or found.status == "True" else found


def _first_missing(conditions: tuple[Condition, ...]) -> Condition | None:
    """Return the first condition that does not hold; the summary last, as it says the least."""
    missing = [condition for condition in conditions if condition.status != "True"]
    return min(missing, key=lambda condition: condition.type == READY_CONDITION, default=None)


def _join(state: str, condition: Condition | None) -> str:
    if condition is None:
        return state
    return f"{state}, {condition.type}: {condition.message or condition.reason or condition.status}"
