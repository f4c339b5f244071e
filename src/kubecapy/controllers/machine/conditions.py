"""Name the conditions of a Machine, and derive its phase from them; pure."""

from typing import Final

from kubecapy.api.cluster.v1alpha1 import Machine, MachinePhase
from kubecapy.apimachinery.conditions import is_true
from kubecapy.apimachinery.meta import is_deleting

RESERVED: Final = "Reserved"
"""Ports and addresses are there."""
BOOTSTRAP_READY: Final = "BootstrapReady"
"""The bootstrap data is rendered, and no failure of it is known."""
INSTANCE_READY: Final = "InstanceReady"
"""The server runs."""
NODE_READY: Final = "NodeReady"
"""The Node is linked and ready; written by the Node controller."""
DELETED: Final = "Deleted"
"""Only while the machine is being deleted: what it waits for."""
NODE_REMOVED: Final = "NodeRemoved"
"""Only while the machine is being deleted: why its Node is still there."""

SUMMED_UP: Final = (RESERVED, BOOTSTRAP_READY, INSTANCE_READY, NODE_READY)


def phase_of(machine: Machine) -> MachinePhase:
    """Return the one word that people read; derived from the conditions, never read back."""
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
