"""Show flavors."""

from collections.abc import Callable

from kubecapy.devcloud.endpoints import Call, Route
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.microversions import Microversion
from kubecapy.devcloud.refusals import not_found
from kubecapy.devcloud.services.compute import microversions
from kubecapy.devcloud.services.compute.microversions import read_microversion
from kubecapy.devcloud.services.compute.paging import cut_page
from kubecapy.devcloud.world.compute import Flavor
from kubecapy.devcloud.world.world import World


class Flavors:
    """Serves /flavors."""

    def __init__(self, world: World) -> None:
        """Show the flavors of `world`."""
        self._world = world

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("GET", "/v2.1/flavors", self._list),
            Route("GET", "/v2.1/flavors/detail", self._detail),
            Route("GET", "/v2.1/flavors/{flavor_id}", self._show),
            Route("GET", "/v2.1/flavors/{flavor_id}/os-extra_specs", self._extra_specs),
        ]

    def _list(self, call: Call) -> Response:
        described = read_microversion(call.request) >= microversions.FLAVOR_DESCRIPTION
        extra: JsonObject = {"description": None} if described else {}
        return self._page(call, lambda flavor: {**_brief(flavor, call), **extra})

    def _detail(self, call: Call) -> Response:
        version = read_microversion(call.request)
        return self._page(call, lambda flavor: _full(flavor, call, version))

    def _page(self, call: Call, view: Callable[[Flavor], JsonObject]) -> Response:
        flavors = sorted(self._world.flavors.values(), key=lambda flavor: flavor.id)
        page, links = cut_page(flavors, call, lambda flavor: flavor.id)
        document: JsonObject = {"flavors": [view(flavor) for flavor in page]}
        if links:
            document["flavors_links"] = links
        return json_response(200, document)

    def _show(self, call: Call) -> Response:
        return json_response(200, {"flavor": _full(self._find(call), call, read_microversion(call.request))})

    def _extra_specs(self, call: Call) -> Response:
        self._find(call)
        return json_response(200, {"extra_specs": {}})

    def _find(self, call: Call) -> Flavor:
        flavor_id = call.parameters["flavor_id"]
        flavor = self._world.flavors.get(flavor_id)
        if flavor is None:
            raise not_found(f"Flavor {flavor_id} could not be found.")
        return flavor


def _brief(flavor: Flavor, call: Call) -> JsonObject:
    base = call.base_url
    links = [
        {"rel": "self", "href": f"{base}/compute/v2.1/flavors/{flavor.id}"},
        {"rel": "bookmark", "href": f"{base}/compute/flavors/{flavor.id}"},
    ]
    return {"id": flavor.id, "name": flavor.name, "links": links}


def _full(flavor: Flavor, call: Call, version: Microversion) -> JsonObject:
    view = {
        **_brief(flavor, call),
        "ram": flavor.ram_mib,
        "disk": flavor.disk_gib,
        "vcpus": flavor.vcpus,
        "swap": 0 if version >= microversions.SWAP_IS_NUMBER else "",
        "rxtx_factor": 1.0,
        "OS-FLV-EXT-DATA:ephemeral": 0,
        "OS-FLV-DISABLED:disabled": False,
        "os-flavor-access:is_public": True,
    }
    if version >= microversions.FLAVOR_DESCRIPTION:
        view["description"] = None
    if version >= microversions.FLAVOR_EXTRA_SPECS:
        view["extra_specs"] = {}
    return view
