"""Keep the tags and the metadata of servers."""

from collections.abc import Mapping

from msgspec.structs import replace

from kubecapy.devcloud.endpoints import Call, Route
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.refusals import bad_request, not_found
from kubecapy.devcloud.services.compute import microversions
from kubecapy.devcloud.services.compute.access import find_own_server
from kubecapy.devcloud.services.compute.bodies import invalid, read_string_map
from kubecapy.devcloud.services.compute.microversions import read_microversion
from kubecapy.devcloud.world.compute import Server
from kubecapy.devcloud.world.world import World

MAX_TAGS = 50
MAX_TAG_LENGTH = 60


def read_tags(body: JsonObject) -> tuple[str, ...]:
    """Return the tags in a body, each once; empty where there are none.

    Raises:
        Refusal: 400, more than 50, or one is empty, too long, or holds a slash or comma.
    """
    tags = body.get("tags") or []
    if not isinstance(tags, list):
        raise invalid("tags", f"{tags!r} is not of type 'array'", tags)
    for tag in tags:
        require_tag(tag)
    if len(tags) > MAX_TAGS:
        raise invalid("tags", f"There are too many: {len(tags)}, at most {MAX_TAGS}")
    return tuple(dict.fromkeys(tags))


def require_tag(tag: object) -> None:
    """Refuse what is no tag.

    Raises:
        Refusal: 400.
    """
    if not isinstance(tag, str) or not 0 < len(tag) <= MAX_TAG_LENGTH or set(tag) & set("/,"):
        raise invalid("tags", f"{tag!r} must have 1 to {MAX_TAG_LENGTH} characters, none of them a slash or comma", tag)


class Tags:
    """Serves /servers/{id}/tags."""

    def __init__(self, world: World) -> None:
        """Keep the tags of the servers of `world`."""
        self._world = world

    def routes(self) -> list[Route]:
        """Return the routes."""
        tags = "/v2.1/servers/{server_id}/tags"
        return [
            Route("GET", tags, self._list),
            Route("PUT", tags, self._replace),
            Route("DELETE", tags, self._clear),
            Route("GET", f"{tags}/{{tag}}", self._check),
            Route("PUT", f"{tags}/{{tag}}", self._add),
            Route("DELETE", f"{tags}/{{tag}}", self._remove),
        ]

    def _list(self, call: Call) -> Response:
        return json_response(200, {"tags": self._find(call).tags})

    def _replace(self, call: Call) -> Response:
        server = self._store(self._find(call), read_tags(call.body))
        return json_response(200, {"tags": server.tags})

    def _clear(self, call: Call) -> Response:
        self._store(self._find(call), ())
        return Response(204)

    def _check(self, call: Call) -> Response:
        self._find_tagged(call)
        return Response(204)

    def _add(self, call: Call) -> Response:
        server, tag = self._find(call), call.parameters["tag"]
        if tag in server.tags:
            return Response(204)
        self._store(server, read_tags({"tags": [*server.tags, tag]}))
        return Response(201)

    def _remove(self, call: Call) -> Response:
        server = self._find_tagged(call)
        self._store(server, tuple(tag for tag in server.tags if tag != call.parameters["tag"]))
        return Response(204)

    def _find(self, call: Call) -> Server:
        if read_microversion(call.request) < microversions.TAGS:
            raise not_found()
        return find_own_server(self._world, call)

    def _find_tagged(self, call: Call) -> Server:
        server, tag = self._find(call), call.parameters["tag"]
        if tag not in server.tags:
            raise not_found(f"Server {server.id} has no tag '{tag}'")
        return server

    def _store(self, server: Server, tags: tuple[str, ...]) -> Server:
        changed = replace(server, tags=tags)
        self._world.servers[server.id] = changed
        return changed


class Metadata:
    """Serves /servers/{id}/metadata."""

    def __init__(self, world: World) -> None:
        """Keep the metadata of the servers of `world`."""
        self._world = world

    def routes(self) -> list[Route]:
        """Return the routes."""
        metadata = "/v2.1/servers/{server_id}/metadata"
        return [
            Route("GET", metadata, self._list),
            Route("POST", metadata, self._merge),
            Route("PUT", metadata, self._replace),
            Route("GET", f"{metadata}/{{key}}", self._show),
            Route("PUT", f"{metadata}/{{key}}", self._set),
            Route("DELETE", f"{metadata}/{{key}}", self._remove),
        ]

    def _list(self, call: Call) -> Response:
        return json_response(200, {"metadata": find_own_server(self._world, call).metadata})

    def _merge(self, call: Call) -> Response:
        server = find_own_server(self._world, call)
        return self._store(server, {**server.metadata, **read_string_map(call.body, "metadata")})

    def _replace(self, call: Call) -> Response:
        return self._store(find_own_server(self._world, call), read_string_map(call.body, "metadata"))

    def _show(self, call: Call) -> Response:
        server, key = self._find_keyed(call)
        return json_response(200, {"meta": {key: server.metadata[key]}})

    def _set(self, call: Call) -> Response:
        server, key = find_own_server(self._world, call), call.parameters["key"]
        item = read_string_map(call.body, "meta")
        if set(item) != {key}:
            raise bad_request("Request body and URI mismatch")
        self._store(server, {**server.metadata, **item})
        return json_response(200, {"meta": item})

    def _remove(self, call: Call) -> Response:
        server, key = self._find_keyed(call)
        self._store(server, {name: value for name, value in server.metadata.items() if name != key})
        return Response(204)

    def _find_keyed(self, call: Call) -> tuple[Server, str]:
        server, key = find_own_server(self._world, call), call.parameters["key"]
        if key not in server.metadata:
            raise not_found("Metadata item was not found")
        return server, key

    def _store(self, server: Server, metadata: Mapping[str, str]) -> Response:
        self._world.servers[server.id] = replace(server, metadata=dict(metadata))
        return json_response(200, {"metadata": metadata})
