"""Show availability zones, limits and quotas."""

import msgspec

from kubecapy.devcloud.endpoints import Call, Route
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.refusals import bad_request, forbidden
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
        return json_response(200, {"availabilityZoneInfo": [_zone(name, None) for name in self._world.zones]})

    def _zone_details(self, call: Call) -> Response:
        _require_admin(call, "os_compute_api:os-availability-zone:detail")
        service = {"nova-compute": {"available": True, "active": True, "updated_at": None}}
        zones = [
            _zone(name, {host.name: service for host in self._world.hosts if host.zone == name})
            for name in self._world.zones
        ]
        return json_response(200, {"availabilityZoneInfo": zones})

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
            "maxServerGroups": limits["server_groups"],
            "maxServerGroupMembers": limits["server_group_members"],
            "totalInstancesUsed": used.instances,
            "totalCoresUsed": used.cores,
            "totalRAMUsed": used.ram,
            "totalServerGroupsUsed": used.server_groups,
        }
        return json_response(200, {"limits": {"rate": [], "absolute": absolute}})

    def _show_quotas(self, call: Call) -> Response:
        project_id = _own_project(call)
        limits = self._world.quotas.limits("compute", project_id)
        return json_response(200, {"quota_set": {"id": project_id, **limits}})

    def _show_details(self, call: Call) -> Response:
        project_id = _own_project(call)
        used = compute_usage(self._world, project_id)
        # Members of groups and key pairs are counted for each group and user, and shown as none here.
        counts = msgspec.structs.asdict(used)
        details = {
            name: {"limit": limit, "in_use": counts.get(name, 0), "reserved": 0}
            for name, limit in self._world.quotas.limits("compute", project_id).items()
        }
        return json_response(200, {"quota_set": {"id": project_id, **details}})

    def _set_quotas(self, call: Call) -> Response:
        _require_admin(call, "os_compute_api:os-quota-sets:update")
        wish, project_id = call.body.get("quota_set"), call.parameters["project_id"]
        if not isinstance(wish, dict):
            raise bad_request("Invalid input for field/attribute quota_set. 'quota_set' is a required property")
        limits = {name: limit for name, limit in wish.items() if name != "force"}
        self._world.quotas.set_limits("compute", project_id, limits)
        return json_response(200, {"quota_set": self._world.quotas.limits("compute", project_id)})


def _zone(name: str, hosts: JsonObject | None) -> JsonObject:
    return {"zoneName": name, "zoneState": {"available": True}, "hosts": hosts}


def _own_project(call: Call) -> str:
    project_id = call.parameters["project_id"]
    if not call.credentials.owns(project_id):
        raise forbidden("Policy doesn't allow os_compute_api:os-quota-sets:show to be performed.")
    return project_id


def _require_admin(call: Call, rule: str) -> None:
    if not call.credentials.is_admin:
        raise forbidden(f"Policy doesn't allow {rule} to be performed.")
