"""Lead each request to its endpoint: authenticate, read the address, authorize, serve."""

from collections.abc import Awaitable, Callable, Mapping
from ssl import SSLObject

import msgspec
from aiohttp import web

from kubecapy.apimachinery.errors import StatusError, not_found
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.endpoints.bodies import read_body
from kubecapy.apiserver.endpoints.call import Call
from kubecapy.apiserver.endpoints.delete import DeleteEndpoint
from kubecapy.apiserver.endpoints.impersonation import act_as
from kubecapy.apiserver.endpoints.kinds import check_builtin, check_form
from kubecapy.apiserver.endpoints.parameters import read_bool
from kubecapy.apiserver.endpoints.patching import read_patch
from kubecapy.apiserver.endpoints.paths import Target, attributes_of, parse_target
from kubecapy.apiserver.endpoints.plain import PlainEndpoint
from kubecapy.apiserver.endpoints.read import ReadEndpoint
from kubecapy.apiserver.endpoints.request_figures import RequestFigures
from kubecapy.apiserver.endpoints.responses import add_warnings, error_response, finish, value_response
from kubecapy.apiserver.endpoints.routes import NothingServed, check_route_of, not_allowed, response_of_nothing
from kubecapy.apiserver.endpoints.scale import ScaleEndpoint
from kubecapy.apiserver.endpoints.subresources import bind_pod
from kubecapy.apiserver.endpoints.watch import WatchEndpoint
from kubecapy.apiserver.endpoints.write import WriteEndpoint
from kubecapy.apiserver.interfaces import Attributes, Authenticates, Authorizes, Handler, HandlerKey, UserInfo
from kubecapy.apiserver.registry.kinds import ServedKind
from kubecapy.apiserver.registry.registry import Registry
from kubecapy.clock import Clock
from kubecapy.telemetry.logs import V, get_logger

_log = get_logger(__name__)

Serve = Callable[[Call], Awaitable[web.StreamResponse]]


class Guards(msgspec.Struct, frozen=True):
    """Who says who sends a request, and who says what the sender may do."""

    authenticator: Authenticates
    authorizer: Authorizes


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """What answers requests, by what they want."""

    plain: PlainEndpoint
    read: ReadEndpoint
    watch: WatchEndpoint
    write: WriteEndpoint
    delete: DeleteEndpoint
    scale: ScaleEndpoint


class Dispatcher:
    """Serves every request of one server."""

    def __init__(
        self,
        registry: Registry,
        guards: Guards,
        handlers: Mapping[HandlerKey, Handler],
        endpoints: Endpoints,
        figures: RequestFigures,
        clock: Clock,
    ) -> None:
        """Serve the kinds of `registry`; `handlers` come before `endpoints` where both know a subresource."""
        self._figures = figures
        self._registry = registry
        self._guards = guards
        self._handlers = handlers
        self._plain = endpoints.plain
        self._read = endpoints.read
        self._write = endpoints.write
        self._scale = endpoints.scale
        self._clock = clock
        self._by_verb: Mapping[str, Serve] = {
            "get": self._get,
            "list": self._list,
            "watch": endpoints.watch.watch,
            "create": endpoints.write.create,
            "update": endpoints.write.update,
            "patch": endpoints.write.patch,
            "delete": endpoints.delete.delete,
            "deletecollection": endpoints.delete.delete_collection,
        }

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer `request`; whatever is refused becomes a Status."""
        target = parse_target(request.path)
        kind = self._registry.find(target.group, target.version, target.plural) if target else None
        is_watch = request.method == "GET" and read_bool(request.query, "watch")
        attributes = attributes_of(request.method, request.path, target, is_watch=is_watch)
        with self._figures.counting(attributes, kind) as counted:
            response = await self._answer(request, target, kind, attributes)
            counted.code = response.status
        # The path alone: a query may hold what is nobody's business.
        _log.log(V(6), "%s %s %d", request.method, request.rel_url.raw_path, response.status)
        return response

    async def _answer(
        self, request: web.BaseRequest, target: Target | None, kind: ServedKind | None, attributes: Attributes
    ) -> web.StreamResponse:
        warnings: list[str] = []
        try:
            user = self._admit(request, attributes)
            response = await self._serve(request, user, target, kind, attributes, warnings)
        except NothingServed:
            response = response_of_nothing(request.path, self._registry)
        except StatusError as error:
            response = error_response(error)
        if not response.prepared:
            add_warnings(response, warnings)
        finish(request, response)
        return response

    def _admit(self, request: web.BaseRequest, attributes: Attributes) -> UserInfo:
        """Return who sends the request, if the sender may."""
        authorization = request.headers.get("Authorization")
        sender = self._guards.authenticator.authenticate(_peer_certificate(request), authorization)
        user = act_as(sender, request.headers, self._guards.authorizer)
        self._guards.authorizer.authorize(user, attributes)
        return user

    async def _serve(
        self,
        request: web.BaseRequest,
        user: UserInfo,
        target: Target | None,
        kind: ServedKind | None,
        attributes: Attributes,
        warnings: list[str],
    ) -> web.StreamResponse:
        if target is None:
            return self._plain.serve(request)
        if kind is None:
            raise NothingServed
        call = Call(request, user, attributes, target, kind, self._clock, warnings)
        if kind.warning:
            call.warn([kind.warning])
        return await self._serve_resource(call)

    async def _serve_resource(self, call: Call) -> web.StreamResponse:
        check_route_of(call)
        if call.target.subresource:
            return await self._serve_part(call)
        verb = call.attributes.verb
        if verb not in call.kind.verbs:
            raise not_allowed(call)
        handler = self._handlers.get((call.kind.group, call.kind.plural, ""))
        if handler is not None:
            return await self._serve_handler(call, handler)
        return await self._by_verb[verb](call)

    async def _serve_part(self, call: Call) -> web.StreamResponse:
        subresource = call.kind.find_subresource(call.target.subresource)
        if subresource is None:
            raise not_found(call.kind.qualified_plural, call.target.name) if call.kind.is_custom else NothingServed
        if call.attributes.verb not in subresource.verbs:
            raise not_allowed(call)
        handler = self._handlers.get((call.kind.group, call.kind.plural, subresource.name))
        if handler is not None:
            return await self._serve_handler(call, handler)
        match subresource.name:
            case "scale":
                return await self._serve_scale(call)
            case "binding":
                return await bind_pod(call, self._write)
            case _:
                return await self._by_verb[call.attributes.verb](call)

    async def _serve_scale(self, call: Call) -> web.StreamResponse:
        if call.kind.scale is None:
            raise NothingServed
        return await self._scale.serve(call, call.kind.scale)

    async def _serve_handler(self, call: Call, handler: Handler) -> web.StreamResponse:
        reply = await handler(call.request, call.user, call.attributes, await self._handler_body(call))
        if isinstance(reply, web.StreamResponse):
            return reply
        return value_response(reply, status=201 if call.request.method == "POST" else 200)

    async def _handler_body(self, call: Call) -> JsonObject | None:
        if call.request.method in ("POST", "PUT"):
            return await self._read_part(call)
        if call.request.method == "PATCH":
            patch = await read_patch(call.request, call.kind, "Warn")
            return patch(self._write.stored(call)).obj
        return None

    async def _read_part(self, call: Call) -> JsonObject:
        subresource = call.kind.find_subresource(call.target.subresource)
        gvk = subresource.kind if subresource is not None else call.kind.gvk
        body = await read_body(call.request, gvk)
        check_builtin(gvk, body.value)
        check_form(gvk, body.value)
        return body.value

    async def _get(self, call: Call) -> web.StreamResponse:
        return self._read.get(call)

    async def _list(self, call: Call) -> web.StreamResponse:
        return self._read.list(call)


def _peer_certificate(request: web.BaseRequest) -> bytes | None:
    """Return the certificate that the client proved to own, as DER; None where it showed none."""
    transport = request.transport
    tls = transport.get_extra_info("ssl_object") if transport is not None else None
    return tls.getpeercert(binary_form=True) if isinstance(tls, SSLObject) else None
