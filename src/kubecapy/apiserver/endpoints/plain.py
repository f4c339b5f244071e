"""Answer what is no resource: discovery, OpenAPI, version, health and metrics."""

from collections.abc import Callable, Mapping

from aiohttp import web

from kubecapy.apimachinery.codec import encode
from kubecapy.apimachinery.errors import MethodNotAllowed, NotFound, StatusDetails
from kubecapy.apiserver.discovery.documents import Discovery
from kubecapy.apiserver.endpoints.negotiation import parse_accept
from kubecapy.apiserver.endpoints.responses import json_response
from kubecapy.apiserver.openapi import version2
from kubecapy.apiserver.openapi.documents import OpenApi
from kubecapy.apiserver.storage.store import Store

_DISCOVERY_VERSIONS = ("v2", "v2beta1")
_YEAR_SECONDS = 365 * 24 * 3600
_PROBES = ("/healthz", "/livez", "/readyz")
_PATHS = ("/api", "/api/v1", "/apis", *_PROBES, "/metrics", "/openapi/v2", "/openapi/v3", "/version")


class PlainEndpoint:
    """Serves the paths beside the resources."""

    def __init__(self, store: Store, discovery: Discovery, openapi: OpenApi, git_version: str) -> None:
        """Describe what `discovery` and `openapi` know; metrics count what `store` holds."""
        self._store = store
        self._discovery = discovery
        self._openapi = openapi
        self._git_version = git_version
        self._fixed: Mapping[str, Callable[[web.BaseRequest], web.Response]] = {
            "/": lambda _request: json_response(encode({"paths": _PATHS})),
            "/api": lambda request: self._root(request, core=True),
            "/apis": lambda request: self._root(request, core=False),
            "/version": lambda _request: json_response(encode(version_of(git_version))),
            "/openapi/v2": self._document_of_version_2,
            "/openapi/v3": lambda _request: json_response(self._openapi.index()),
            **dict.fromkeys(_PROBES, _health),
            "/metrics": self._metrics,
        }

    def serve(self, request: web.BaseRequest) -> web.Response:
        """Answer a request whose path is no resource.

        Raises:
            NotFound: nothing is served there.
            MethodNotAllowed: it is no GET.
        """
        path = request.path.rstrip("/") or "/"
        response = self._find(request, path)
        if response is None:
            raise unknown_path()
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed("the server does not allow this method on the requested resource")
        return response

    def _find(self, request: web.BaseRequest, path: str) -> web.Response | None:
        if path in self._fixed:
            return self._fixed[path](request)
        if path.startswith(tuple(f"{probe}/" for probe in _PROBES)):
            return _health(request)
        if path.startswith("/openapi/v3/"):
            return self._document(request, path.removeprefix("/openapi/v3/"))
        return self._resources(path.strip("/").split("/"))

    def _root(self, request: web.BaseRequest, *, core: bool) -> web.Response:
        for accepted in parse_accept(request.headers.get("Accept", "")):
            version = accepted.parameters.get("v", "")
            if accepted.parameters.get("as") == "APIGroupDiscoveryList" and version in _DISCOVERY_VERSIONS:
                response = json_response(self._discovery.aggregated(version, core=core))
                form = f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
                response.headers["Content-Type"] = form
                return response
            if accepted.type in ("application/json", "*/*") and "as" not in accepted.parameters:
                break
        return json_response(self._discovery.core_versions() if core else self._discovery.groups())

    def _resources(self, parts: list[str]) -> web.Response | None:
        match parts:
            case ["api", version]:
                found = self._discovery.resources("", version)
            case ["apis", group]:
                found = self._discovery.group(group)
            case ["apis", group, version]:
                found = self._discovery.resources(group, version)
            case _:
                return None
        return None if found is None else json_response(found)

    def _document_of_version_2(self, request: web.BaseRequest) -> web.Response:
        accepted = [media.type for media in parse_accept(request.headers.get("Accept", ""))]
        if version2.ACCEPTED_TYPE not in accepted:
            return json_response(version2.encode_json(self._git_version))
        body = version2.encode_protobuf(self._git_version)
        return web.Response(body=body, content_type=version2.PROTOBUF_TYPE)

    def _document(self, request: web.BaseRequest, path: str) -> web.Response | None:
        document = self._openapi.find(path)
        if document is None:
            return None
        response = json_response(document.body)
        response.headers["Etag"] = f'"{document.hash}"'
        response.headers["Vary"] = "Accept"
        if request.query.get("hash") == document.hash:
            # Without these kubectl fetches the document at every apply; the hash changes with the content.
            response.headers["Cache-Control"] = f"public, immutable, max-age={_YEAR_SECONDS}"
            response.headers["Expires"] = "Fri, 31 Dec 2100 23:59:59 GMT"
        return response

    def _metrics(self, _request: web.BaseRequest) -> web.Response:
        statistics = self._store.statistics()
        lines = (
            "# TYPE kubecapy_apiserver_objects gauge",
            f"kubecapy_apiserver_objects {statistics.objects}",
            "# TYPE kubecapy_apiserver_watches gauge",
            f"kubecapy_apiserver_watches {statistics.subscriptions}",
            "# TYPE kubecapy_apiserver_revision counter",
            f"kubecapy_apiserver_revision {statistics.revision}",
            "# TYPE kubecapy_apiserver_commits_total counter",
            f"kubecapy_apiserver_commits_total {statistics.commits}",
        )
        return web.Response(text="\n".join(lines) + "\n")


def unknown_path() -> NotFound:
    """Return the error for an address at which nothing is served."""
    return NotFound("the server could not find the requested resource", details=StatusDetails())


def version_of(git_version: str) -> dict[str, str]:
    """Return the document of `/version`."""
    major, minor = [*git_version.removeprefix("v").split("."), "", ""][:2]
    return {
        "major": major,
        "minor": minor,
        "gitVersion": git_version,
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "",
        "platform": "linux/amd64",
    }


def _health(_request: web.BaseRequest) -> web.Response:
    return web.Response(text="ok")
