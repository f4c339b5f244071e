"""Run the controllers in a process of their own that can be killed at any cloud call and started again.

A fork server has imported everything already, so a start costs milliseconds instead of the SDK's seconds.
"""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import SystemRandom

from kubecapy.client import kubeconfig
from kubecapy.client.http import HttpClient
from kubecapy.clock import SystemClock
from kubecapy.controllers.settings import ControllerSettings
from kubecapy.local.controllers import ControllerWiring, open_controllers
from kubecapy.telemetry import logs

PRELOADED = [
    "kubecapy.local.controllers",
    "kubecapy.providers.openstack.plugin",
    "kubecapy.client.http",
    "openstack.connection",
    "keystoneauth1.session",
]
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(PRELOADED)


@contextmanager
def controllers(
    kubeconfig_path: Path, environ: Mapping[str, str], log: Path, poll_seconds: float = 0.1
) -> Iterator[BaseProcess]:
    """Run the Cluster and Machine controllers against a management cluster and the cloud that `environ` names."""
    arguments = (str(kubeconfig_path), dict(environ), str(log), poll_seconds)
    process = _CONTEXT.Process(target=_run, args=arguments, daemon=True)
    process.start()
    try:
        yield process
    finally:
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
        process.join()
        process.close()


def _run(kubeconfig_path: str, environ: dict[str, str], log: str, poll_seconds: float) -> None:
    with Path(log).open("a", encoding="utf-8") as stream:
        logs.configure(verbosity=4, stream=stream)
        asyncio.run(_reconcile(Path(kubeconfig_path), environ, poll_seconds))


async def _reconcile(kubeconfig_path: Path, environ: dict[str, str], poll_seconds: float) -> None:
    clock = SystemClock()
    async with HttpClient(kubeconfig.load(kubeconfig_path.read_bytes()), clock) as client:
        wiring = ControllerWiring(
            client=client,
            clock=clock,
            random=SystemRandom(),
            names=frozenset({"cluster", "machine"}),
            provider="openstack",
            environ=environ,
            settings=ControllerSettings(poll_seconds=poll_seconds),
        )
        async with open_controllers(wiring) as manager:
            await manager.run()
