"""Answer probes and scrapes over plain HTTP: /healthz, /readyz and /metrics."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from aiohttp import web

from kubecapy.runtime.metrics import Metrics

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SHUTDOWN_SECONDS = 0.5
"""aiohttp waits for open connections so long when it stops; its default is a minute."""


class HealthServer:
    """Serves the state of a process; open it with `async with`.

    `/healthz` answers 200 while the event loop runs; `/readyz` answers 200 once `is_ready` returns True, 503 else;
    `/metrics` gives the metrics.
    """

    def __init__(self, metrics: Metrics, is_ready: Callable[[], bool], *, host: str, port: int) -> None:
        """Serve on `host`, a literal address; port 0 takes a free one."""
        self._metrics = metrics
        self._is_ready = is_ready
        self._host = host
        self._wanted_port = port
        self._runner: web.ServerRunner | None = None
        self.port = port
        """The port that is really listened on, once open."""

    async def __aenter__(self) -> Self:
        """Listen. Raises OSError where the address is taken."""
        runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        site = web.TCPSite(runner, self._host, self._wanted_port)
        await site.start()
        self._runner = runner
        self.port = runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def serve(self) -> None:
        """Listen until cancelled; a service for `Manager.add_service`."""
        async with self:
            await asyncio.Event().wait()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        match request.path:
            case "/healthz" | "/livez":
                return web.Response(text="ok")
            case "/readyz":
                return web.Response(text="ok") if self._is_ready() else web.Response(status=503, text="not ready")
            case "/metrics":
                return web.Response(body=self._metrics.render(), headers={"Content-Type": METRICS_TYPE})
            case _:
                return web.Response(status=404, text="try /healthz, /readyz or /metrics")
