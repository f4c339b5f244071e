"""List, show, create and delete snapshots of volumes."""

from kubecapy.devcloud.endpoints import Call, Route
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.refusals import bad_request, not_found
from kubecapy.devcloud.services.block_storage.bodies import read_metadata, read_object, read_text
from kubecapy.devcloud.services.block_storage.listing import Values, page, select
from kubecapy.devcloud.times import format_launch_time
from kubecapy.devcloud.world.volume import Snapshot
from kubecapy.devcloud.world.volumes import create_snapshot, get_volume, start_snapshot_delete
from kubecapy.devcloud.world.world import World

VALUES: Values[Snapshot] = {
    "id": lambda snapshot: snapshot.id,
    "name": lambda snapshot: snapshot.name,
    "status": lambda snapshot: snapshot.status,
    "volume_id": lambda snapshot: snapshot.volume_id,
    "created_at": lambda snapshot: snapshot.created_at.isoformat(),
}


class Snapshots:
    """Serves /snapshots."""

    def __init__(self, world: World) -> None:
        """Keep the snapshots of `world`."""
        self._world = world

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("GET", "/v3/snapshots", self._list),
            Route("POST", "/v3/snapshots", self._create),
            Route("GET", "/v3/snapshots/detail", self._list),
            Route("GET", "/v3/snapshots/{snapshot_id}", self._show),
            Route("DELETE", "/v3/snapshots/{snapshot_id}", self._delete),
        ]

    def _list(self, call: Call) -> Response:
        project_id = call.credentials.project_id
        own = [snapshot for snapshot in self._world.snapshots.values() if snapshot.project_id == project_id]
        chosen, links = page(select(own, call, VALUES), call, "snapshots", lambda snapshot: snapshot.id)
        return json_response(200, {"snapshots": [_view(snapshot) for snapshot in chosen], **links})

    def _show(self, call: Call) -> Response:
        return json_response(200, {"snapshot": _view(self._find(call))})

    def _create(self, call: Call) -> Response:
        wish = read_object(call.body, "snapshot", {"name", "description", "volume_id", "force", "metadata"})
        volume = get_volume(self._world, str(wish.get("volume_id")))
        if not call.credentials.owns(volume.project_id):
            raise not_found(f"Volume {volume.id} could not be found.")
        allowed = ("available", "in-use") if str(wish.get("force", "")).lower() in {"true", "1"} else ("available",)
        if volume.status not in allowed:
            raise bad_request(
                f"Invalid volume: Volume {volume.id} status must be {' or '.join(allowed)}, but current status is: "
                f"{volume.status}."
            )
        draft = Snapshot(
            id=self._world.identifiers.uuid(),
            project_id=volume.project_id,
            volume_id=volume.id,
            size_gib=volume.size_gib,
            created_at=call.now,
            updated_at=call.now,
            name=read_text(wish, "name") or "",
            description=read_text(wish, "description"),
            metadata=read_metadata(wish),
        )
        return json_response(202, {"snapshot": _view(create_snapshot(self._world, draft, call.now))})

    def _delete(self, call: Call) -> Response:
        start_snapshot_delete(self._world, self._find(call), call.now)
        return Response(202)

    def _find(self, call: Call) -> Snapshot:
        identifier = call.parameters["snapshot_id"]
        snapshot = self._world.snapshots.get(identifier)
        if snapshot is None or not call.credentials.owns(snapshot.project_id):
            raise not_found(f"Snapshot {identifier} could not be found.")
        return snapshot


def _view(snapshot: Snapshot) -> JsonObject:
    return {
        "id": snapshot.id,
        "name": snapshot.name,
        "description": snapshot.description,
        "volume_id": snapshot.volume_id,
        "status": snapshot.status,
        "size": snapshot.size_gib,
        "metadata": snapshot.metadata,
        "created_at": format_launch_time(snapshot.created_at),
        "updated_at": format_launch_time(snapshot.updated_at),
        "os-extended-snapshot-attributes:project_id": snapshot.project_id,
        "os-extended-snapshot-attributes:progress": "100%" if snapshot.status == "available" else "0%",
    }
