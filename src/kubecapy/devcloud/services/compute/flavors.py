"""Show flavors; an administrator makes and removes them."""

from collections.abc import Callable

from kubecapy.devcloud.endpoints import Call, Route
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.microversions import Microversion
from kubecapy.devcloud.refusals import conflict, forbidden, not_found
from kubecapy.devcloud.services.compute import microversions
from kubecapy.devcloud.services.compute.bodies import invalid, read_object, read_text, require_known, require_text
from kubecapy.devcloud.services.compute.microversions import read_microversion
from kubecapy.devcloud.services.compute.paging import cut_page
from kubecapy.devcloud.world.compute import Flavor
from kubecapy.devcloud.world.world import World

_SIZES = {"vcpus": 1, "ram": 1, "disk": 0}
"""What a flavor must say of its size, and the least of each."""


class Flavors:
    """Serves /flavors."""

    def __init__(self, world: World) -> None:
        """Show the flavors of `world`."""
        self._world = world

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("GET", "/v2.1/flavors", self._list),
            Route("POST", "/v2.1/flavors", self._create),
            Route("GET", "/v2.1/flavors/detail", self._detail),
            Route("GET", "/v2.1/flavors/{flavor_id}", self._show),
            Route("DELETE", "/v2.1/flavors/{flavor_id}", self._delete),
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

    def _create(self, call: Call) -> Response:
        _require_administrator(call, "create")
        flavor = self._read_flavor(read_object(call.body, "flavor"))
        flavors = self._world.flavors
        if any(other.name == flavor.name for other in flavors.values()):
            raise conflict(f"Flavor with name {flavor.name} already exists.")
        if flavor.id in flavors:
            raise conflict(f"Flavor with ID {flavor.id} already exists.")
        flavors[flavor.id] = flavor
        return json_response(200, {"flavor": _full(flavor, call, read_microversion(call.request))})

    def _read_flavor(self, wish: JsonObject) -> Flavor:
        require_known(wish, ("id", "name", *_SIZES), "flavor")
        name = require_text(wish, "name", "flavor")
        vcpus, ram_mib, disk_gib = (_read_size(wish, field, least) for field, least in _SIZES.items())
        return Flavor(read_text(wish, "id") or self._world.identifiers.uuid(), name, vcpus, ram_mib, disk_gib)

    def _delete(self, call: Call) -> Response:
        """Remove a flavor; servers keep the size that they were made with."""
        _require_administrator(call, "delete")
        del self._world.flavors[self._find(call).id]
        return Response(202)

    def _extra_specs(self, call: Call) -> Response:
        self._find(call)
        return json_response(200, {"extra_specs": {}})

    def _find(self, call: Call) -> Flavor:
        flavor_id = call.parameters["flavor_id"]
        flavor = self._world.flavors.get(flavor_id)
        if flavor is None:
            raise not_found(f"Flavor {flavor_id} could not be found.")
        return flavor


def _require_administrator(call: Call, verb: str) -> None:
    if not call.credentials.is_admin:
        raise forbidden(f"Policy doesn't allow os_compute_api:os-flavor-manage:{verb} to be performed.")


def _read_size(wish: JsonObject, field: str, least: int) -> int:
    value = wish.get(field)
    if value is None:
        raise invalid("flavor", f"'{field}' is a required property")
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid(field, f"{value!r} is not of type 'integer'", value)
    if value < least:
        raise invalid(field, f"{value} is less than the minimum of {least}", value)
    return value


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
