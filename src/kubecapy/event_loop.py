"""Choose the event loop that a process runs on: the fastest that is installed."""

import asyncio
import importlib
import importlib.util
from collections.abc import Callable


def fastest_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return the loop factory of uvloop where it is installed, for `asyncio.Runner`; None means the standard one."""
    if importlib.util.find_spec("uvloop") is None:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = importlib.import_module("uvloop").new_event_loop
    return factory
