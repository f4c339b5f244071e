"""Keep the output of one container in a file of the container runtime's form, and follow it.

Form of a line: `<RFC 3339 time> <stdout|stderr> F <text>`.
Source: https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import msgspec

from kubecapy.apimachinery.times import parse_time
from kubecapy.clock import Clock

MAX_LINE_BYTES = 256 * 1024


class LogQuery(msgspec.Struct, frozen=True):
    """Which part of a log is wanted, and how."""

    follow: bool = False
    tail_lines: int | None = None
    since: datetime | None = None
    timestamps: bool = False
    limit_bytes: int | None = None


class ContainerLog:
    """The log of one run of a container."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Write to `path`, whose folder is made."""
        self._path = path
        self._clock = clock
        self._changed = asyncio.Event()
        self._ended = False
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)

    def write(self, stream: str, line: bytes) -> None:
        """Add one line, without its newline."""
        now = self._clock.now()
        stamp = f"{now:%Y-%m-%dT%H:%M:%S.%f}000Z"
        with self._path.open("ab") as file:
            file.write(f"{stamp} {stream} F ".encode() + line + b"\n")
        self._wake()

    def end(self) -> None:
        """Tell followers that nothing more comes."""
        self._ended = True
        self._wake()

    async def copy(self, stream: str, reader: asyncio.StreamReader) -> None:
        """Write all lines of `reader` until it ends; an overlong line is broken."""
        while True:
            try:
                line = await reader.readuntil(b"\n")
            except asyncio.IncompleteReadError as rest:
                if rest.partial:
                    self.write(stream, rest.partial)
                return
            except asyncio.LimitOverrunError as overrun:
                line = await reader.readexactly(overrun.consumed)
            self.write(stream, line.removesuffix(b"\n"))

    async def read(self, query: LogQuery) -> AsyncIterator[bytes]:
        """Yield the lines that `query` wants, and with `follow` those that come, until the container has ended."""
        sent = 0
        with self._path.open("rb") as file:
            lines = file.read().splitlines(keepends=True)
            for line in _selected(lines, query):
                text = _shown(line, query)
                if query.limit_bytes is not None and sent + len(text) > query.limit_bytes:
                    yield text[: query.limit_bytes - sent]
                    return
                sent += len(text)
                yield text
            while query.follow:
                # Order: ask whether it has ended before reading, so that the last lines are not lost.
                ended = self._ended
                for line in file.read().splitlines(keepends=True):
                    yield _shown(line, query)
                if ended:
                    return
                await self._changed.wait()

    def _wake(self) -> None:
        """Wake everybody who waits now; those who come later wait for the next change."""
        self._changed.set()
        self._changed = asyncio.Event()


def _selected(lines: list[bytes], query: LogQuery) -> list[bytes]:
    since = query.since
    kept = lines if since is None else [line for line in lines if _time_of(line) >= since]
    if query.tail_lines is None:
        return kept
    return kept[len(kept) - min(query.tail_lines, len(kept)) :]


def _time_of(line: bytes) -> datetime:
    # Python reads microseconds at most; the last three digits are always zero here.
    return parse_time(f"{line.partition(b' ')[0].decode()[:26]}Z")


def _shown(line: bytes, query: LogQuery) -> bytes:
    stamp, _, rest = line.partition(b" ")
    text = rest.split(b" ", 2)[2]
    return stamp + b" " + text if query.timestamps else text
