"""Send HTTP requests to one API server, retrying only what is safe to send twice.

| what happened | GET | other methods |
|---|---|---|
| connection refused, name unknown: nothing was sent | again, at most `MAX_ATTEMPTS` times | again |
| connection lost, no reply in time | again | `Unreachable` |
| 429 | again after Retry-After | again after Retry-After: the server did nothing |
| 503 with Retry-After | again | the error |
| 401 and the token may have been renewed | once more | once more |
| anything else | the error | the error |
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from kubecapy.apimachinery.errors import ServiceUnavailable, StatusError, TooManyRequests, Unauthorized
from kubecapy.client.connection import Connection, Impersonation
from kubecapy.client.credentials import Identity, credentials_of
from kubecapy.client.interfaces import Unreachable
from kubecapy.client.sessions import Sessions
from kubecapy.client.wire import error_of_reply
from kubecapy.clock import Clock

NO_REPLY = "<error>"
"""What observers are told in place of a code, as client-go's metrics have it."""
MAX_ATTEMPTS = 3
"""Tries of one request, the first included."""
RETRY_SECONDS = 0.2
"""Wait before the second try; doubled before the third."""
MAX_RETRY_AFTER_SECONDS = 10.0
"""A server that asks for a longer wait is answered by the caller's own backoff."""


class Deadlines(msgspec.Struct, frozen=True):
    """How long to wait for a server."""

    connect_seconds: float = 10.0
    """For the TCP and TLS handshakes."""
    request_seconds: float = 60.0
    """For a whole request, its body included; of a stream, for its headers. kube-apiserver's own limit is 60 s."""
    idle_watch_seconds: float = 90.0
    """For the next bytes of a watch; servers send bookmarks about every minute."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request."""

    method: str
    path: str
    query: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"
    accept: str = "application/json"

    def __repr__(self) -> str:
        """Return method and path: a body may hold secrets."""
        return f"{self.method} {self.path}"


class RequestObserver(Protocol):
    """Is told of every try of a request."""

    def __call__(self, method: str, host: str, code: str, seconds: float | None, /) -> None:
        """Take a try; `code` is `<error>` where no reply came, `seconds` is None where its body is a stream."""
        ...


class Transport:
    """Owns the connections to one API server; open it with `async with`."""

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        deadlines: Deadlines,
        observer: RequestObserver | None = None,
    ) -> None:
        """Keep what is needed; nothing is opened yet."""
        self._connection = connection
        self._clock = clock
        self._deadlines = deadlines
        self._observer = observer
        self._credentials = credentials_of(connection, clock)
        self._sessions = Sessions(connection, clock)
        self._base = URL(connection.server)
        self._impersonation = _impersonation_headers(connection.impersonation)

    async def __aenter__(self) -> Self:
        """Open the pool. Raises TlsSettingsError where certificates are unusable."""
        await self._sessions.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection; streams that are still open end with Unreachable."""
        await self._sessions.__aexit__(kind, error, trace)

    async def send(self, request: Request) -> bytes:
        """Return the body of the reply.

        Raises:
            StatusError: the reply is no success.
            Unreachable: no reply came.
        """
        wait = RETRY_SECONDS
        for attempt in range(1, MAX_ATTEMPTS + 1):
            identity = await self._credentials.current()
            try:
                return await self._send_once(request, identity)
            except (StatusError, Unreachable) as error:
                if attempt == MAX_ATTEMPTS or (attempt > 1 and isinstance(error, Unauthorized)):
                    raise
                delay = self._retry_delay(request, error, wait, identity)
                if delay is None:
                    raise
            await self._clock.sleep(delay)
            wait *= 2
        raise AssertionError("the last attempt returns or raises")

    @contextlib.asynccontextmanager
    async def open(self, request: Request, idle_seconds: float | None) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a reply whose body is read chunk by chunk; at most `idle_seconds` may pass between chunks.

        Raises:
            StatusError: the reply is no success.
            Unreachable: no reply came, or the stream broke off.
        """
        limits = aiohttp.ClientTimeout(total=None, sock_connect=self._deadlines.connect_seconds, sock_read=idle_seconds)
        identity = await self._credentials.current()
        async with AsyncExitStack() as stack:
            code = NO_REPLY
            try:
                async with asyncio.timeout(self._deadlines.request_seconds):
                    reply = await stack.enter_async_context(self._reply(request, limits, identity))
                    code = str(reply.status)
                    if reply.status >= 300:
                        self._check(reply, await self._body(reply))
            except TimeoutError as error:
                raise self._unreachable(error) from error
            except Unauthorized:
                # A stream is not sent again here, but the next one is not refused for the same reason.
                self._credentials.forget(identity)
                raise
            finally:
                self._observe(request, code, None)
            yield await stack.enter_async_context(contextlib.aclosing(self._chunks(reply)))

    def _retry_delay(
        self, request: Request, error: StatusError | Unreachable, wait: float, identity: Identity
    ) -> float | None:
        """Return the seconds after which `request` may be sent again; None where it may not."""
        is_read = request.method == "GET"
        match error:
            case _NotSent():
                return wait
            case Unreachable():
                return wait if is_read else None
            case TooManyRequests() | ServiceUnavailable():
                asked = error.details.retry_after_seconds if error.details else None
                is_safe = is_read or isinstance(error, TooManyRequests)
                return float(asked) if is_safe and asked is not None and asked <= MAX_RETRY_AFTER_SECONDS else None
            case Unauthorized():
                return 0.0 if self._credentials.forget(identity) else None
            case _:
                return None

    async def _send_once(self, request: Request, identity: Identity) -> bytes:
        limits = aiohttp.ClientTimeout(
            total=self._deadlines.request_seconds, sock_connect=self._deadlines.connect_seconds
        )
        started = self._clock.monotonic()
        code = NO_REPLY
        try:
            async with self._reply(request, limits, identity) as reply:
                body = await self._body(reply)
                code = str(reply.status)
                self._check(reply, body)
                return body
        finally:
            self._observe(request, code, self._clock.monotonic() - started)

    @contextlib.asynccontextmanager
    async def _reply(
        self, request: Request, limits: aiohttp.ClientTimeout, identity: Identity
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        async with self._sessions.session(identity.pair) as session:
            try:
                reply = await session.request(
                    request.method,
                    self._base.with_path(self._base.path.rstrip("/") + request.path).with_query(request.query),
                    data=request.body,
                    headers=self._headers(request, identity),
                    timeout=limits,
                    allow_redirects=False,
                    proxy=self._connection.proxy_url or None,
                    server_hostname=self._connection.tls_server_name or None,
                )
            except (aiohttp.ClientError, OSError) as error:
                raise self._unreachable(error) from error
            async with reply:
                yield reply

    def _headers(self, request: Request, identity: Identity) -> Sequence[tuple[str, str]]:
        headers = [("Accept", request.accept), *self._impersonation]
        if identity.token is not None:
            headers.append(("Authorization", f"Bearer {identity.token.reveal()}"))
        if request.body is not None:
            headers.append(("Content-Type", request.content_type))
        return headers

    def _check(self, reply: aiohttp.ClientResponse, body: bytes) -> None:
        """Raise the error that a reply is, where it is none of success."""
        if reply.status >= 300:
            raise error_of_reply(reply.status, body, reply.headers.get("Retry-After", ""))

    async def _body(self, reply: aiohttp.ClientResponse) -> bytes:
        try:
            return await reply.read()
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(error) from error

    def _observe(self, request: Request, code: str, seconds: float | None) -> None:
        if self._observer is not None:
            self._observer(request.method, self._base.authority, code, seconds)

    async def _chunks(self, reply: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
        try:
            async for chunk in reply.content.iter_any():
                yield chunk
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> Unreachable:
        kind = _NotSent if isinstance(error, aiohttp.ClientConnectorError) else Unreachable
        return kind(f"{self._connection.server}: {_cause(error)}")


def _impersonation_headers(wanted: Impersonation | None) -> Sequence[tuple[str, str]]:
    """Return the headers that client-go sends (transport/round_trippers.go); extra names are percent-encoded."""
    if wanted is None:
        return ()
    return (
        ("Impersonate-User", wanted.user),
        *((("Impersonate-Uid", wanted.uid),) if wanted.uid else ()),
        *(("Impersonate-Group", group) for group in wanted.groups),
        *((f"Impersonate-Extra-{quote(name, safe='')}", value) for name, values in wanted.extra for value in values),
    )


class _NotSent(Unreachable):
    """No connection could be made: the server saw nothing of the request."""


def _cause(error: Exception) -> str:
    """Return in words why no reply came; aiohttp's own texts show the insides of its connector."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            found = error.certificate_error
            reason = found.verify_message if isinstance(found, ssl.SSLCertVerificationError) else str(found)
            return f"its certificate is not trusted: {reason}"
        case aiohttp.ClientConnectorSSLError():
            return f"the TLS handshake failed: {getattr(error.os_error, 'reason', None) or 'the server closed it'}"
        case aiohttp.ClientConnectorDNSError():
            return "its host name is unknown"
        case aiohttp.ClientConnectorError():
            return _os_cause(error.os_error)
        case TimeoutError():
            return "no answer in time"
        case aiohttp.ServerDisconnectedError():
            return "the connection was closed before the reply"
        case aiohttp.ClientPayloadError():
            return "the connection was closed in the middle of the reply"
        case OSError():
            return _os_cause(error)
        case _:
            return f"the request failed ({type(error).__name__})"


def _os_cause(error: OSError) -> str:
    text = error.strerror or type(error).__name__
    # asyncio words it "Connect call failed ('127.0.0.1', 6443)"; the address is in the URL already.
    if isinstance(error, ConnectionRefusedError) or "Connect call failed" in text:
        return "connection refused"
    return text.lower()
