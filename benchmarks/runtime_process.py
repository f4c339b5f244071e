"""Run the controller runtime against a scripted server and tell what it took: reflector, store, queue, worker.

The reconciler reads its object from the informer's copy and is done, so that the runtime alone is measured. Prints a
line when everything is in the copy, and what it found as a JSON object when all changes are worked off.
"""

import asyncio
import gc
import os
import sys
import time
from pathlib import Path
from random import Random

from benchmarks.process_usage import measure_memory
from benchmarks.runtime import CACHED, EVENTS, OBJECTS, Findings
from kubecapy.api.cluster.v1alpha1.machine import MACHINES, Machine
from kubecapy.apimachinery.codec import encode
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.client import kubeconfig
from kubecapy.client.http import HttpClient
from kubecapy.clock import SystemClock
from kubecapy.daemons.process import run_process
from kubecapy.runtime.controller import Controller
from kubecapy.runtime.informer import Informer
from kubecapy.runtime.manager import Manager
from kubecapy.runtime.reconciler import DONE, Result
from kubecapy.runtime.sources import for_object
from kubecapy.tasks import TaskScope

_POLL_SECONDS = 0.002


class _Reader:
    """Reads each object that it is called for."""

    def __init__(self, machines: Informer[Machine]) -> None:
        self._machines = machines
        self.passes = 0

    async def reconcile(self, key: ObjectKey) -> Result:
        """Read the object from the local copy."""
        self._machines.get(key)
        self.passes += 1
        return DONE


async def _measure(content: bytes) -> None:
    clock = SystemClock()
    async with HttpClient(kubeconfig.load(content), clock) as client, TaskScope("bench") as scope:
        before = measure_memory([os.getpid()])
        manager = Manager(client, clock, Random(1))
        machines = manager.informer(MACHINES)
        reader = _Reader(machines)
        controller = Controller("bench", reader, workers=4, sources=[for_object(machines)])
        manager.add_controller(controller)
        scope.start(manager.run(), name="manager")
        while reader.passes < OBJECTS:
            await asyncio.sleep(_POLL_SECONDS)
        gc.collect()
        cached = measure_memory([os.getpid()])

        print(CACHED, flush=True)
        while not machines.statistics().deltas:
            await asyncio.sleep(_POLL_SECONDS)
        cpu, began = time.process_time(), time.perf_counter()
        while machines.statistics().deltas < EVENTS or controller.statistics().depth:
            await asyncio.sleep(_POLL_SECONDS)
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
        manager.stop()
    findings = Findings(
        events_per_second=EVENTS / seconds,
        cpu_microseconds_per_event=cpu_seconds / EVENTS * 1e6,
        passes_per_event=(reader.passes - OBJECTS) / EVENTS,
        memory_before_mib=before,
        memory_cached_mib=cached,
    )
    print(encode(findings).decode())


if __name__ == "__main__":
    run_process(_measure(Path(sys.argv[1]).read_bytes()))
