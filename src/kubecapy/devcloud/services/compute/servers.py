"""List, show, rename and delete servers."""

from msgspec.structs import replace

from kubecapy.devcloud.endpoints import Call, Route
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.services.compute import microversions
from kubecapy.devcloud.services.compute.access import find_own_server
from kubecapy.devcloud.services.compute.bodies import read_object, read_text, require_known
from kubecapy.devcloud.services.compute.creation import ServerCreation
from kubecapy.devcloud.services.compute.microversions import read_microversion
from kubecapy.devcloud.services.compute.paging import cut_page
from kubecapy.devcloud.services.compute.selection import select_servers
from kubecapy.devcloud.services.compute.views import ServerViews
from kubecapy.devcloud.world.servers import start_soft_delete
from kubecapy.devcloud.world.world import World


class Servers:
    """Serves /servers."""

    def __init__(self, world: World) -> None:
        """Keep the servers of `world`."""
        self._world = world

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("GET", "/v2.1/servers", self._list),
            Route("POST", "/v2.1/servers", ServerCreation(self._world).create),
            Route("GET", "/v2.1/servers/detail", self._detail),
            Route("GET", "/v2.1/servers/{server_id}", self._show),
            Route("PUT", "/v2.1/servers/{server_id}", self._update),
            Route("DELETE", "/v2.1/servers/{server_id}", self._delete),
        ]

    def _list(self, call: Call) -> Response:
        return self._page(call, in_full=False)

    def _detail(self, call: Call) -> Response:
        return self._page(call, in_full=True)

    def _page(self, call: Call, *, in_full: bool) -> Response:
        selected = select_servers(self._world, call, read_microversion(call.request))
        page, links = cut_page(selected, call, lambda server: server.id)
        views = self._views(call)
        rendered = views.full_list(page) if in_full else [views.brief(server) for server in page]
        document: JsonObject = {"servers": rendered}
        if links:
            document["servers_links"] = links
        return json_response(200, document)

    def _show(self, call: Call) -> Response:
        return json_response(200, {"server": self._views(call).full(find_own_server(self._world, call))})

    def _update(self, call: Call) -> Response:
        server, wish = find_own_server(self._world, call), read_object(call.body, "server")
        described = read_microversion(call.request) >= microversions.DESCRIPTION
        require_known(wish, {"name"} | ({"description"} if described else set()), "server")
        changes: JsonObject = {"name": read_text(wish, "name") or server.name}
        if "description" in wish:
            changes["description"] = read_text(wish, "description", may_be_empty=True)
        changed = replace(server, **changes, updated_at=call.now)
        self._world.servers[server.id] = changed
        return json_response(200, {"server": self._views(call).full(changed)})

    def _delete(self, call: Call) -> Response:
        start_soft_delete(self._world, find_own_server(self._world, call), call.now)
        return Response(204)

    def _views(self, call: Call) -> ServerViews:
        return ServerViews(self._world, call.credentials, read_microversion(call.request), call.base_url)
