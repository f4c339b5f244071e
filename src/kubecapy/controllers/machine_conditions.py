"""Name the conditions of a Machine: how its reconcilers tell each other, and people, how far it is."""

from collections.abc import Mapping
from typing import Final

from kubecapy.contract.actuators import InstanceState

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

INSTANCE_REASONS: Final[Mapping[InstanceState, str]] = {
    "Pending": "InstancePending",
    "Running": "InstanceRunning",
    "Stopped": "InstanceStopped",
    "Failed": "InstanceFailed",
    "Deleting": "InstanceDeleting",
}
"""Reason of InstanceReady for each state of a server."""
INSTANCE_OVERDUE: Final = "InstanceOverdue"
"""Reason of InstanceReady: the cloud has been building the server for longer than it should."""
INSTANCE_MISSING: Final = "InstanceMissing"
"""Reason of InstanceReady: the server that was made is gone, and another will be made."""
BOOT_FAILED: Final = "BootstrapFailed"
"""Reason of BootstrapReady: the console shows that the boot failed."""
