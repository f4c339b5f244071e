"""Put the cloud on sockets: the OpenStack services over https, the control endpoint over http, both on loopback."""

import asyncio
import contextlib
import os
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from aiohttp import web

from kubecapy.clock import Clock
from kubecapy.devcloud.assembly import assemble_cloud
from kubecapy.devcloud.certificates import make_server_identity
from kubecapy.devcloud.console import FileConsoles
from kubecapy.devcloud.control import Control
from kubecapy.devcloud.exchange import Exchange
from kubecapy.devcloud.faults import FaultPlan
from kubecapy.devcloud.identifiers import Identifiers
from kubecapy.devcloud.ledger import Summary
from kubecapy.devcloud.messages import Query, Request
from kubecapy.devcloud.settings import DevCloudSettings
from kubecapy.devcloud.state_folder import StateFolder
from kubecapy.tasks import run_blocking
from kubecapy.telemetry.logs import V, get_logger
from kubecapy.telemetry.secrets import Secret

logger = get_logger(__name__)

# Open connections get this long to end by themselves when the server stops.
SHUTDOWN_SECONDS = 0.2
MAX_BODY_BYTES = 2**20
BACKLOG = 128


class DevCloudServer:
    """Serves one cloud for as long as its `async with` block lasts.

    The world lives in memory: it outlives its clients, not this block. Entering writes `clouds.yaml`, `ca.pem` and
    `control.json` into the state folder; leaving cuts open connections and closes both ports within a second. An idle
    server does nothing.
    """

    def __init__(self, settings: DevCloudSettings, clock: Clock, random: Random) -> None:
        """Serve as `settings` say, at the times of `clock`; `random` should be a `SystemRandom` outside of tests."""
        self._settings = settings
        self._clock = clock
        self._random = random
        self._folder = StateFolder(settings.state_dir)
        self._stack = AsyncExitStack()
        self._exchange: Exchange | None = None
        self._url = ""
        self._control_url = ""

    @property
    def url(self) -> str:
        """Address of the services, without a path: `https://127.0.0.1:35357`."""
        return self._url

    @property
    def clouds_yaml_path(self) -> Path:
        """The clouds.yaml with the clouds `openstack` (member) and `admin`; mode 0600."""
        return self._folder.clouds_yaml

    @property
    def ca_path(self) -> Path:
        """The certificate of the authority that signed the services' certificate."""
        return self._folder.authority

    @property
    def control_token_path(self) -> Path:
        """The file with the control endpoint's `url` and `token` as JSON; mode 0600."""
        return self._folder.control

    @property
    def console_dir(self) -> Path:
        """The folder in which whatever plays the servers writes `<server id>.log`."""
        return self._settings.consoles

    def statistics(self) -> Summary:
        """Return the counters of all calls so far."""
        assert self._exchange is not None, "the server was not entered"  # noqa: S101 - a broken promise of the caller
        return self._exchange.cloud.ledger.statistics()

    async def __aenter__(self) -> Self:
        """Open both ports and write the state folder.

        Raises:
            OSError: a port is taken, or the folder cannot be written.
        """
        async with AsyncExitStack() as stack:
            await self._open(stack)
            self._stack = stack.pop_all()
        logger.log(V(0), "Serving OpenStack at %s", self._url)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close both ports."""
        if self._exchange is not None:
            # Order: held calls first, so that they do not use up the time for open connections.
            self._exchange.release_all()
        await self._stack.aclose()

    async def _open(self, stack: AsyncExitStack) -> None:
        host = self._settings.host
        # Order: the sockets first, since the cloud's links and catalog carry the port.
        services = stack.enter_context(_listen(host, self._settings.port))
        control = stack.enter_context(_listen(host, self._settings.control_port))
        self._url = f"https://{host}:{services.getsockname()[1]}"
        self._control_url = f"http://{host}:{control.getsockname()[1]}"
        token = Secret(Identifiers(self._random).password())
        with ThreadPoolExecutor(1, "devcloud-start") as executor:
            context = await run_blocking(executor, self._prepare_tls)
            exchange = await run_blocking(executor, lambda: self._assemble(token))
        self._exchange = exchange
        await _serve(stack, _services_application(exchange), services, context)
        await _serve(stack, Control(exchange, self._clock, token).application(), control, None)

    def _prepare_tls(self) -> ssl.SSLContext:
        self._folder.prepare()
        self._folder.write_identity(make_server_identity(self._settings.host, self._clock.now()))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self._folder.certificate, self._folder.key)
        return context

    def _assemble(self, token: Secret[str]) -> Exchange:
        consoles = FileConsoles(self._settings.consoles)
        cloud, access = assemble_cloud(self._settings, self._random, consoles, self._url, self._clock.now())
        self._folder.write_clouds(self._url, cloud.world.regions[0], access)
        self._folder.write_control(self._control_url, token)
        return Exchange(cloud, FaultPlan(), self._clock, os.kill)


def _listen(host: str, port: int) -> socket.socket:
    return socket.create_server((host, port), backlog=BACKLOG)


async def _serve(
    stack: AsyncExitStack, application: web.Application, listener: socket.socket, context: ssl.SSLContext | None
) -> None:
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    stack.push_async_callback(_close, runner)
    await web.SockSite(runner, listener, ssl_context=context).start()


async def _close(runner: web.AppRunner) -> None:
    server = runner.server
    connections = server.connections if server is not None else []
    transports = [connection.transport for connection in connections if connection.transport is not None]
    await runner.cleanup()
    for transport in transports:
        # A polite TLS close waits for the client's goodbye, which an idle client never says.
        # Limit: CPython 3.11.2, Debian 12's, raises where the connection has ended meanwhile.
        with contextlib.suppress(AttributeError):
            transport.abort()
    await asyncio.sleep(0)  # The loop closes aborted sockets in its next turn.


def _services_application(exchange: Exchange) -> web.Application:
    async def answer(request: web.Request) -> web.Response:
        try:
            received = await _read_request(request)
        except ConnectionResetError:
            return _cut(request)  # The client died while it was sending.
        response = await exchange.answer(received)
        if response is None:
            return _cut(request)
        return web.Response(status=response.status, headers=response.headers, body=response.body)

    application = web.Application(client_max_size=MAX_BODY_BYTES)
    application.router.add_route("*", "/{path:.*}", answer)
    return application


async def _read_request(request: web.Request) -> Request:
    return Request(
        method=request.method,
        path=request.rel_url.path,
        query=Query(tuple(request.rel_url.query.items())),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.read(),
    )


def _cut(request: web.Request) -> web.Response:
    """Cut the client's connection without an answer; the response only satisfies the handler's signature."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
