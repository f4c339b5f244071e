"""Serve what an API server asks a kubelet for: container logs, on port 10250.

Clients show a certificate of the cluster's authority; only those of `system:masters`, as the API server's own is, are
answered. The serving certificate is the kubelet's own, as with kubelets that ask for none.
Source: k8s.io/kubernetes/pkg/kubelet/server/server.go: getContainerLogs.
"""

import contextlib
import ssl
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from kubecapy.apimachinery.times import parse_time
from kubecapy.apiserver.pki.certificates import Profile, issue, issue_authority
from kubecapy.local.guest.host import Host
from kubecapy.local.guest.kubelet.container_log import LogQuery
from kubecapy.local.guest.kubelet.node import KUBELET_PORT
from kubecapy.local.guest.kubelet.pod_manager import PodManager
from kubecapy.local.guest.kubelet.settings import KubeletSettings

PKI = "/var/lib/kubelet/pki"
MASTERS = "system:masters"
SHUTDOWN_SECONDS = 0.5


class KubeletServer:
    """Listens on the node's addresses for as long as its `async with` block lasts."""

    def __init__(self, host: Host, settings: KubeletSettings, pods: PodManager) -> None:
        """Serve the logs of `pods`."""
        self._host = host
        self._settings = settings
        self._pods = pods
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        """Bind the port.

        Raises:
            OSError: it is taken, or the address is not this machine's.
        """
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/containerLogs/{namespace}/{pod}/{container}", self._logs)
        runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        self._runner = runner
        context = self._tls()
        for address in self._settings.node_ips:
            await web.TCPSite(runner, address, KUBELET_PORT, ssl_context=context).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the port."""
        if self._runner is not None:
            await self._runner.cleanup()

    def _tls(self) -> ssl.SSLContext:
        files = self._host.files
        certificate, key = f"{PKI}/kubelet.crt", f"{PKI}/kubelet.key"
        if not files.is_file(certificate):
            now = self._host.clock.now()
            profile = Profile(self._settings.node_name, hosts=(self._settings.node_name, *self._settings.node_ips))
            pair = issue(issue_authority(f"{self._settings.node_name}-ca", now), profile, now)
            files.install(certificate, pair.certificate_pem())
            files.install(key, pair.key_pem(), mode=0o600)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files.locate(certificate), files.locate(key))
        context.load_verify_locations(_existing(files.locate(self._settings.client_ca)))
        context.verify_mode = ssl.CERT_OPTIONAL
        return context

    async def _healthz(self, request: web.Request) -> web.Response:  # noqa: ARG002 - the shape of a handler
        return web.Response(text="ok")

    async def _logs(self, request: web.Request) -> web.StreamResponse:
        refusal = _refusal(request)
        if refusal is not None:
            return refusal
        names = request.match_info
        try:
            query = self._query(request)
        except (ValueError, OverflowError) as error:
            return web.Response(status=400, text=f"bad query: {error}\n")
        previous = request.query.get("previous") == "true"
        log = self._pods.find_log(names["namespace"], names["pod"], names["container"], previous=previous)
        if log is None:
            what = "previous terminated container" if previous else "container"
            return web.Response(
                status=400,
                text=f'{what} "{names["container"]}" in pod "{names["pod"]}" is waiting to start or was not found',
            )
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            async for piece in log.read(query):
                await response.write(piece)
            await response.write_eof()
        return response

    def _query(self, request: web.Request) -> LogQuery:
        asked = request.query
        since = parse_time(asked["sinceTime"]) if "sinceTime" in asked else None
        if "sinceSeconds" in asked:
            since = self._host.clock.now() - timedelta(seconds=int(asked["sinceSeconds"]))
        return LogQuery(
            follow=asked.get("follow") == "true",
            tail_lines=int(asked["tailLines"]) if "tailLines" in asked else None,
            since=since,
            timestamps=asked.get("timestamps") == "true",
            limit_bytes=int(asked["limitBytes"]) if "limitBytes" in asked else None,
        )


def _refusal(request: web.Request) -> web.Response | None:
    """Return the answer to a client that may not ask; None where it may."""
    transport = request.transport
    ssl_object = transport.get_extra_info("ssl_object") if transport is not None else None
    certificate = ssl_object.getpeercert() if ssl_object is not None else None
    if not certificate:
        return web.Response(status=401, text="Unauthorized\n")
    pairs = [pair for group in certificate.get("subject", ()) for pair in group]
    if ("organizationName", MASTERS) not in pairs:
        return web.Response(status=403, text="Forbidden\n")
    return None


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise FileNotFoundError(f"client CA file {path.name} is missing")
    return path


async def wait_for_file(host: Host, path: str, poll_seconds: float) -> None:
    """Return once the guest's file `path` is there."""
    while not host.files.is_file(path):
        await host.clock.sleep(poll_seconds)
