"""Show availability zones, limits and quotas."""

from kubecapy.devcloud.endpoints import Call, Route
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.refusals import bad_request, forbidden
from kubecapy.devcloud.world.quotas import COMPUTE_DEFAULTS
from kubecapy.devcloud.world.servers import HOST
from kubecapy.devcloud.world.usage import compute_usage
from kubecapy.devcloud.world.world import World


class Limits:
    """Serves /os-availability-zone, /limits and /os-quota-sets."""

    def __init__(self, world: World) -> None:
        """Read and change the quotas of `world`."""
        self._world = world

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("GET", "/v2.1/os-availability-zone", self._zones),
            Route("GET", "/v2.1/os-availability-zone/detail", self._zone_details),
            Route("GET", "/v2.1/limits", self._limits),
            Route("GET", "/v2.1/os-quota-sets/{project_id}", self._show_quotas),
            Route("GET", "/v2.1/os-quota-sets/{project_id}/detail", self._show_details),
            Route("PUT", "/v2.1/os-quota-sets/{project_id}", self._set_quotas),
        ]

    def _zones(self, _call: Call) -> Response:
        return json_response(200, {"availabilityZoneInfo": [self._zone(None)]})

    def _zone_details(self, call: Call) -> Response:
        _require_admin(call, "os_compute_api:os-availability-zone:detail")
        service = {"available": True, "active": True, "updated_at": None}
        return json_response(200, {"availabilityZoneInfo": [self._zone({HOST: {"nova-compute": service}})]})

    def _zone(self, hosts: JsonObject | None) -> JsonObject:
        return {"zoneName": self._world.availability_zone, "zoneState": {"available": True}, "hosts": hosts}

    def _limits(self, call: Call) -> Response:
        project_id = call.credentials.project_id
        if call.credentials.is_admin:
            project_id = call.request.query.find("tenant_id") or project_id
        used = compute_usage(self._world, project_id)
        limits = self._world.quotas.limits("compute", project_id)
        absolute = {
            "maxTotalInstances": limits["instances"],
            "maxTotalCores": limits["cores"],
            "maxTotalRAMSize": limits["ram"],
            "maxTotalKeypairs": limits["key_pairs"],
            "maxServerMeta": limits["metadata_items"],
            "maxImageMeta": limits["metadata_items"],
            "maxServerGroups": 0,
            "maxServerGroupMembers": 0,
            "totalInstancesUsed": used.instances,
            "totalCoresUsed": used.cores,
            "totalRAMUsed": used.ram,
            "totalServerGroupsUsed": 0,
        }
        return json_response(200, {"limits": {"rate": [], "absolute": absolute}})

    def _show_quotas(self, call: Call) -> Response:
        project_id = _own_project(call)
        return json_response(200, {"quota_set": {"id": project_id, **self._named_limits(project_id)}})

    def _show_details(self, call: Call) -> Response:
        project_id = _own_project(call)
        used = compute_usage(self._world, project_id)
        counts = {"instances": used.instances, "cores": used.cores, "ram": used.ram}
        details = {
            name: {"limit": limit, "in_use": counts.get(name, 0), "reserved": 0}
            for name, limit in self._named_limits(project_id).items()
        }
        return json_response(200, {"quota_set": {"id": project_id, **details}})

    def _set_quotas(self, call: Call) -> Response:
        _require_admin(call, "os_compute_api:os-quota-sets:update")
        wish, project_id = call.body.get("quota_set"), call.parameters["project_id"]
        if not isinstance(wish, dict):
            raise bad_request("Invalid input for field/attribute quota_set. 'quota_set' is a required property")
        limits = {name: limit for name, limit in wish.items() if name != "force"}
        self._world.quotas.set_limits("compute", project_id, limits)
        return json_response(200, {"quota_set": self._named_limits(project_id)})

    def _named_limits(self, project_id: str) -> dict[str, int]:
        limits = {name: self._world.quotas.limit("compute", project_id, name) for name in COMPUTE_DEFAULTS}
        return limits | {"server_groups": 0, "server_group_members": 0}


def _own_project(call: Call) -> str:
    project_id = call.parameters["project_id"]
    if not call.credentials.owns(project_id):
        raise forbidden("Policy doesn't allow os_compute_api:os-quota-sets:show to be performed.")
    return project_id


def _require_admin(call: Call, rule: str) -> None:
    if not call.credentials.is_admin:
        raise forbidden(f"Policy doesn't allow {rule} to be performed.")
