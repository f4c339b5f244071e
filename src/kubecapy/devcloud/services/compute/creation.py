"""Create servers: check everything a body asks for, make missing ports, then launch."""

import base64
import binascii
from collections.abc import Sequence

import msgspec

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.endpoints import Call
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.refusals import bad_request
from kubecapy.devcloud.services.compute import microversions
from kubecapy.devcloud.services.compute.attachment import Attachment, Attachments
from kubecapy.devcloud.services.compute.bodies import (
    invalid,
    read_object,
    read_string_map,
    read_text,
    require_known,
    require_text,
)
from kubecapy.devcloud.services.compute.microversions import Microversion, read_microversion
from kubecapy.devcloud.services.compute.tagging import read_tags
from kubecapy.devcloud.world.compute import Flavor, Server
from kubecapy.devcloud.world.servers import launch_server
from kubecapy.devcloud.world.usage import compute_usage
from kubecapy.devcloud.world.world import World

# Limit: the column that keeps user data in Nova's database (nova.objects.instance, MAX_USERDATA_SIZE).
MAX_USER_DATA = 65_535
KNOWN = frozenset(
    {
        "name",
        "imageRef",
        "flavorRef",
        "availability_zone",
        "networks",
        "security_groups",
        "key_name",
        "user_data",
        "metadata",
        "config_drive",
        "min_count",
        "max_count",
        "adminPass",
        "OS-DCF:diskConfig",
        "accessIPv4",
        "accessIPv6",
        "block_device_mapping_v2",
    }
)
SINCE = {
    "description": microversions.DESCRIPTION,
    "tags": microversions.TAGS_ON_CREATE,
    "hostname": microversions.HOSTNAME_FOR_ALL,
}


class ServerCreation:
    """Answers POST /servers."""

    def __init__(self, world: World) -> None:
        """Create servers in `world`."""
        self._world = world
        self._attachments = Attachments(world)

    def create(self, call: Call) -> Response:
        """Create one server and answer 202; a refused call leaves neither server nor port.

        Raises:
            Refusal: 400 a reference leads nowhere or a value does not fit; 403 quota used up; 409 a port is in use,
                or the network cannot be chosen.
        """
        version, caller = read_microversion(call.request), call.credentials
        wish = read_object(call.body, "server")
        _require_shape(wish, version)
        server = self._read_server(wish, call)
        attachments = self._attachments.read(wish, caller, version)
        self._require_quota(server.flavor, caller)
        ports = self._attachments.make_ports(attachments, caller, call.now)
        own = tuple(port.id for port, attachment in zip(ports, attachments, strict=True) if _is_own(attachment))
        placed = launch_server(
            self._world, msgspec.structs.replace(server, own_port_ids=own), [port.id for port in ports], call.now
        )
        return self._render(placed, call)

    def _read_server(self, wish: JsonObject, call: Call) -> Server:
        world = self._world
        return Server(
            id=world.identifiers.uuid(),
            name=require_text(wish, "name", "server"),
            project_id=call.credentials.project_id,
            user_id=call.credentials.user_id,
            flavor=self._read_flavor(wish),
            image_id=self._read_image(wish),
            availability_zone=self._read_zone(wish),
            created_at=call.now,
            updated_at=call.now,
            reservation_id=world.identifiers.reservation(),
            key_name=self._read_key_name(wish, call.credentials),
            description=read_text(wish, "description", may_be_empty=True),
            user_data=_read_user_data(wish),
            config_drive=str(wish.get("config_drive", "")).lower() in {"true", "1"},
            metadata=read_string_map(wish, "metadata"),
            tags=read_tags(wish),
        )

    def _read_flavor(self, wish: JsonObject) -> Flavor:
        reference = wish.get("flavorRef")
        if reference is None:
            raise invalid("server", "'flavorRef' is a required property")
        identifier = str(reference).rpartition("/")[2]
        flavor = self._world.flavors.get(identifier)
        if flavor is None:
            raise bad_request(f"Flavor {identifier} could not be found.")
        return flavor

    def _read_image(self, wish: JsonObject) -> str:
        reference = wish.get("imageRef")
        image = self._world.images.get(str(reference).rpartition("/")[2]) if reference else None
        if image is None:
            raise bad_request(
                "Can not find requested image" if reference else "Invalid imageRef provided: servers boot from images."
            )
        if image.status != "active":
            raise bad_request(f"Image {image.id} is not active.")
        return image.id

    def _read_zone(self, wish: JsonObject) -> str:
        zone = read_text(wish, "availability_zone")
        if zone is not None and zone.partition(":")[0] != self._world.availability_zone:
            raise bad_request("The requested availability zone is not available")
        return self._world.availability_zone

    def _read_key_name(self, wish: JsonObject, caller: Credentials) -> str | None:
        name = read_text(wish, "key_name")
        if name is not None and (caller.user_id, name) not in self._world.key_pairs:
            raise bad_request("Invalid key_name provided.")
        return name

    def _require_quota(self, flavor: Flavor, caller: Credentials) -> None:
        used, quotas = compute_usage(self._world, caller.project_id), self._world.quotas
        wishes = {
            "instances": (1, used.instances),
            "cores": (flavor.vcpus, used.cores),
            "ram": (flavor.ram_mib, used.ram),
        }
        for resource, (requested, present) in wishes.items():
            quotas.require_compute(caller.project_id, resource, requested=requested, used=present)

    def _render(self, server: Server, call: Call) -> Response:
        href = f"{call.base_url}/compute/v2.1/servers/{server.id}"
        groups = {
            self._world.security_groups[group].name
            for port in self._world.ports.values()
            if port.device_id == server.id
            for group in port.security_groups
        }
        document = {
            "id": server.id,
            "links": [
                {"rel": "self", "href": href},
                {"rel": "bookmark", "href": f"{call.base_url}/compute/servers/{server.id}"},
            ],
            "OS-DCF:diskConfig": "MANUAL",
            "security_groups": [{"name": name} for name in sorted(groups)],
            "adminPass": self._world.identifiers.password()[:12],
        }
        return json_response(202, {"server": document}, (("Location", href),))


def _require_shape(wish: JsonObject, version: Microversion) -> None:
    known = KNOWN | {name for name, since in SINCE.items() if version >= since}
    require_known(wish, known, "server")
    if any(str(wish.get(name, 1)) != "1" for name in ("min_count", "max_count")):
        raise invalid("max_count", "This cloud makes one server a call")
    if any(mapping.get("destination_type") == "volume" for mapping in _block_devices(wish)):
        raise invalid("block_device_mapping_v2", "This cloud has no volumes")


def _block_devices(wish: JsonObject) -> Sequence[JsonObject]:
    devices = wish.get("block_device_mapping_v2") or []
    if not isinstance(devices, list) or not all(isinstance(device, dict) for device in devices):
        raise invalid("block_device_mapping_v2", "It is not a list of objects")
    return devices


def _read_user_data(wish: JsonObject) -> str | None:
    """Return the user data as it came, base64; no refusal shows it, since it may hold secrets."""
    value = wish.get("user_data")
    if value is None:
        return None
    if not isinstance(value, str):
        raise invalid("user_data", "The value is not of type 'string'")
    if len(value) > MAX_USER_DATA:
        raise invalid("user_data", f"The value is too long: {len(value)} characters, at most {MAX_USER_DATA}")
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid("user_data", "The value is not a 'base64'") from error
    return value


def _is_own(attachment: Attachment) -> bool:
    return attachment.port is None
