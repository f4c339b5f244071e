"""List, show, create, change and delete volumes."""

from msgspec.structs import replace

from kubecapy.devcloud.endpoints import Call, Route
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.microversions import Microversion
from kubecapy.devcloud.refusals import bad_request, not_found
from kubecapy.devcloud.services.block_storage import microversions
from kubecapy.devcloud.services.block_storage.bodies import read_metadata, read_object, read_text
from kubecapy.devcloud.services.block_storage.listing import Values, page, select
from kubecapy.devcloud.services.block_storage.microversions import read_microversion
from kubecapy.devcloud.services.block_storage.sources import Sources
from kubecapy.devcloud.times import format_launch_time
from kubecapy.devcloud.world.volume import Volume
from kubecapy.devcloud.world.volumes import create_volume, get_volume, start_volume_delete
from kubecapy.devcloud.world.world import World

CREATABLE = frozenset(
    {
        "name",
        "description",
        "size",
        "volume_type",
        "metadata",
        "availability_zone",
        "imageRef",
        "image_id",
        "snapshot_id",
        "source_volid",
        "consistencygroup_id",
        "group_id",
        "backup_id",
        "multiattach",
    }
)
VALUES: Values[Volume] = {
    "id": lambda volume: volume.id,
    "name": lambda volume: volume.name,
    "status": lambda volume: volume.status,
    "size": lambda volume: volume.size_gib,
    "availability_zone": lambda volume: volume.zone,
    "bootable": lambda volume: str(volume.image_id is not None).lower(),
    "created_at": lambda volume: volume.created_at.isoformat(),
}


class Volumes:
    """Serves /volumes."""

    def __init__(self, world: World) -> None:
        """Keep the volumes of `world`."""
        self._world = world
        self._sources = Sources(world)

    def routes(self) -> list[Route]:
        """Return the routes."""
        one = "/v3/volumes/{volume_id}"
        return [
            Route("GET", "/v3/volumes", self._list),
            Route("POST", "/v3/volumes", self._create),
            Route("GET", "/v3/volumes/detail", self._detail),
            Route("GET", one, self._show),
            Route("PUT", one, self._update),
            Route("DELETE", one, self._delete),
            Route("GET", f"{one}/metadata", self._show_metadata),
            Route("POST", f"{one}/metadata", self._merge_metadata),
            Route("PUT", f"{one}/metadata", self._replace_metadata),
            Route("DELETE", f"{one}/metadata/{{key}}", self._remove_metadata),
        ]

    def _list(self, call: Call) -> Response:
        chosen, links = self._select(call)
        return json_response(200, {"volumes": [_brief(volume, call) for volume in chosen], **links})

    def _detail(self, call: Call) -> Response:
        chosen, links = self._select(call)
        return json_response(200, {"volumes": [self._view(volume, call) for volume in chosen], **links})

    def _select(self, call: Call) -> tuple[list[Volume], JsonObject]:
        caller, query = call.credentials, call.request.query
        everywhere = caller.is_admin and (query.find("all_tenants") or "").lower() in {"1", "true"}
        own = [
            volume for volume in self._world.volumes.values() if everywhere or volume.project_id == caller.project_id
        ]
        return page(select(own, call, VALUES), call, "volumes", lambda volume: volume.id)

    def _show(self, call: Call) -> Response:
        return self._render(self._find(call), call, 200)

    def _create(self, call: Call) -> Response:
        wish = read_object(call.body, "volume", CREATABLE)
        if str(wish.get("multiattach", "")).lower() in {"true", "1"}:
            raise bad_request(
                "multiattach parameter has been removed. The default behavior is to use multiattach enabled volume "
                "types. Contact your administrator to create a multiattach enabled volume type and use it to create "
                "multiattach volumes."
            )
        source = self._sources.read(wish, call.credentials)
        draft = Volume(
            id=self._world.identifiers.uuid(),
            project_id=call.credentials.project_id,
            user_id=call.credentials.user_id,
            size_gib=source.size_gib,
            type_id=source.type_id,
            zone=self._sources.read_zone(wish),
            created_at=call.now,
            updated_at=call.now,
            name=read_text(wish, "name") or "",
            description=read_text(wish, "description"),
            metadata=read_metadata(wish),
            image_id=source.image_id,
            snapshot_id=source.snapshot_id,
            source_volume_id=source.volume_id,
        )
        return self._render(create_volume(self._world, draft, call.now), call, 202)

    def _update(self, call: Call) -> Response:
        volume = self._find(call)
        wish = read_object(call.body, "volume", {"name", "description", "metadata"})
        changes: JsonObject = {name: read_text(wish, name) for name in ("name", "description") if name in wish}
        if "metadata" in wish:
            changes["metadata"] = read_metadata(wish)
        if changes.get("name", "") is None:
            changes["name"] = ""
        return self._render(self._store(replace(volume, **changes, updated_at=call.now)), call, 200)

    def _delete(self, call: Call) -> Response:
        start_volume_delete(self._world, self._find(call), call.now)
        return Response(202)

    def _show_metadata(self, call: Call) -> Response:
        return json_response(200, {"metadata": self._find(call).metadata})

    def _merge_metadata(self, call: Call) -> Response:
        volume = self._find(call)
        return self._set_metadata(volume, {**volume.metadata, **read_metadata(call.body)})

    def _replace_metadata(self, call: Call) -> Response:
        return self._set_metadata(self._find(call), read_metadata(call.body))

    def _remove_metadata(self, call: Call) -> Response:
        volume, key = self._find(call), call.parameters["key"]
        if key not in volume.metadata:
            raise not_found("Metadata item was not found")
        self._set_metadata(volume, {name: value for name, value in volume.metadata.items() if name != key})
        return Response(200)

    def _set_metadata(self, volume: Volume, metadata: dict[str, str]) -> Response:
        return json_response(200, {"metadata": self._store(replace(volume, metadata=metadata)).metadata})

    def _store(self, volume: Volume) -> Volume:
        self._world.volumes[volume.id] = volume
        return volume

    def _find(self, call: Call) -> Volume:
        volume = get_volume(self._world, call.parameters["volume_id"])
        if not call.credentials.owns(volume.project_id):
            raise not_found(f"Volume {volume.id} could not be found.")
        return volume

    def _render(self, volume: Volume, call: Call, status: int) -> Response:
        return json_response(status, {"volume": self._view(volume, call)})

    def _view(self, volume: Volume, call: Call) -> JsonObject:
        version = read_microversion(call.request)
        view = {
            **_brief(volume, call),
            "status": volume.status,
            "size": volume.size_gib,
            "availability_zone": volume.zone,
            "created_at": format_launch_time(volume.created_at),
            "updated_at": format_launch_time(volume.updated_at),
            "description": volume.description,
            "volume_type": self._world.volume_types[volume.type_id].name,
            "snapshot_id": volume.snapshot_id,
            "source_volid": volume.source_volume_id,
            "metadata": volume.metadata,
            "user_id": volume.user_id,
            "bootable": str(volume.image_id is not None).lower(),
            "encrypted": False,
            "replication_status": None,
            "consistencygroup_id": None,
            "multiattach": False,
            "attachments": self._attachments(volume, is_admin=call.credentials.is_admin),
            "os-vol-tenant-attr:tenant_id": volume.project_id,
        }
        image = self._world.images.get(volume.image_id or "")
        if image is not None:
            view["volume_image_metadata"] = {
                **image.properties,
                "image_id": image.id,
                "image_name": image.name,
                "checksum": image.checksum,
                "container_format": image.container_format,
                "disk_format": image.disk_format,
                "min_disk": str(image.min_disk_gib),
                "min_ram": str(image.min_ram_mib),
                "size": str(image.size_bytes),
            }
        if call.credentials.is_admin:
            view |= {
                "migration_status": None,
                "os-vol-host-attr:host": "devcloud@lvm#lvm",
                "os-vol-mig-status-attr:migstat": None,
                "os-vol-mig-status-attr:name_id": None,
            }
        return view | _by_version(volume, version)

    def _attachments(self, volume: Volume, *, is_admin: bool) -> list[JsonObject]:
        """Return the attachment of a volume that a server runs with; one that is only reserved is not shown."""
        if volume.attached_at is None:
            return []
        server = self._world.servers.get(volume.server_id)
        return [
            {
                "id": volume.id,
                "attachment_id": volume.attachment_id,
                "volume_id": volume.id,
                "server_id": volume.server_id,
                "host_name": server.host if is_admin and server else None,
                "device": volume.device,
                "attached_at": format_launch_time(volume.attached_at),
            }
        ]


def _brief(volume: Volume, call: Call) -> JsonObject:
    base = call.base_url
    return {
        "id": volume.id,
        "name": volume.name,
        "links": [
            {"rel": "self", "href": f"{base}/volume/v3/volumes/{volume.id}"},
            {"rel": "bookmark", "href": f"{base}/volume/volumes/{volume.id}"},
        ],
    }


def _by_version(volume: Volume, version: Microversion) -> JsonObject:
    view: JsonObject = {}
    if version >= microversions.GROUP_ID:
        view["group_id"] = None
    if version >= microversions.SHARED_TARGETS:
        view |= {"shared_targets": False, "service_uuid": None}
    if version >= microversions.TYPE_ID:
        view["volume_type_id"] = volume.type_id
    if version >= microversions.USES_QUOTA:
        view["consumes_quota"] = True
    return view
