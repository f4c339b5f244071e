"""Run one guest as a process: `python -m kubecapy.local.guest`.

Standard input carries one JSON line with a `GuestSpec`, and later lines with `ServerFacts` whenever the server changes
in its cloud. The end of the input is the end of the guest: it cannot outlive whoever started it. SIGTERM ends it too.
"""

import asyncio
import contextlib
import random
import signal
import sys
from typing import BinaryIO

import msgspec

from kubecapy.clock import SystemClock
from kubecapy.local.guest.facts import GuestSpec, ServerFacts
from kubecapy.local.guest.guest import Guest
from kubecapy.tasks import TaskScope
from kubecapy.telemetry.logs import configure

MAX_LINE_BYTES = 4 * 1024 * 1024


def main() -> None:
    """Run the guest that standard input describes."""
    configure(verbosity=0)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(sys.stdin.buffer))


async def _run(source: BinaryIO) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_read_pipe(lambda: protocol, source)
    line = await reader.readline()
    if not line.endswith(b"\n"):
        sys.stderr.write("kubecapy.local.guest: expected a guest's description, one JSON line, on standard input\n")
        transport.close()
        return
    guest = Guest(msgspec.json.decode(line, type=GuestSpec), SystemClock(), random.SystemRandom())
    async with TaskScope("main") as scope:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, scope.cancel)
        scope.start(guest.run(), name="guest")
        scope.start(_follow(guest, reader, scope), name="facts")
    transport.close()


async def _follow(guest: Guest, reader: asyncio.StreamReader, scope: TaskScope) -> None:
    """Give the guest each new description; end it with the input."""
    while line := await reader.readline():
        guest.update(msgspec.json.decode(line, type=ServerFacts))
    scope.cancel()


if __name__ == "__main__":
    main()
