"""Put Nova's parts together."""

from kubecapy.devcloud.console import ConsoleReader
from kubecapy.devcloud.endpoints import Call, Match, Route, RoutingTable
from kubecapy.devcloud.messages import JsonObject, Request, Response, json_response
from kubecapy.devcloud.microversions import spell
from kubecapy.devcloud.refusals import Refusal
from kubecapy.devcloud.services.compute.actions import Actions
from kubecapy.devcloud.services.compute.flavors import Flavors
from kubecapy.devcloud.services.compute.interfaces import Interfaces
from kubecapy.devcloud.services.compute.keypairs import KeyPairs
from kubecapy.devcloud.services.compute.limits import Limits
from kubecapy.devcloud.services.compute.microversions import (
    MAXIMUM,
    MINIMUM,
    headers_for,
    read_microversion,
)
from kubecapy.devcloud.services.compute.servergroups import ServerGroups
from kubecapy.devcloud.services.compute.servers import Servers
from kubecapy.devcloud.services.compute.tagging import Metadata, Tags
from kubecapy.devcloud.services.compute.volumeattachments import VolumeAttachments
from kubecapy.devcloud.world.world import World

FAULT_NAMES = {
    400: "badRequest",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflictingRequest",
    413: "overLimit",
    501: "notImplemented",
    503: "serviceUnavailable",
}


class ComputeService:
    """Answers calls below /compute."""

    name = "compute"
    prefix = "/compute"

    def __init__(self, world: World, consoles: ConsoleReader) -> None:
        """Serve the servers of `world`, whose serial output `consoles` reads."""
        self.table = RoutingTable(
            [
                Route("GET", "", self._versions, public=True),
                Route("GET", "/v2.1", self._version, public=True),
                *Flavors(world).routes(),
                *KeyPairs(world).routes(),
                *Servers(world).routes(),
                *ServerGroups(world).routes(),
                *Actions(world, consoles).routes(),
                *Interfaces(world).routes(),
                *VolumeAttachments(world).routes(),
                *Tags(world).routes(),
                *Metadata(world).routes(),
                *Limits(world).routes(),
            ]
        )

    def answer(self, match: Match, call: Call) -> Response:
        """Answer a call, with the headers that name its microversion.

        Raises:
            Refusal: the service says no.
        """
        version = read_microversion(call.request)
        return match.route.handler(call).with_headers(headers_for(version))

    def render_refusal(self, refusal: Refusal, request: Request) -> Response:
        """Return Nova's error document."""
        name = FAULT_NAMES.get(refusal.status, "computeFault")
        return json_response(
            refusal.status, {name: {"code": refusal.status, "message": refusal.message}}, _version_headers(request)
        )

    def _versions(self, call: Call) -> Response:
        return json_response(200, {"versions": [_document(call)]})

    def _version(self, call: Call) -> Response:
        media = {"base": "application/json", "type": "application/vnd.openstack.compute+json;version=2.1"}
        return json_response(200, {"version": {**_document(call), "media-types": [media]}})


def _document(call: Call) -> JsonObject:
    return {
        "id": "v2.1",
        "status": "CURRENT",
        "version": spell(MAXIMUM),
        "min_version": spell(MINIMUM),
        "updated": "2013-07-23T11:33:21Z",
        "links": [{"rel": "self", "href": f"{call.base_url}/compute/v2.1/"}],
    }


def _version_headers(request: Request) -> tuple[tuple[str, str], ...]:
    try:
        return headers_for(read_microversion(request))
    except Refusal:
        return ()
