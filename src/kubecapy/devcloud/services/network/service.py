"""Put Neutron's parts together."""

from kubecapy.devcloud.endpoints import Call, Match, Route, RoutingTable
from kubecapy.devcloud.messages import Request, Response, json_response
from kubecapy.devcloud.refusals import Refusal
from kubecapy.devcloud.services.network.collection import Collection
from kubecapy.devcloud.services.network.extensions import Extensions
from kubecapy.devcloud.services.network.floatingips import FloatingIps
from kubecapy.devcloud.services.network.networks import Networks
from kubecapy.devcloud.services.network.ports import Ports
from kubecapy.devcloud.services.network.routers import RouterInterfaces, Routers
from kubecapy.devcloud.services.network.securitygrouprules import SecurityGroupRules
from kubecapy.devcloud.services.network.securitygroups import SecurityGroups
from kubecapy.devcloud.services.network.subnets import Subnets
from kubecapy.devcloud.services.network.trunks import Trunks, TrunkSubPorts
from kubecapy.devcloud.world.world import World

COLLECTIONS = (
    "networks",
    "subnets",
    "ports",
    "routers",
    "security-groups",
    "security-group-rules",
    "floatingips",
    "trunks",
)


class NetworkService:
    """Answers calls below /networking."""

    name = "network"
    prefix = "/networking"

    def __init__(self, world: World) -> None:
        """Serve the networks of `world`."""
        routers = Collection(Routers(world), world)
        trunks = Collection(Trunks(world), world)
        self.table = RoutingTable(
            [
                Route("GET", "", self._versions, public=True),
                Route("GET", "/v2.0", self._resources, public=True),
                *Collection(Networks(world), world).routes(),
                *Collection(Subnets(world), world).routes(),
                *Collection(Ports(world), world).routes(),
                *RouterInterfaces(world, routers).routes(),
                *routers.routes(),
                *Collection(SecurityGroups(world), world).routes(),
                *Collection(SecurityGroupRules(world), world).routes(),
                *Collection(FloatingIps(world), world).routes(),
                *TrunkSubPorts(world, trunks).routes(),
                *trunks.routes(),
                *Extensions(world).routes(),
            ]
        )

    def answer(self, match: Match, call: Call) -> Response:
        """Answer a call.

        Raises:
            Refusal: the service says no.
        """
        return match.route.handler(call)

    def render_refusal(self, refusal: Refusal, _request: Request) -> Response:
        """Return Neutron's error document."""
        body = {"NeutronError": {"type": refusal.kind, "message": refusal.message, "detail": ""}}
        return json_response(refusal.status, body)

    def _versions(self, call: Call) -> Response:
        links = [{"rel": "self", "href": f"{call.base_url}/networking/v2.0/"}]
        return json_response(200, {"versions": [{"id": "v2.0", "status": "CURRENT", "links": links}]})

    def _resources(self, call: Call) -> Response:
        resources = [
            {
                "name": collection.removesuffix("s").replace("-", "_"),
                "collection": collection.replace("-", "_"),
                "links": [{"rel": "self", "href": f"{call.base_url}/networking/v2.0/{collection}"}],
            }
            for collection in COLLECTIONS
        ]
        return json_response(200, {"resources": resources})
