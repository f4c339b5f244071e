"""Create servers: check everything a body asks for, make missing ports, then launch one or more."""

import base64
import binascii
import re
from collections.abc import Sequence

import msgspec

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.endpoints import Call
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.microversions import Microversion
from kubecapy.devcloud.refusals import Refusal, bad_request
from kubecapy.devcloud.services.compute import microversions
from kubecapy.devcloud.services.compute.attachment import Attachment, Attachments
from kubecapy.devcloud.services.compute.blockdevices import BlockDevices, Boot
from kubecapy.devcloud.services.compute.bodies import (
    invalid,
    read_object,
    read_string_map,
    read_text,
    require_known,
    require_text,
)
from kubecapy.devcloud.services.compute.counting import count_allowed, read_count, require_repeatable
from kubecapy.devcloud.services.compute.hints import HINTS, find_group_id, read_hints
from kubecapy.devcloud.services.compute.microversions import read_microversion
from kubecapy.devcloud.services.compute.tagging import read_tags
from kubecapy.devcloud.world.compute import Flavor, Server
from kubecapy.devcloud.world.devices import reserve_devices
from kubecapy.devcloud.world.network import Port
from kubecapy.devcloud.world.servers import launch_server
from kubecapy.devcloud.world.world import World

# Limit: the column that keeps user data in Nova's database (nova.objects.instance, MAX_USERDATA_SIZE).
MAX_USER_DATA = 65_535
MAX_HOST_NAME = 63
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
        "return_reservation_id",
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
        self._block_devices = BlockDevices(world)

    def create(self, call: Call) -> Response:
        """Create the servers and answer 202 with the first; a refused call leaves neither server nor port.

        Raises:
            Refusal: 400 a reference leads nowhere or a value does not fit; 403 quota used up; 409 a port is in use,
                or the network cannot be chosen.
        """
        version, caller = read_microversion(call.request), call.credentials
        wish = read_object(call.body, "server")
        _require_shape(call.body, wish, version)
        count = read_count(wish)
        boot = self._block_devices.read(wish, caller, version)
        draft = self._read_server(wish, boot, call)
        attachments = self._attachments.read(wish, caller, version)
        require_repeatable(attachments, boot.wishes, count)
        number = count_allowed(self._world, draft, count)
        ports = self._attachments.make_ports(attachments * number, caller, call.now)
        try:
            reserve_devices(self._world, draft.id, boot.wishes, call.now)
        except Refusal:
            self._attachments.discard_ports(attachments * number, ports, call.now)
            raise
        servers = self._launch(draft, number, attachments, ports, boot, call)
        if str(wish.get("return_reservation_id", "")).lower() in {"true", "1"}:
            return json_response(202, {"reservation_id": draft.reservation_id})
        return self._render(servers[0], wish, call)

    def _launch(
        self,
        draft: Server,
        number: int,
        attachments: Sequence[Attachment],
        ports: Sequence[Port],
        boot: Boot,
        call: Call,
    ) -> list[Server]:
        """Launch `number` servers like `draft`; each takes its share of `ports`, in their order."""
        launched = []
        for index in range(number):
            share = ports[index * len(attachments) : (index + 1) * len(attachments)]
            own = tuple(port.id for port, wish in zip(share, attachments, strict=True) if wish.port is None)
            suffix = f"-{index + 1}" if number > 1 else ""
            server = msgspec.structs.replace(
                draft,
                id=draft.id if index == 0 else self._world.identifiers.uuid(),
                name=draft.name + suffix,
                hostname=draft.hostname + suffix,
                launch_index=index,
                own_port_ids=own,
            )
            launched.append(launch_server(self._world, server, [port.id for port in share], boot.wishes, call.now))
        return launched

    def _read_server(self, wish: JsonObject, boot: Boot, call: Call) -> Server:
        world = self._world
        name = require_text(wish, "name", "server")
        hints = read_hints(call.body)
        identifier = world.identifiers.uuid()
        return Server(
            id=identifier,
            name=name,
            hostname=read_text(wish, "hostname") or _sanitize(name) or f"Server-{identifier}",
            project_id=call.credentials.project_id,
            user_id=call.credentials.user_id,
            flavor=self._read_flavor(wish),
            image_id=boot.image_id,
            pinned_zone=self._read_zone(wish),
            group_id=find_group_id(world, hints, call.credentials),
            hints=hints,
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

    def _read_zone(self, wish: JsonObject) -> str | None:
        zone = read_text(wish, "availability_zone")
        if zone is not None and zone not in self._world.zones:
            raise bad_request("The requested availability zone is not available")
        return zone

    def _read_key_name(self, wish: JsonObject, caller: Credentials) -> str | None:
        name = read_text(wish, "key_name")
        if name is not None and (caller.user_id, name) not in self._world.key_pairs:
            raise bad_request("Invalid key_name provided.")
        return name

    def _render(self, server: Server, wish: JsonObject, call: Call) -> Response:
        href = f"{call.base_url}/compute/v2.1/servers/{server.id}"
        document = {
            "id": server.id,
            "links": [
                {"rel": "self", "href": href},
                {"rel": "bookmark", "href": f"{call.base_url}/compute/servers/{server.id}"},
            ],
            "OS-DCF:diskConfig": "MANUAL",
            # Nova repeats the wish here, whatever groups the ports are in.
            "security_groups": wish.get("security_groups", [{"name": "default"}]),
            "adminPass": self._world.identifiers.password()[:12],
        }
        return json_response(202, {"server": document}, (("Location", href),))


def _require_shape(body: JsonObject, wish: JsonObject, version: Microversion) -> None:
    require_known(body, {"server", *HINTS}, "None")
    known = KNOWN | {name for name, since in SINCE.items() if version >= since}
    require_known(wish, known, "server")


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


def _sanitize(name: str) -> str:
    """Return the host name that Nova makes of a display name (nova/utils.py, `sanitize_hostname`)."""
    kept = re.sub(r"[^A-Za-z0-9-]+", "", re.sub(r"[ _.]", "-", name)).lower()
    return kept.strip("-")[:MAX_HOST_NAME].strip("-")
