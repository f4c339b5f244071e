"""Put Keystone's parts together."""

from http import HTTPStatus

from kubecapy.devcloud.endpoints import Call, Match, Route, RoutingTable
from kubecapy.devcloud.messages import JsonObject, Request, Response, json_response
from kubecapy.devcloud.refusals import Refusal
from kubecapy.devcloud.services.identity.application_credentials import ApplicationCredentials
from kubecapy.devcloud.services.identity.directory import Directory
from kubecapy.devcloud.services.identity.tokens import Tokens
from kubecapy.devcloud.world.world import World

VERSION = "v3.14"
UPDATED = "2020-04-07T00:00:00Z"


class IdentityService:
    """Answers calls below /identity."""

    name = "identity"
    prefix = "/identity"

    def __init__(self, world: World, token_seconds: float) -> None:
        """Serve `world` with tokens that live for `token_seconds`."""
        self.table = RoutingTable(
            [
                Route("GET", "", self._versions, public=True),
                Route("GET", "/v3", self._version, public=True),
                *Tokens(world, token_seconds).routes(),
                *Directory(world).routes(),
                *ApplicationCredentials(world).routes(),
            ]
        )

    def answer(self, match: Match, call: Call) -> Response:
        """Answer a call.

        Raises:
            Refusal: the service says no.
        """
        return match.route.handler(call)

    def render_refusal(self, refusal: Refusal, _request: Request) -> Response:
        """Return Keystone's error document."""
        title = HTTPStatus(refusal.status).phrase
        body = {"error": {"code": refusal.status, "message": refusal.message, "title": title}}
        return json_response(refusal.status, body)

    def _versions(self, call: Call) -> Response:
        return json_response(300, {"versions": {"values": [self._document(call)]}})

    def _version(self, call: Call) -> Response:
        return json_response(200, {"version": self._document(call)})

    @staticmethod
    def _document(call: Call) -> JsonObject:
        return {
            "id": VERSION,
            "status": "stable",
            "updated": UPDATED,
            "links": [{"rel": "self", "href": f"{call.base_url}/identity/v3/"}],
            "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
        }
