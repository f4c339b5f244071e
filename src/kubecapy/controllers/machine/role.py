"""Decide how a machine becomes part of its cluster: by initializing it, by joining it, or not yet; pure."""

from collections.abc import Sequence
from typing import Literal

from kubecapy.api.cluster.v1alpha1 import ApiEndpoint, Machine, is_control_plane
from kubecapy.apimachinery.meta import is_deleting, key_of

Entry = Literal["init", "join"]


def plan_entry(machine: Machine, machines: Sequence[Machine], endpoint: ApiEndpoint) -> Entry:
    """Return how `machine` enters the cluster that `machines` make up, oldest first.

    Exactly one control plane may initialize: the one that has the endpoint's address, else the oldest. Once another
    control plane has a Node, everybody joins.
    """
    if not is_control_plane(machine):
        return "join"
    candidates = [other for other in machines if is_control_plane(other) and not is_deleting(other)]
    others = [other for other in candidates if key_of(other) != key_of(machine)]
    if any(other.status.node_ref is not None for other in others):
        return "join"
    if _has_address(machine, endpoint.host):
        return "init"
    # Nobody may have it: a load balancer does, or the machine that had it is gone.
    owners = [other for other in others if _has_address(other, endpoint.host)] or candidates
    return "init" if not owners or key_of(owners[0]) == key_of(machine) else "join"


def is_last_control_plane(machine: Machine, machines: Sequence[Machine]) -> bool:
    """Return whether no other control plane than `machine` is among `machines`, those being deleted included."""
    return not any(is_control_plane(other) and key_of(other) != key_of(machine) for other in machines)


def _has_address(machine: Machine, host: str) -> bool:
    return any(address.address == host for address in machine.status.addresses)
