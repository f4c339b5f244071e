"""A hypervisor that keeps its machines in memory: Nova's own fake driver, and what tests of a client miss in it.

A server's metadata may ask for trouble, as it may in devcloud:

    sim_delay   how many seconds the machine takes to start
    sim_fault   `spawn`: every host fails, until the scheduler has no more; `abort`: the first gives up
    sim_crash   at its next reboot the machine stops, and the server is in ERROR with these words
"""

import os
import time
import uuid
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from nova import context as nova_context
from nova import exception
from nova.compute import power_state
from nova.image import glance
from nova.objects import instance as nova_instance
from nova.virt import fake

_NODES = uuid.UUID("6f1f2d5e-5a0e-4a8e-9a80-0d0d0d0d0d0d")
_CONSOLE_BYTES = 100 * 1024


class SimulatedHypervisor(fake.FakeDriver):
    """One host of the cloud."""

    vcpus = 64
    memory_mb = 262_144
    local_gb = 10_000

    def get_available_resource(self, nodename: str) -> dict[str, Any]:  # Any: Nova's own form
        """Return what the host has, with an id that follows from its name: the stock driver draws one at each start."""
        found: dict[str, Any] = super().get_available_resource(nodename)
        return {**found, "uuid": _node_id(nodename)}

    def get_nodenames_by_uuid(self, refresh: bool = False) -> Mapping[str, str]:  # noqa: FBT001, FBT002 - Nova's signature
        """Return the names by these ids."""
        return {_node_id(node): node for node in self.get_available_nodes()}

    def spawn(
        self, context: nova_context.RequestContext, instance: nova_instance.Instance, *rest: object, **more: object
    ) -> None:
        """Start a machine, as late and with the fault that its metadata asks for."""
        wishes = instance.metadata or {}
        time.sleep(float(wishes.get("sim_delay", 0)))
        fault = wishes.get("sim_fault")
        if fault == "spawn":
            raise exception.InstanceDeployFailure(reason="sim_fault=spawn")
        if fault == "abort":
            raise exception.BuildAbortException(instance_uuid=instance.uuid, reason="sim_fault=abort")
        super().spawn(context, instance, *rest, **more)

    def reboot(
        self, context: nova_context.RequestContext, instance: nova_instance.Instance, *rest: object, **more: object
    ) -> None:
        """Boot a machine again, or lose it where its metadata says so."""
        words = (instance.metadata or {}).get("sim_crash")
        if words:
            # Order: Nova puts a server into ERROR only where its machine does not run any more.
            self.instances[instance.uuid].state = power_state.CRASHED
            raise exception.NovaException(words)
        super().reboot(context, instance, *rest, **more)

    def snapshot(
        self, context: Any, instance: Any, image_id: str, update_task_state: Any
    ) -> None:  # Any: Nova's objects
        """Upload an image, which the stock driver never does: the image would stay queued for ever."""
        super().snapshot(context, instance, image_id, update_task_state)
        images = glance.API()
        image = images.get(context, image_id)
        image |= {"disk_format": "raw", "container_format": "bare", "status": "active"}
        image["properties"] = dict(image.get("properties") or {})
        images.update(context, image_id, image, BytesIO(f"snapshot of {instance.uuid}".encode()))

    def get_console_output(self, context: Any, instance: Any) -> bytes:  # Any: Nova's objects
        """Return the end of what the server's guest wrote; nothing where it has none."""
        log = Path(os.environ["KUBECAPY_CONSOLES"]) / f"{instance.uuid}.log"
        return log.read_bytes()[-_CONSOLE_BYTES:] if log.exists() else b""


def _node_id(name: str) -> str:
    return str(uuid.uuid5(_NODES, name))
