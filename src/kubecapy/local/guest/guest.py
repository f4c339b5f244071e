"""Live a server's life inside: boot, cloud-init, the units it started, until it is powered off."""

import asyncio
import contextlib
import random
import sys
from pathlib import Path

from kubecapy.clock import Clock
from kubecapy.local.guest.cloud_init.run import CloudInit
from kubecapy.local.guest.console import Console
from kubecapy.local.guest.control_plane import control_plane_components
from kubecapy.local.guest.facts import GuestSpec, ServerFacts
from kubecapy.local.guest.filesystem import GuestFilesystem
from kubecapy.local.guest.host import Host, power_on, prepare_files
from kubecapy.local.guest.kubelet.kubelet import Kubelet
from kubecapy.local.guest.programs import find_program
from kubecapy.local.guest.terminal import Terminal
from kubecapy.local.guest.units import Units
from kubecapy.local.pods import ImageTable
from kubecapy.tasks import TaskScope

END_SECONDS = 5.0
"""How long pods are given when the guest is powered off."""


class Guest:
    """One guest, as tasks of this process."""

    def __init__(self, spec: GuestSpec, clock: Clock, source: random.Random) -> None:
        """Prepare the guest that `spec` describes; nothing runs yet."""
        files = GuestFilesystem(Path(spec.folder) / "root")
        self.host = Host(
            facts=spec.facts,
            files=files,
            console=Console(Path(spec.console), clock),
            units=Units(files),
            clock=clock,
            random=source,
            timing=spec.timing,
        )
        self._user_data = spec.user_data
        self._images = ImageTable(spec.images)
        self._scope = TaskScope("guest")
        self._kubelet: Kubelet | None = None
        self._kubelet_task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Boot and run until cancelled; pods are then ended, and nothing is left running."""
        host = self.host
        host.console.kernel("Linux version 5.4.0-42-generic (simulated guest)")
        await host.clock.sleep(host.timing.kernel_seconds)
        prepare_files(host)
        power_on(host)
        host.units.on_change("kubelet", start=self._start_kubelet, stop=self._stop_kubelet)
        async with self._scope:
            try:
                await self._boot()
                await asyncio.Event().wait()
            finally:
                await self._power_off()

    def update(self, facts: ServerFacts) -> None:
        """Take what the cloud says of the server now."""
        moved = facts.addresses != self.host.facts.addresses
        self.host.facts = facts
        if moved and self._kubelet is not None:
            self._kubelet.addresses_changed()

    async def _boot(self) -> None:
        for name in self.host.units.enabled:
            await self.host.units.start(name)
        await CloudInit(self.host, Terminal(self.host).run_script).run(self._user_data)
        system = self.host.system
        self.host.console.write(f"\n{system.pretty_name} {self.host.hostname} ttyS0\n\n{self.host.hostname} login: \n")

    async def _start_kubelet(self) -> None:
        program = find_program(self.host.files, "kubelet")
        version = f"v{program.version}" if program is not None else ""
        components = control_plane_components(self.host, version)
        self._kubelet = Kubelet(self.host, components, self._images, Path(sys.executable))
        self._kubelet_task = self._scope.start(self._kubelet.run(), name="kubelet")

    async def _stop_kubelet(self) -> None:
        task = self._kubelet_task
        if task is None:
            return
        task.cancel()
        await asyncio.wait({task})
        self._kubelet = self._kubelet_task = None

    async def _power_off(self) -> None:
        """End the pods politely, within a limit, and then every task."""
        if self._kubelet is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(END_SECONDS):
                    await self._kubelet.end()
        self._scope.cancel()
        self.host.console.kernel("reboot: Power down")
