"""Show volume types, availability zones, limits and quotas."""

from kubecapy.devcloud.endpoints import Call, Route
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.refusals import bad_request, forbidden, not_found
from kubecapy.devcloud.world.volume import VolumeType
from kubecapy.devcloud.world.volumes import SERVICE, find_type, volume_usage
from kubecapy.devcloud.world.world import World


class Limits:
    """Serves /types, /os-availability-zone, /limits and /os-quota-sets."""

    def __init__(self, world: World) -> None:
        """Read and change the quotas of `world`."""
        self._world = world

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("GET", "/v3/types", self._list_types),
            Route("GET", "/v3/types/{name}", self._show_type),
            Route("GET", "/v3/os-availability-zone", self._zones),
            Route("GET", "/v3/limits", self._limits),
            Route("GET", "/v3/os-quota-sets/{project_id}", self._show_quotas),
            Route("PUT", "/v3/os-quota-sets/{project_id}", self._set_quotas),
        ]

    def _list_types(self, _call: Call) -> Response:
        return json_response(200, {"volume_types": [_type_view(kind) for kind in self._world.volume_types.values()]})

    def _show_type(self, call: Call) -> Response:
        name = call.parameters["name"]
        kind = find_type(self._world, "" if name == "default" else name)
        if kind is None or name == kind.name:  # Only ids and `default` are looked up by Cinder.
            raise not_found(f"Volume type {name} could not be found.")
        return json_response(200, {"volume_type": _type_view(kind)})

    def _zones(self, _call: Call) -> Response:
        zones = [{"zoneName": name, "zoneState": {"available": True}} for name in self._world.zones]
        return json_response(200, {"availabilityZoneInfo": zones})

    def _limits(self, call: Call) -> Response:
        project_id = call.credentials.project_id
        used, limits = volume_usage(self._world, project_id), self._world.quotas.limits(SERVICE, project_id)
        absolute = {
            "maxTotalVolumes": limits["volumes"],
            "maxTotalVolumeGigabytes": limits["gigabytes"],
            "maxTotalSnapshots": limits["snapshots"],
            "maxTotalBackups": limits["backups"],
            "maxTotalBackupGigabytes": limits["backup_gigabytes"],
            "totalVolumesUsed": used["volumes"],
            "totalGigabytesUsed": used["gigabytes"],
            "totalSnapshotsUsed": used["snapshots"],
            "totalBackupsUsed": 0,
            "totalBackupGigabytesUsed": 0,
        }
        return json_response(200, {"limits": {"rate": [], "absolute": absolute}})

    def _show_quotas(self, call: Call) -> Response:
        project_id = call.parameters["project_id"]
        if not call.credentials.owns(project_id):
            raise _denied("volume_extension:quotas:show")
        limits: JsonObject = dict(self._world.quotas.limits(SERVICE, project_id))
        if (call.request.query.find("usage") or "").lower() in {"true", "1"}:
            used = volume_usage(self._world, project_id)
            limits = {
                name: {"limit": limit, "in_use": used.get(name, 0), "reserved": 0} for name, limit in limits.items()
            }
        return json_response(200, {"quota_set": {"id": project_id, **limits}})

    def _set_quotas(self, call: Call) -> Response:
        if not call.credentials.is_admin:
            raise _denied("volume_extension:quotas:update")
        wish, project_id = call.body.get("quota_set"), call.parameters["project_id"]
        if not isinstance(wish, dict):
            raise bad_request("Invalid input for field/attribute quota_set. 'quota_set' is a required property")
        self._world.quotas.set_limits(SERVICE, project_id, wish)
        return json_response(200, {"quota_set": self._world.quotas.limits(SERVICE, project_id)})


def _type_view(kind: VolumeType) -> JsonObject:
    return {
        "id": kind.id,
        "name": kind.name,
        "description": kind.description,
        "is_public": True,
        "os-volume-type-access:is_public": True,
        "extra_specs": {},
    }


def _denied(rule: str) -> Exception:
    return forbidden(f"Policy doesn't allow {rule} to be performed.")
