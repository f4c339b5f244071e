"""Speak HTTP/1.1 over TLS with as little work as possible, so that the server is what a load measures.

One connection carries one request at a time. Bodies are taken as they come: of a chunked one the end is found, not
the chunks.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple, TypeVar, cast
from urllib.parse import urlsplit

P = TypeVar("P", "Connection", "Watch")

_LAST_CHUNK = b"0\r\n\r\n"


class Reply(NamedTuple):
    """What came back."""

    status: int
    raw: bytes
    """Head and body."""


class Address(NamedTuple):
    """Where a server is and how to be known there."""

    url: str
    tls: ssl.SSLContext

    @property
    def host(self) -> str:
        """Host name or address, without brackets."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """TCP port."""
        return urlsplit(self.url).port or 443

    def encode(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
        """Return a request as it goes over the wire."""
        lines = {"Host": f"{self.host}:{self.port}", "Content-Length": str(len(body)), **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


class Connection(asyncio.Protocol):
    """A connection that sends a request and waits for its reply."""

    def __init__(self) -> None:
        """Begin unconnected."""
        self._received = bytearray()
        self._reply: asyncio.Future[Reply] | None = None
        self._needed: int | None = None

    async def send(self, request: bytes) -> Reply:
        """Send an encoded request and return the reply."""
        self._received.clear()
        self._needed = None
        self._reply = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._reply

    def close(self) -> None:
        """Drop the connection."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        # A cast: uvloop's transports are no subclass of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take in a piece of the reply."""
        self._received += data
        if self._needed is None:
            self._needed = _needed(self._received)
        if self._needed is not None and self._is_complete(self._needed) and self._reply is not None:
            raw, reply, self._reply = bytes(self._received), self._reply, None
            reply.set_result(Reply(int(raw[9:12]), raw))

    def connection_lost(self, error: Exception | None) -> None:
        """Fail the request that waits."""
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(ConnectionError(f"the server hung up: {error}"))

    def _is_complete(self, needed: int) -> bool:
        # Nothing follows the reply, so a chunked one is complete when it ends with the chunk that ends it.
        return len(self._received) >= needed if needed >= 0 else self._received.endswith(_LAST_CHUNK)


class Watch(asyncio.Protocol):
    """A watch that counts the events that come, without reading them."""

    def __init__(self, mark: bytes, wanted: int) -> None:
        """Count occurrences of `mark`; `done` resolves at `wanted` of them, or where the server ends the watch."""
        self._mark = mark
        self._wanted = wanted
        self._tail = b""
        self.seen = 0
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def open(self, request: bytes) -> None:
        """Send the request of the watch."""
        self._transport.write(request)

    def close(self) -> None:
        """Drop the connection."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        # A cast: uvloop's transports are no subclass of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Count what a piece of the stream holds; a mark may be cut in two."""
        if not self.opened.done():
            self.opened.set_result(None)
        joined = self._tail + data
        self.seen += joined.count(self._mark)
        # One byte less than the mark: the tail alone can hold no whole one, so none is counted twice.
        self._tail = joined[1 - len(self._mark) :]
        if self.seen >= self._wanted and not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        """Let nobody wait for more: a server ends the watch of a client that it finds too slow."""
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(f"the server refused a watch: {error}"))
        if not self.done.done():
            self.done.set_result(None)


@asynccontextmanager
async def connections(address: Address, count: int) -> AsyncIterator[list[Connection]]:
    """Open `count` connections for as long as the block lasts."""
    opened = [await _connect(address, Connection()) for _ in range(count)]
    try:
        yield opened
    finally:
        for connection in opened:
            connection.close()


@asynccontextmanager
async def watches(address: Address, request: bytes, count: int, mark: bytes, wanted: int) -> AsyncIterator[list[Watch]]:
    """Open `count` watches, all with the same request, for as long as the block lasts; all are being told."""
    opened = [await _connect(address, Watch(mark, wanted)) for _ in range(count)]
    try:
        for watch in opened:
            watch.open(request)
        for watch in opened:
            await watch.opened
        yield opened
    finally:
        for watch in opened:
            watch.close()
            watch.done.cancel()


async def _connect(address: Address, protocol: P) -> P:
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: protocol, address.host, address.port, ssl=address.tls)
    return protocol


def _needed(received: bytearray) -> int | None:
    """Return the length of the whole reply, -1 where the last chunk tells it, None while the head is not complete."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    for line in bytes(received[:end]).lower().split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return end + 4 + int(value)
    return -1
