"""Listen for TLS connections on several addresses and give each request to one handler."""

import asyncio
import contextlib
import errno
import ssl
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from aiohttp import web

from kubecapy.apiserver.endpoints.bodies import MAX_BODY_BYTES
from kubecapy.apiserver.serving_certificate import ServingCertificate
from kubecapy.apiserver.settings import ApiServerSettings

_SHUTDOWN_SECONDS = 0.5
"""aiohttp waits so long twice: for requests to end, then for them to end cancelled."""
_PORT_ATTEMPTS = 16

RequestHandler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def make_tls_context(settings: ApiServerSettings) -> ssl.SSLContext:
    """Return a context that shows the serving certificate and takes client certificates of the client CA only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.serving_certificate, settings.serving_key)
    context.set_alpn_protocols(["http/1.1"])
    _trust_clients_of(context, settings.client_ca)
    return context


def _trust_clients_of(context: ssl.SSLContext, authority: Path | None) -> None:
    """Verify a client certificate where one is shown; tokens come without."""
    if authority is not None:
        context.load_verify_locations(authority)
        context.verify_mode = ssl.CERT_OPTIONAL


class TlsListener:
    """Accepts connections for as long as its `async with` block lasts."""

    def __init__(self, settings: ApiServerSettings, handler: RequestHandler) -> None:
        """Listen where `settings` say; `handler` is cancelled where its client hangs up."""
        self._settings = settings
        self._handler = handler
        self._sockets: list[asyncio.Server] = []
        self._web: web.Server | None = None
        self.port = settings.port

    async def __aenter__(self) -> Self:
        """Bind all addresses.

        Raises:
            OSError: an address cannot be bound; the message names it.
        """
        self._web = web.Server(
            self._handler,
            request_factory=_make_request,
            handler_cancellation=True,
            # Bounds the head of a request too: aiohttp closes what waits for a whole one so long.
            keepalive_timeout=self._settings.keepalive_seconds,
            access_log=None,
        )
        settings = self._settings
        files = (settings.serving_certificate, settings.serving_key)
        certificate = ServingCertificate(files, lambda: make_tls_context(settings))
        self._sockets = await _bind(self._web, settings.bind_addresses, settings.port, certificate.context)
        self.port = self._sockets[0].sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop accepting, give running requests a second, drop the rest."""
        for server in self._sockets:
            server.close()
        if self._web is not None:
            await _shut_down(self._web)
        for server in self._sockets:
            await server.wait_closed()


async def _shut_down(handler: web.Server) -> None:
    transports = [connection.transport for connection in handler.connections]
    handler.pre_shutdown()
    await handler.shutdown(_SHUTDOWN_SECONDS)
    # A TLS connection closes when its client says goodbye too, and an idle client would not for half a minute.
    for transport in transports:
        if transport is not None:
            # Limit: CPython 3.11.2, Debian 12's, raises where the connection has ended meanwhile.
            with contextlib.suppress(AttributeError):
                # A cast, because uvloop's transports are no subclass of asyncio's.
                cast("asyncio.WriteTransport", transport).abort()
    await asyncio.sleep(0)


async def _bind(
    handler: web.Server, addresses: Sequence[str], port: int, context: ssl.SSLContext
) -> list[asyncio.Server]:
    """Bind all addresses with one port; a free one that is taken on another address is drawn again."""
    for attempt in range(_PORT_ATTEMPTS):
        try:
            return await _bind_all(handler, addresses, port, context)
        except OSError as error:
            if port or error.errno != errno.EADDRINUSE or attempt == _PORT_ATTEMPTS - 1:
                raise
    raise AssertionError("the loop returns or raises")


async def _bind_all(
    handler: web.Server, addresses: Sequence[str], port: int, context: ssl.SSLContext
) -> list[asyncio.Server]:
    loop = asyncio.get_running_loop()
    servers: list[asyncio.Server] = []
    try:
        for address in addresses:
            servers.append(await loop.create_server(handler, address, port, ssl=context, backlog=1024))
            port = port or servers[0].sockets[0].getsockname()[1]
    except OSError:
        for server in servers:
            server.close()
        raise
    return servers


def _make_request(
    message: Any,
    payload: Any,
    protocol: Any,
    writer: Any,
    task: Any,  # Any: aiohttp's own types, passed through
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY_BYTES)
