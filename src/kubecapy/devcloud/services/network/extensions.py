"""Tell which parts of Neutron's API this cloud has, and the projects' quotas."""

from collections.abc import Mapping

from kubecapy.devcloud.endpoints import Call, Route
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.refusals import bad_request, not_found
from kubecapy.devcloud.services.network.attributes import policy_refused
from kubecapy.devcloud.world import usage
from kubecapy.devcloud.world.world import World

# Only what works here: a client that asks for an alias must be able to trust the answer.
ALIASES: Mapping[str, str] = {
    "allowed-address-pairs": "Allowed Address Pairs",
    "availability_zone": "Availability Zone",
    "binding": "Port Binding",
    "external-net": "Neutron external network",
    "extraroute": "Neutron Extra Route",
    "filter-validation": "Filter parameters validation",
    "fip-port-details": "Add port_details attribute to Floating IP",
    "ip-substring-port-filtering": "IP address substring filtering",
    "net-mtu": "Network MTU",
    "net-mtu-writable": "Network MTU (writable)",
    "pagination": "Pagination support",
    "port-security": "Port Security",
    "port-security-groups-filtering": "Port filtering on security groups",
    "project-id": "project_id field enabled",
    "quotas": "Quota management support",
    "quota_details": "Quota details management support",
    "revision-if-match": "If-Match constraints based on revision_number",
    "router": "Neutron L3 Router",
    "security-group": "security-group",
    "security-groups-normalized-cidr": "Normalized CIDR field for security group rules",
    "security-groups-rules-belongs-to-default-sg": "Rule belongs to the default security group",
    "sorting": "Sorting support",
    "standard-attr-description": "standard-attr-description",
    "standard-attr-revisions": "Resource revision numbers",
    "standard-attr-tag": "Tag support for resources with standard attribute",
    "standard-attr-timestamp": "Resource timestamps",
    "stateful-security-group": "Stateful security group",
    "tag-creation": "Tag creation extension",
    "tag-ports-during-bulk-creation": "Tag Ports During Bulk Creation",
    "trunk": "Trunk Extension",
    "trunk-details": "Trunk port details",
}


class Extensions:
    """Serves the extensions, the availability zones and the quotas."""

    def __init__(self, world: World) -> None:
        """Read and change the quotas of `world`."""
        self._world = world

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("GET", "/v2.0/extensions", self._list),
            Route("GET", "/v2.0/extensions/{alias}", self._show),
            Route("GET", "/v2.0/availability_zones", self._zones),
            Route("GET", "/v2.0/quotas/{project_id}", self._show_quota),
            Route("PUT", "/v2.0/quotas/{project_id}", self._set_quota),
            Route("GET", "/v2.0/quotas/{project_id}/details", self._show_details),
        ]

    def _list(self, _call: Call) -> Response:
        return json_response(200, {"extensions": [_document(alias) for alias in ALIASES]})

    def _show(self, call: Call) -> Response:
        alias = call.parameters["alias"]
        if alias not in ALIASES:
            raise not_found(f"Extension with alias {alias} does not exist")
        return json_response(200, {"extension": _document(alias)})

    def _zones(self, _call: Call) -> Response:
        zone = {"name": self._world.zones[0], "state": "available"}
        return json_response(
            200, {"availability_zones": [{**zone, "resource": kind} for kind in ("network", "router")]}
        )

    def _show_quota(self, call: Call) -> Response:
        return json_response(200, {"quota": self._world.quotas.limits("network", _own_project(call))})

    def _show_details(self, call: Call) -> Response:
        project_id = _own_project(call)
        used = usage.network_usage(self._world, project_id)
        limits = self._world.quotas.limits("network", project_id)
        details = {name: {"limit": limit, "used": used[name], "reserved": 0} for name, limit in limits.items()}
        return json_response(200, {"quota": details})

    def _set_quota(self, call: Call) -> Response:
        if not call.credentials.is_admin:
            raise policy_refused("update_quota")
        project_id, wish = call.parameters["project_id"], call.body.get("quota")
        if not isinstance(wish, dict):
            raise bad_request("Unable to find 'quota' in request body")
        self._world.quotas.set_limits("network", project_id, wish)
        return json_response(200, {"quota": self._world.quotas.limits("network", project_id)})


def _document(alias: str) -> JsonObject:
    name = ALIASES[alias]
    return {"alias": alias, "name": name, "description": name, "updated": "2016-01-01T00:00:00-00:00", "links": []}


def _own_project(call: Call) -> str:
    project_id = call.parameters["project_id"]
    if not call.credentials.owns(project_id):
        raise policy_refused("get_quota")
    return project_id
