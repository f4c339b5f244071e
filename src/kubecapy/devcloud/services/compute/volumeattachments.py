"""Attach volumes to servers that run, detach them, and show what is attached."""

from msgspec.structs import replace

from kubecapy.devcloud.endpoints import Call, Route
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.microversions import Microversion
from kubecapy.devcloud.refusals import Refusal, bad_request, conflict, forbidden, not_found
from kubecapy.devcloud.services.compute import microversions
from kubecapy.devcloud.services.compute.access import find_own_server
from kubecapy.devcloud.services.compute.bodies import read_object, require_text
from kubecapy.devcloud.services.compute.microversions import read_microversion
from kubecapy.devcloud.world.compute import Server
from kubecapy.devcloud.world.devices import next_device_name
from kubecapy.devcloud.world.volume import Device
from kubecapy.devcloud.world.volumes import attach_volume, free_volume, get_volume, reserve_volume
from kubecapy.devcloud.world.world import World


class VolumeAttachments:
    """Serves /servers/{id}/os-volume_attachments."""

    def __init__(self, world: World) -> None:
        """Act on the servers and volumes of `world`."""
        self._world = world

    def routes(self) -> list[Route]:
        """Return the routes."""
        path = "/v2.1/servers/{server_id}/os-volume_attachments"
        return [
            Route("GET", path, self._list),
            Route("POST", path, self._attach),
            Route("GET", f"{path}/{{volume_id}}", self._show),
            Route("DELETE", f"{path}/{{volume_id}}", self._detach),
        ]

    def _list(self, call: Call) -> Response:
        server, version = find_own_server(self._world, call), read_microversion(call.request)
        return json_response(200, {"volumeAttachments": [self._view(server, item, version) for item in server.devices]})

    def _show(self, call: Call) -> Response:
        server, version = find_own_server(self._world, call), read_microversion(call.request)
        return json_response(200, {"volumeAttachment": self._view(server, _find(server, call), version)})

    def _attach(self, call: Call) -> Response:
        """Attach a volume at once; real Nova takes a moment."""
        world, server = self._world, find_own_server(self._world, call)
        wish = read_object(call.body, "volumeAttachment")
        volume = get_volume(world, require_text(wish, "volumeId", "volumeAttachment"))
        if not call.credentials.owns(volume.project_id):
            raise not_found(f"Volume {volume.id} could not be found.")
        if server.status not in {"ACTIVE", "SHUTOFF"}:
            raise conflict(f"Cannot 'attach_volume' instance {server.id} while it is in vm_state {server.vm_state}")
        if volume.server_id:
            raise bad_request(
                f"Invalid volume: volume {volume.id} is already attached to instances: {volume.server_id}"
            )
        device = Device(
            id=world.identifiers.uuid(),
            volume_id=volume.id,
            name=next_device_name(server),
            delete_on_termination=bool(wish.get("delete_on_termination", False)),
            tag=wish.get("tag"),
        )
        try:
            reserved = reserve_volume(world, volume, server.id, call.now)
        except Refusal as refusal:
            raise bad_request(f"Invalid input received: {refusal.message} (HTTP 400)") from refusal
        attach_volume(world, reserved, device.name, call.now)
        world.servers[server.id] = replace(server, devices=(*server.devices, device))
        view = self._view(world.servers[server.id], device, min(read_microversion(call.request), (2, 88)))
        return json_response(200, {"volumeAttachment": view})

    def _detach(self, call: Call) -> Response:
        server = find_own_server(self._world, call)
        device = _find(server, call)
        if device.is_root:
            raise forbidden("Cannot detach a root device volume")
        volume = self._world.volumes.get(device.volume_id)
        if volume is not None:
            free_volume(self._world, volume, call.now)
        kept = tuple(other for other in server.devices if other.id != device.id)
        self._world.servers[server.id] = replace(server, devices=kept)
        return Response(202)

    def _view(self, server: Server, device: Device, version: Microversion) -> JsonObject:
        view: JsonObject = {"volumeId": device.volume_id, "serverId": server.id, "device": device.name}
        if version >= microversions.ATTACHMENT_IDS:
            volume = self._world.volumes.get(device.volume_id)
            view |= {"attachment_id": volume.attachment_id if volume else None, "bdm_uuid": device.id}
        else:
            view["id"] = device.volume_id
        if version >= microversions.INTERFACE_TAGS:
            view["tag"] = device.tag
        if version >= microversions.ATTACHMENT_ENDS:
            view["delete_on_termination"] = device.delete_on_termination
        return view


def _find(server: Server, call: Call) -> Device:
    volume_id = call.parameters["volume_id"]
    for device in server.devices:
        if device.volume_id == volume_id:
            return device
    raise not_found(f"Instance {server.id} is not attached to volume {volume_id}")
