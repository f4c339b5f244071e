"""Say which paths have something to serve, and answer for those that have nothing.

kube-apiserver is three servers in a row, and each has its own words. Built-in groups have one route for each path and
method (go-restful): what has no route answers with a Status. Custom resources have one handler that looks for itself.
Behind them stands a page of plain text.
Source: k8s.io/apiserver pkg/server/handler.go; k8s.io/apiextensions-apiserver pkg/apiserver/customresource_handler.go.
"""

from aiohttp import web

from kubecapy.apimachinery.errors import MethodNotAllowed, NotFound, StatusDetails
from kubecapy.apiserver.endpoints.call import Call
from kubecapy.apiserver.endpoints.negotiation import SERVED, STREAMED, check_route
from kubecapy.apiserver.endpoints.responses import error_response
from kubecapy.apiserver.registry.registry import Registry

VERBS_OF_ONE = ("get", "update", "patch", "delete")
"""Verbs that need the name of an object; the others are for collections."""
_OPENAPI_DOCUMENTS = "/openapi/v3/"


class NothingServed(Exception):
    """Nothing is served at the path of the request."""


def check_route_of(call: Call) -> None:
    """Check that the path and the method of `call` fit its kind, and that the reply can be written as asked for.

    Raises:
        NothingServed: the kind has no such path: the wrong scope, or the name of what is never stored.
        MethodNotAllowed: there is such a path, but not for this method.
        NotAcceptable: no media type that is asked for is produced there.
    """
    _check_scope(call)
    if call.target.subresource:
        if not call.target.name:
            raise NothingServed
    elif call.target.name and not set(VERBS_OF_ONE) & set(call.kind.verbs):
        raise NothingServed
    elif not _fits_name(call):
        raise not_allowed(call)
    if not call.kind.is_custom:
        _check_built_in_route(call)


def not_allowed(call: Call) -> MethodNotAllowed:
    """Return the refusal of what cannot be done at the path of `call`."""
    if not call.kind.is_custom:
        return no_such_method()
    details = StatusDetails(group=call.kind.group, kind=call.kind.plural)
    message = f'{call.attributes.verb} is not supported on resources of kind "{call.kind.qualified_plural}"'
    return MethodNotAllowed(message, details=details)


def no_such_method() -> MethodNotAllowed:
    """Return the refusal of a method that a route does not have."""
    message = "the server does not allow this method on the requested resource"
    return MethodNotAllowed(message, details=StatusDetails())


def response_of_nothing(path: str, registry: Registry) -> web.Response:
    """Return the reply at a path where nothing is served."""
    if path.startswith(_OPENAPI_DOCUMENTS):
        return web.Response(status=404)
    if _has_routes(path, registry):
        message = "the server could not find the requested resource"
        return error_response(NotFound(message, details=StatusDetails()))
    return web.Response(status=404, text="404 page not found\n")


def _has_routes(path: str, registry: Registry) -> bool:
    """Return whether `path` lies below one that built-in routes begin with."""
    match path.split("/"):
        case ["", "api" | "version", _, *_]:
            return True
        case ["", "apis", group, _, *_]:
            return registry.has_builtin_group(group)
        case _:
            return False


def _check_scope(call: Call) -> None:
    """Check that the address has a namespace exactly where the kind lives in one."""
    kind, target = call.kind, call.target
    if not kind.namespaced:
        if target.namespace:
            raise NothingServed
    elif not target.namespace:
        if target.name:
            raise NothingServed
        if call.attributes.verb not in ("list", "watch"):
            # All namespaces are a path of their own, which custom kinds have for reading only.
            raise NothingServed if kind.is_custom else no_such_method()


def _fits_name(call: Call) -> bool:
    """Return whether the verb is for one object where there is a name, and for a collection where there is none."""
    if call.target.is_watch:
        return call.request.method == "GET"
    return bool(call.target.name) == (call.attributes.verb in VERBS_OF_ONE)


def _check_built_in_route(call: Call) -> None:
    if call.request.method == "HEAD":
        raise no_such_method()
    is_collection = not call.target.name and "list" in call.kind.verbs
    produced = (*SERVED, STREAMED) if is_collection else SERVED
    check_route(call.request.headers.get("Accept"), produced)
