"""Serve container logs over TLS as a kubelet does, for servers that ask it."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from kubecapy.apiserver.pki import LocalPki

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Kubelet:
    """Answers each container's log with a line that names it, until `answer` is replaced."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        """Paths with queries, in order."""
        self.answer: Answer = self._one_line
        self.port = 0

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(str(request.rel_url))
        return await self.answer(request)

    async def _one_line(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text=f"hello from {request.match_info['container']}\n")


@asynccontextmanager
async def run_kubelet(pki: LocalPki) -> AsyncIterator[Kubelet]:
    """Run a kubelet that believes clients of `pki` alone."""
    kubelet = Kubelet()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki.serving_certificate, pki.serving_key)
    context.load_verify_locations(pki.ca_certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    app = web.Application()
    app.router.add_get("/containerLogs/{namespace}/{pod}/{container}", kubelet.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        kubelet.port = runner.addresses[0][1]
        yield kubelet
    finally:
        await runner.cleanup()
