"""Keep server groups: which servers share hosts, and which must not."""

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.endpoints import Call, Route
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.microversions import Microversion
from kubecapy.devcloud.refusals import bad_request, forbidden, not_found
from kubecapy.devcloud.services.compute import microversions
from kubecapy.devcloud.services.compute.bodies import invalid, read_object, require_known, require_text
from kubecapy.devcloud.services.compute.microversions import read_microversion
from kubecapy.devcloud.services.compute.paging import cut_offset
from kubecapy.devcloud.world.compute import ServerGroup
from kubecapy.devcloud.world.hosts import members_of
from kubecapy.devcloud.world.world import World

STRICT = ("anti-affinity", "affinity")
SOFT = ("soft-anti-affinity", "soft-affinity")


class ServerGroups:
    """Serves /os-server-groups."""

    def __init__(self, world: World) -> None:
        """Keep the groups of `world`."""
        self._world = world

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("GET", "/v2.1/os-server-groups", self._list),
            Route("POST", "/v2.1/os-server-groups", self._create),
            Route("GET", "/v2.1/os-server-groups/{id}", self._show),
            Route("DELETE", "/v2.1/os-server-groups/{id}", self._delete),
        ]

    def _list(self, call: Call) -> Response:
        caller, version = call.credentials, read_microversion(call.request)
        everywhere = caller.is_admin and call.request.query.find("all_projects") is not None
        groups = [
            group for group in self._world.server_groups.values() if everywhere or group.project_id == caller.project_id
        ]
        return json_response(200, {"server_groups": [self._view(group, version) for group in cut_offset(groups, call)]})

    def _show(self, call: Call) -> Response:
        return json_response(200, {"server_group": self._view(self._find(call), read_microversion(call.request))})

    def _create(self, call: Call) -> Response:
        world, caller, version = self._world, call.credentials, read_microversion(call.request)
        wish = read_object(call.body, "server_group")
        self._require_quota(caller)
        name = require_text(wish, "name", "server_group")
        policy = _read_policy(wish, version)
        limit = _read_limit(wish, policy)
        group = ServerGroup(world.identifiers.uuid(), name, caller.project_id, caller.user_id, policy, limit)
        world.server_groups[group.id] = group
        return json_response(200, {"server_group": self._view(group, version)})

    def _delete(self, call: Call) -> Response:
        """Remove a group; its servers stay where they are."""
        del self._world.server_groups[self._find(call).id]
        return Response(204)

    def _find(self, call: Call) -> ServerGroup:
        identifier = call.parameters["id"]
        group = self._world.server_groups.get(identifier)
        if group is None or not call.credentials.owns(group.project_id):
            raise not_found(f"Instance group {identifier} could not be found.")
        return group

    def _require_quota(self, caller: Credentials) -> None:
        used = sum(1 for group in self._world.server_groups.values() if group.project_id == caller.project_id)
        if not self._world.quotas.allows("compute", caller.project_id, "server_groups", used + 1):
            raise forbidden("Quota exceeded, too many server groups.")

    def _view(self, group: ServerGroup, version: Microversion) -> JsonObject:
        view: JsonObject = {
            "id": group.id,
            "name": group.name,
            "members": [server.id for server in members_of(self._world, group)],
        }
        if version >= microversions.GROUP_RULES:
            rules = {} if group.max_per_host is None else {"max_server_per_host": group.max_per_host}
            view |= {"policy": group.policy, "rules": rules}
        else:
            view |= {"policies": [group.policy], "metadata": {}}
        if version >= microversions.GROUP_OWNER:
            view |= {"project_id": group.project_id, "user_id": group.user_id}
        return view


def _read_policy(wish: JsonObject, version: Microversion) -> str:
    """Return the policy: one text since 2.64, a list of one before."""
    known = STRICT + (SOFT if version >= microversions.SOFT_POLICIES else ())
    if version >= microversions.GROUP_RULES:
        require_known(wish, {"name", "policy", "rules"}, "server_group")
        field, policy = "policy", require_text(wish, "policy", "server_group")
    else:
        require_known(wish, {"name", "policies"}, "server_group")
        policies = wish.get("policies")
        if not isinstance(policies, list) or len(policies) != 1:
            raise invalid("policies", f"{policies!r} must be a list of one policy", policies)
        field, policy = "policies/0", str(policies[0])
    if policy not in known:
        raise invalid(field, f"{policy!r} is not one of {list(known)}", policy)
    return policy


def _read_limit(wish: JsonObject, policy: str) -> int | None:
    rules = wish.get("rules", {})
    if not isinstance(rules, dict):
        raise invalid("rules", f"{rules!r} is not of type 'object'", rules)
    require_known(rules, {"max_server_per_host"}, "rules")
    if not rules:
        return None
    limit = str(rules["max_server_per_host"])
    if not limit.isascii() or not limit.isdecimal() or int(limit) < 1:
        raise invalid("max_server_per_host", f"{limit!r} does not match '^[0-9]*$' or is less than 1", limit)
    if policy != "anti-affinity":
        raise bad_request("Only anti-affinity policy supports rules.")
    return int(limit)
