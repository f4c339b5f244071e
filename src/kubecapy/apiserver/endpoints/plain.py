"""Answer what is no resource: discovery, OpenAPI, version, health and metrics.

Paths that kube-apiserver serves by routes take GET only and say which media types they produce; the others take any
method, as Go's handlers do.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from aiohttp import web

from kubecapy.apimachinery.errors import NotAcceptable
from kubecapy.apimachinery.json_codec import encode
from kubecapy.apimachinery.resources import GroupVersionKind
from kubecapy.apiserver.discovery.documents import Discovery
from kubecapy.apiserver.endpoints.health import HealthEndpoint
from kubecapy.apiserver.endpoints.negotiation import JSON, SERVED, check_route, choose_form, parse_accept
from kubecapy.apiserver.endpoints.responses import document_response, json_response
from kubecapy.apiserver.endpoints.routes import NothingServed, no_such_method
from kubecapy.apiserver.openapi import version2
from kubecapy.apiserver.openapi.documents import OpenApi
from kubecapy.apiserver.registry.registry import Registry
from kubecapy.clock import Clock

_AGGREGATED = GroupVersionKind("apidiscovery.k8s.io", "v2", "APIGroupDiscoveryList")
_AGGREGATED_TYPE = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_DOCUMENTS = "/openapi/v3/"

Answer = Callable[[web.BaseRequest], web.Response]


class PlainEndpoint:
    """Serves the paths beside the resources."""

    def __init__(
        self,
        registry: Registry,
        health: HealthEndpoint,
        metrics: Answer,
        clock: Clock,
        git_version: str,
    ) -> None:
        """Describe the kinds of `registry`; `metrics` shows the figures of the server."""
        self._registry = registry
        self._discovery = Discovery(registry)
        self._openapi = OpenApi(registry, git_version)
        self._clock = clock
        self._health = health
        self._git_version = git_version
        self._by_path: Mapping[str, Answer] = {
            "/": self._paths,
            "/apis": lambda request: self._root(request, core=False),
            "/apis/": lambda request: self._root(request, core=False),
            "/openapi/v2": self._document_of_version_2,
            "/openapi/v3": lambda _request: web.Response(text=self._openapi.index()),
            "/metrics": metrics,
        }
        self._by_route: Mapping[str, Answer] = {
            "/api": lambda request: self._root(request, core=True),
            "/version": self._version,
        }

    def serve(self, request: web.BaseRequest) -> web.Response:
        """Answer a request whose path is no resource.

        Raises:
            NothingServed: nothing is served there.
            MethodNotAllowed: it is no GET, and its path takes nothing else.
            NotAcceptable: no form that is asked for is served there.
        """
        path = request.path
        answer = self._by_path.get(path) or self._by_route.get(path.removesuffix("/"))
        if answer is not None:
            return answer(request)
        for find in (self._health.find, self._document_of_version_3, self._resources):
            response = find(request)
            if response is not None:
                return response
        raise NothingServed

    def _paths(self, _request: web.BaseRequest) -> web.Response:
        fixed = (*self._by_path, *self._by_route, *self._health.paths)
        paths = {*fixed, *self._discovery.paths(), *self._openapi.paths()} - {"/"}
        return json_response(encode({"paths": sorted(paths)}))

    def _version(self, request: web.BaseRequest) -> web.Response:
        _check_route(request, (JSON,))
        return json_response(encode(version_of(self._git_version)))

    def _root(self, request: web.BaseRequest, *, core: bool) -> web.Response:
        accept = request.headers.get("Accept")
        if _wants_aggregated(accept):
            document = self._discovery.aggregated(core=core)
            headers = {"Content-Type": _AGGREGATED_TYPE, "Cache-Control": "public"}
            return document_response(request, document, headers)
        if core:
            _check_route(request)
        choose_form(accept)
        document = self._discovery.core_versions() if core else self._discovery.groups()
        return json_response(document.body)

    def _resources(self, request: web.BaseRequest) -> web.Response | None:
        match request.path.removesuffix("/").split("/"):
            case ["", "apis", group]:
                found, has_route = self._discovery.group(group), False
            case ["", "api", version]:
                found, has_route = self._discovery.resources("", version), True
            case ["", "apis", group, version]:
                found, has_route = self._discovery.resources(group, version), self._registry.has_builtin_group(group)
            case _:
                return None
        if found is None:
            return None
        if has_route:
            _check_route(request)
        choose_form(request.headers.get("Accept"))
        return json_response(found.body)

    def _document_of_version_2(self, request: web.BaseRequest) -> web.Response:
        for accepted in parse_accept(request.headers.get("Accept", "*/*")):
            if accepted.accepts(JSON):
                document = version2.document_in_json(self._git_version)
                return document_response(request, document, {"Content-Type": JSON})
            if accepted.type == version2.ACCEPTED_TYPE:
                document = version2.document_in_protobuf(self._git_version)
                return document_response(request, document, {"Content-Type": version2.PROTOBUF_TYPE})
        return web.Response(status=406, headers={"Vary": "Accept"})

    def _document_of_version_3(self, request: web.BaseRequest) -> web.Response | None:
        if not request.path.startswith(_DOCUMENTS):
            return None
        path = request.path.removeprefix(_DOCUMENTS)
        document = self._openapi.find(path)
        if document is None:
            return None
        if not any(accepted.accepts(JSON) for accepted in parse_accept(request.headers.get("Accept", "*/*"))):
            return web.Response(status=406, headers={"Vary": "Accept"})
        asked = request.query.get("hash")
        if asked and asked != document.hash:
            # The client read the index before the document changed.
            return web.Response(status=301, headers={"Location": f"{_DOCUMENTS}{path}?hash={document.hash}"})
        headers: dict[str, str] = {"Content-Type": JSON}
        if asked:
            # Without these kubectl fetches the document at every apply; the hash changes with the content.
            headers |= {"Cache-Control": "public, immutable", "Expires": self._in_a_year()}
        return document_response(request, document, headers)

    def _in_a_year(self) -> str:
        return (self._clock.now() + timedelta(days=365)).strftime("%a, %d %b %Y %H:%M:%S UTC")


def version_of(git_version: str) -> dict[str, str]:
    """Return the document of `/version`."""
    major, minor = [*git_version.removeprefix("v").split("."), "", ""][:2]
    return {
        "major": major,
        "minor": minor,
        "emulationMajor": major,
        "emulationMinor": minor,
        "minCompatibilityMajor": major,
        "minCompatibilityMinor": minor,
        "gitVersion": git_version,
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "",
        "platform": "linux/amd64",
    }


def _wants_aggregated(accept: str | None) -> bool:
    """Return whether the first form of the header that discovery has is the aggregated one."""
    if not accept or _AGGREGATED.kind not in accept:
        return False
    try:
        return choose_form(accept, (_AGGREGATED,)).kind == _AGGREGATED
    except NotAcceptable:
        return False


def _check_route(request: web.BaseRequest, produced: Sequence[str] = SERVED) -> None:
    if request.method != "GET":
        raise no_such_method()
    check_route(request.headers.get("Accept"), produced)
