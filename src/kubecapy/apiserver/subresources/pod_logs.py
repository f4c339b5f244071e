"""Stream the log of a container from the kubelet of its node.

Source: k8s.io/kubernetes/pkg/registry/core/pod/strategy.go: LogLocation and
k8s.io/apiserver/pkg/registry/generic/rest/response_checker.go (v1.32).
"""

import ssl
from typing import Final

import aiohttp
from aiohttp import web
from yarl import URL

from kubecapy.apimachinery.errors import BadRequest, InternalError, NotFound, StatusDetails, StatusError, not_found
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.interfaces import Attributes, ObjectReader, UserInfo
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.apiserver.subresources.log_options import LogOptions, read_log_options

_KUBELET_PORT: Final = 10250
_CONNECT_SECONDS: Final = 10.0
_SILENCE_SECONDS: Final = 30.0
"""How long a kubelet may say nothing, unless the log is followed."""
_ERROR_BYTES: Final = 10_000
"""How much of a kubelet's refusal is passed on."""


class PodLogs:
    """Serves `pods/log`."""

    def __init__(self, settings: ApiServerSettings, reader: ObjectReader) -> None:
        """Find pods and nodes through `reader`; show the settings' client certificate to kubelets."""
        self._settings = settings
        self._reader = reader
        self._open: set[aiohttp.ClientResponse] = set()

    def end_streams(self) -> None:
        """End every log that is being read, so that the server can stop."""
        for reply in tuple(self._open):
            reply.close()

    async def serve(
        self, request: web.BaseRequest, _user: UserInfo, attributes: Attributes, _body: JsonObject | None
    ) -> web.StreamResponse:
        """Answer with the log as plain text; a followed log goes on until its reader or the container ends.

        A pod without a node has an empty log, as there.

        Raises:
            NotFound: the pod or its node is absent.
            BadRequest: the container is not named, or not one of the pod's; or the kubelet says so.
            InternalError: the kubelet cannot be reached, or fails.
        """
        pod = self._reader.find("", "pods", attributes.namespace, attributes.name)
        if pod is None:
            raise not_found("pods", attributes.name)
        options = read_log_options(attributes.name, request.query)
        container = _choose_container(pod, options.container)
        node = pod["spec"].get("nodeName")
        if not node:
            return web.Response(content_type="text/plain")
        url = self._kubelet_url(node) / "containerLogs" / attributes.namespace / attributes.name / container
        return await self._relay(request, url.with_query(dict(options.query)), options)

    def _kubelet_url(self, name: str) -> URL:
        node = self._reader.find("", "nodes", "", name)
        if node is None:
            raise not_found("nodes", name)
        status = node.get("status") or {}
        addresses = [a.get("address") for a in status.get("addresses") or () if a.get("type") == "InternalIP"]
        if not addresses:
            raise InternalError(f"no preferred addresses found; known addresses: {status.get('addresses') or []}")
        port = ((status.get("daemonEndpoints") or {}).get("kubeletEndpoint") or {}).get("Port") or _KUBELET_PORT
        return URL.build(scheme="https", host=str(addresses[0]), port=port)

    async def _relay(self, request: web.BaseRequest, url: URL, options: LogOptions) -> web.StreamResponse:
        silence = None if options.follow else _SILENCE_SECONDS
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=silence)
        connector = aiohttp.TCPConnector(ssl=self._tls(), force_close=True)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
                session.get(url) as reply,
            ):
                if reply.status != web.HTTPOk.status_code:
                    raise await _refusal(reply)
                self._open.add(reply)
                try:
                    return await _copy(request, reply)
                finally:
                    self._open.discard(reply)
        except (aiohttp.ClientConnectionError, TimeoutError) as error:
            raise InternalError(f'Get "{url}": {error or "the kubelet did not answer in time"}') from error

    def _tls(self) -> ssl.SSLContext:
        """Return the context for kubelets: verified where their authority is known, with our certificate."""
        settings = self._settings
        context = ssl.create_default_context(cafile=settings.kubelet_ca) if settings.kubelet_ca else _unverified()
        if settings.kubelet_client_certificate is not None:
            context.load_cert_chain(settings.kubelet_client_certificate, settings.kubelet_client_key)
        return context


def _choose_container(pod: JsonObject, wished: str) -> str:
    """Return the container that is meant: the wished one, or the only one."""
    name, spec = pod["metadata"]["name"], pod["spec"]
    containers = _names(spec, "containers")
    others = _names(spec, "initContainers")
    if wished:
        if wished not in (*containers, *others, *_names(spec, "ephemeralContainers")):
            raise BadRequest(f"container {wished} is not valid for pod {name}")
        return wished
    if len(containers) == 1:
        return containers[0]
    if not containers:
        raise BadRequest(f"a container name must be specified for pod {name}")
    message = f"a container name must be specified for pod {name}, choose one of: [{' '.join(containers)}]"
    if others:
        message += f" or one of the init containers: [{' '.join(others)}]"
    raise BadRequest(message)


def _names(spec: JsonObject, field: str) -> list[str]:
    return [container["name"] for container in spec.get(field) or ()]


def _unverified() -> ssl.SSLContext:
    """Kubelets sign their own serving certificates by default, and a real API server accepts them likewise.

    Source: https://kubernetes.io/docs/concepts/architecture/control-plane-node-communication/#apiserver-to-kubelet.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _refusal(reply: aiohttp.ClientResponse) -> StatusError:
    """Return what a kubelet's refusal means to the reader of the log."""
    text = (await reply.content.read(_ERROR_BYTES)).decode(errors="replace").strip()
    match reply.status:
        case web.HTTPBadRequest.status_code:
            return BadRequest(text)
        case web.HTTPNotFound.status_code:
            return NotFound("the server could not find the requested resource", details=StatusDetails(kind="pods/log"))
        case _:
            return InternalError(f"Internal error occurred: {text or reply.reason}")


async def _copy(request: web.BaseRequest, reply: aiohttp.ClientResponse) -> web.StreamResponse:
    """Pass the log on as it comes; return when either side ends."""
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(request)
    try:
        async for chunk in reply.content.iter_any():
            await response.write(chunk)
        await response.write_eof()
    except (ConnectionError, aiohttp.ClientError):
        # The reader or the kubelet went away, or the server stops. Headers are sent, so that no Status can be.
        if request.transport is not None:
            request.transport.close()
    return response
