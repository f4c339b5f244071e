"""Put Cinder's parts together."""

from kubecapy.devcloud.endpoints import Call, Match, Route, RoutingTable
from kubecapy.devcloud.messages import Headers, JsonObject, Request, Response, json_response
from kubecapy.devcloud.microversions import spell
from kubecapy.devcloud.refusals import Refusal
from kubecapy.devcloud.services.block_storage.limits import Limits
from kubecapy.devcloud.services.block_storage.microversions import MAXIMUM, MINIMUM, headers_for, read_microversion
from kubecapy.devcloud.services.block_storage.snapshots import Snapshots
from kubecapy.devcloud.services.block_storage.volumes import Volumes
from kubecapy.devcloud.world.world import World

OVER_QUOTA = 413
FAULT_NAMES = {
    400: "badRequest",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflictingRequest",
    OVER_QUOTA: "overLimit",
    501: "notImplemented",
    503: "serviceUnavailable",
}


class BlockStorageService:
    """Answers calls below /volume."""

    name = "block-storage"
    prefix = "/volume"

    def __init__(self, world: World) -> None:
        """Serve the volumes of `world`."""
        self.table = RoutingTable(
            [
                Route("GET", "", self._all_versions, public=True),
                Route("GET", "/v3", self._version, public=True),
                *Volumes(world).routes(),
                *Snapshots(world).routes(),
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
        """Return Cinder's error document; used-up quotas say that one may try again at once, as real Cinder does."""
        name = FAULT_NAMES.get(refusal.status, "computeFault")
        fault: JsonObject = {"code": refusal.status, "message": refusal.message}
        headers = _version_headers(request)
        if refusal.status == OVER_QUOTA:
            fault["retryAfter"] = "0"
            headers += (("Retry-After", "0"),)
        return json_response(refusal.status, {name: fault}, headers)

    def _all_versions(self, call: Call) -> Response:
        return json_response(300, {"versions": [_document(call)]})

    def _version(self, call: Call) -> Response:
        return json_response(200, {"versions": [_document(call)]})


def _document(call: Call) -> JsonObject:
    return {
        "id": "v3.0",
        "status": "CURRENT",
        "version": spell(MAXIMUM),
        "min_version": spell(MINIMUM),
        "updated": "2023-08-31T00:00:00Z",
        "links": [
            {"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
            {"rel": "self", "href": f"{call.base_url}/volume/v3/"},
        ],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"}],
    }


def _version_headers(request: Request) -> Headers:
    try:
        return headers_for(read_microversion(request))
    except Refusal:
        return ()
