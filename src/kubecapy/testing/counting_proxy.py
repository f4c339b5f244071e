"""Stand between clients and OpenStack's services: see every call, and cut those that a test chooses.

    client ──► http://127.0.0.1:port/<service>/... ──► the service

An address of a service inside an answer becomes the proxy's. The catalog that a login through the proxy brings then
leads every later call through it too, links to the next page included: a client needs no more than another `auth_url`.
The proxy reads nothing of a request but its line, so it works with any service and keeps no secret.
"""

import os
import signal
import ssl
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any, Final, Literal, Self

import aiohttp
import msgspec
from aiohttp import hdrs, web
from yarl import URL

When = Literal["before", "after"]

_OF_ONE_CONNECTION: Final = frozenset(
    name.lower()
    for name in (
        hdrs.CONNECTION,
        hdrs.KEEP_ALIVE,
        hdrs.TE,
        hdrs.TRAILER,
        hdrs.TRANSFER_ENCODING,
        hdrs.UPGRADE,
        hdrs.CONTENT_LENGTH,
        hdrs.CONTENT_ENCODING,
        hdrs.ACCEPT_ENCODING,
        hdrs.HOST,
    )
)
"""Headers that each side makes for itself (RFC 9110 7.6.1), and those of the body's form, which may change here."""
_BODY_BYTES_MAX: Final = 2**30


class ProxiedCall(msgspec.Struct, frozen=True):
    """One call, as the ledger keeps it."""

    service: str
    """As `CountingProxy` was told to call it."""
    method: str
    path: str
    """Below the service's root."""
    query: str
    user_agent: str
    status: int
    """0 where the client got no answer."""

    @property
    def is_write(self) -> bool:
        """Whether it may have changed something; a login is none."""
        return self.method not in ("GET", "HEAD", "OPTIONS") and not self.path.endswith("/auth/tokens")


class Strike(msgspec.Struct, frozen=True):
    """Cut the connection of one call: `before` it reaches the service, or `after`, so that only the answer is lost."""

    nth: int
    """Which call from now on, 1 is the next."""
    when: When
    pid: int | None = None
    """A process to kill with SIGKILL at that moment; None kills none."""
    writes_only: bool = False
    """Whether only calls that may change something count."""


class CountingProxy:
    """Passes calls on for as long as its `async with` block lasts, over http on a free port of 127.0.0.1."""

    def __init__(self, services: Mapping[str, str], trusted: ssl.SSLContext | None = None) -> None:
        """Stand before `services`: root URL by the name that becomes the first part of the path.

        `trusted` verifies services that speak https; None takes the system's authorities.
        """
        self._services = {name: url.rstrip("/") for name, url in services.items()}
        self._trusted = trusted
        self._calls: list[ProxiedCall] = []
        self._strike: Strike | None = None
        self._seen = 0
        self._struck = False
        self._url = ""
        self._stack = AsyncExitStack()
        self._client: aiohttp.ClientSession | None = None

    @property
    def url(self) -> str:
        """The proxy's own address, without a slash at its end."""
        return self._url

    @property
    def calls(self) -> tuple[ProxiedCall, ...]:
        """Every call since the beginning or the last `clear`, in the order in which they ended."""
        return tuple(self._calls)

    @property
    def has_struck(self) -> bool:
        """Whether the call that `strike` chose has come."""
        return self._struck

    def address_of(self, url: str) -> str:
        """Return where the proxy serves `url`, an address of one of the services, such as an `auth_url`."""
        return self._renamed(url.encode()).decode()

    def clear(self) -> None:
        """Forget the calls so far."""
        self._calls.clear()

    def count(self) -> Counter[tuple[str, str]]:
        """Return how many calls of each service and method there were."""
        return Counter((call.service, call.method) for call in self._calls)

    def strike(self, strike: Strike | None) -> None:
        """Put `strike` in force in place of an earlier one; None lets every call pass."""
        self._strike, self._seen, self._struck = strike, 0, False

    async def __aenter__(self) -> Self:
        """Open the port."""
        async with AsyncExitStack() as stack:
            # Race: a service may close an idle connection at the moment at which a call is sent on it. Such a call
            # would fail, or be sent twice; a connection of its own for each call has neither.
            connector = aiohttp.TCPConnector(limit=0, ssl=self._trusted or True, force_close=True)
            session = aiohttp.ClientSession(connector=connector)
            self._client = await stack.enter_async_context(session)
            application = web.Application(client_max_size=_BODY_BYTES_MAX)
            application.router.add_route("*", "/{service}{path:.*}", self._answer)
            runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self._url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *failure: object) -> None:
        """Close the port and every connection."""
        await self._stack.aclose()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        service, path = request.match_info["service"], request.match_info["path"]
        if service not in self._services:
            raise web.HTTPNotFound(text=f"no service {service}; there are {', '.join(sorted(self._services))}")
        seen = ProxiedCall(
            service, request.method, path, request.rel_url.raw_query_string, request.headers.get("User-Agent", ""), 0
        )
        struck = self._take(seen)
        if struck is not None and struck.when == "before":
            return self._cut(request, seen, struck)
        try:
            answer = await self._pass_on(request, service)
        except (aiohttp.ClientError, ConnectionError):
            return self._cut(request, seen, None)
        if struck is not None:
            return self._cut(request, seen, struck)
        self._calls.append(msgspec.structs.replace(seen, status=answer.status))
        return answer

    def _take(self, call: ProxiedCall) -> Strike | None:
        """Return the strike where `call` is the one that it waits for."""
        strike = self._strike
        if strike is None or self._struck or (strike.writes_only and not call.is_write):
            return None
        self._seen += 1
        self._struck = self._seen == strike.nth
        return strike if self._struck else None

    async def _pass_on(self, request: web.Request, service: str) -> web.Response:
        assert self._client is not None, "entering made it"  # noqa: S101 - an invariant
        _, _, rest = request.rel_url.raw_path.removeprefix("/").partition("/")
        target = self._services[service] + (f"/{rest}" if rest else "")
        if request.rel_url.raw_query_string:
            target += f"?{request.rel_url.raw_query_string}"
        headers = {**_forwarded(request.headers), hdrs.ACCEPT_ENCODING: "identity"}
        async with self._client.request(
            request.method,
            URL(target, encoded=True),
            headers=headers,
            data=await request.read() or None,
            allow_redirects=False,
            skip_auto_headers=(hdrs.CONTENT_TYPE, hdrs.USER_AGENT),
        ) as answer:
            renamed = {
                name: self._renamed(value.encode()).decode() for name, value in _forwarded(answer.headers).items()
            }
            return web.Response(status=answer.status, headers=renamed, body=self._renamed(await answer.read()))

    def _renamed(self, text: bytes) -> bytes:
        """Return `text` with every address of a service replaced by the proxy's for it."""
        # Order: the longest first, for one service's root may be the beginning of another's.
        for name, url in sorted(self._services.items(), key=lambda item: -len(item[1])):
            text = text.replace(url.encode(), f"{self._url}/{name}".encode())
        return text

    def _cut(self, request: web.Request, call: ProxiedCall, strike: Strike | None) -> web.Response:
        """End the connection without an answer; the response only satisfies the handler's signature."""
        self._calls.append(call)
        if strike is not None and strike.pid is not None:
            os.kill(strike.pid, signal.SIGKILL)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=502)


def _forwarded(headers: Mapping[str, Any]) -> dict[str, str]:  # Any: aiohttp types header values so
    return {name: value for name, value in headers.items() if name.lower() not in _OF_ONE_CONNECTION}
