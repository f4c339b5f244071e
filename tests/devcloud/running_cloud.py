"""Run a cloud on real sockets in a thread of its own, so that blocking clients can call it."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import SystemRandom
from typing import Any

from kubecapy.clock import SystemClock
from kubecapy.devcloud.serve import DevCloudServer
from kubecapy.devcloud.settings import DevCloudSettings, Timing

QUICK = Timing(boot_seconds=0.02, schedule_seconds=0.01, delete_seconds=0.02, power_seconds=0.01, volume_seconds=0.01)


@contextmanager
def running_cloud(state_dir: Path, **settings: Any) -> Iterator[DevCloudServer]:
    """Serve a cloud until the block ends; servers boot and go within 20 ms unless `settings` say otherwise."""
    chosen = DevCloudSettings(state_dir=state_dir, **{"timing": QUICK, **settings})
    server = DevCloudServer(chosen, SystemClock(), SystemRandom())
    ready = threading.Event()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        stop = asyncio.Event()
        async with server:
            loops.append((asyncio.get_running_loop(), stop))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="devcloud")
    thread.start()
    try:
        assert ready.wait(10), "the cloud did not start"
        yield server
    finally:
        for loop, stop in loops:
            loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        assert not thread.is_alive(), "the cloud did not stop"


def wait_until(ready: Callable[[], Any]) -> Any:
    """Ask `ready`, which calls the cloud, until it returns something true, and return that; give up after 5 s."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        value = ready()
        if value:
            return value
    raise AssertionError("it did not happen within 5 s")
