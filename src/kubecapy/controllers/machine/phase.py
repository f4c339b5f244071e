"""Derive the one word that people read from the conditions; pure."""

from kubecapy.api.cluster.v1alpha1 import Machine, MachinePhase
from kubecapy.apimachinery.conditions import is_true
from kubecapy.apimachinery.meta import is_deleting
from kubecapy.controllers.machine_conditions import INSTANCE_READY, NODE_READY, RESERVED


def phase_of(machine: Machine) -> MachinePhase:
    """Return the phase of `machine`; it is written, never read back."""
    conditions = machine.status.conditions
    if is_deleting(machine):
        return "Deleting"
    if machine.status.error_reason is not None:
        return "Failed"
    if is_true(conditions, NODE_READY):
        return "Running"
    if is_true(conditions, INSTANCE_READY):
        return "Provisioned"
    return "Provisioning" if is_true(conditions, RESERVED) else "Pending"
