"""Read which volumes a server body asks for, and what it boots from.

The rules and words are those of nova/block_device.py (`BlockDeviceDict.from_api`) and nova/compute/api.py
(`_validate_bdm`).
"""

import re
from collections.abc import Sequence

import msgspec

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.messages import JsonObject
from kubecapy.devcloud.microversions import Microversion
from kubecapy.devcloud.refusals import Refusal, bad_request
from kubecapy.devcloud.services.compute import microversions
from kubecapy.devcloud.services.compute.bodies import invalid, require_known
from kubecapy.devcloud.world.image import Image
from kubecapy.devcloud.world.volume import DeviceWish, Snapshot, Volume
from kubecapy.devcloud.world.volumes import find_type
from kubecapy.devcloud.world.world import World

FIELD = "block_device_mapping_v2"
SOURCES = ("volume", "image", "snapshot", "blank")
DESTINATIONS = ("local", "volume")
KNOWN = frozenset(
    {
        "source_type",
        "uuid",
        "destination_type",
        "boot_index",
        "volume_size",
        "delete_on_termination",
        "device_name",
        "device_type",
        "disk_bus",
        "guest_format",
        "no_device",
    }
)
# Limit: Nova's `max_local_block_devices`; the root disk counts.
MAX_LOCAL = 3


class Boot(msgspec.Struct, frozen=True):
    """What a server boots from: an image on its own disk, or one of its volumes where `image_id` is `None`."""

    image_id: str | None
    wishes: tuple[DeviceWish, ...] = ()


class BlockDevices:
    """Reads `imageRef` and `block_device_mapping_v2`."""

    def __init__(self, world: World) -> None:
        """Look up in `world`."""
        self._world = world

    def read(self, wish: JsonObject, caller: Credentials, version: Microversion) -> Boot:
        """Return what a server body boots from, with the volumes that it asks for, in their order.

        Raises:
            Refusal: 400, a mapping is malformed, leads nowhere, or no boot order comes out.
        """
        mappings = _read_mappings(wish, version)
        reference = wish.get("imageRef")
        image = self._find_image(str(reference).rpartition("/")[2], caller) if reference else None
        if not reference and not mappings:
            raise bad_request("Missing imageRef attribute")
        if reference and image is None:
            raise bad_request("Can not find requested image")
        if image is not None and image.status != "active":
            raise bad_request(f"Image {image.id} is not active.")
        if not mappings:
            return Boot(image.id if image else None)
        for mapping in mappings:
            _require_form(mapping, has_image=image is not None)
        _require_boot_order(mappings)
        wishes = [self._read_wish(mapping, caller) for mapping in mappings if _goes_to_volume(mapping)]
        _require_local([mapping for mapping in mappings if not _goes_to_volume(mapping)])
        boots_from_volume = any(wish.boot_index == 0 for wish in wishes)
        return Boot(None if boots_from_volume or image is None else image.id, tuple(wishes))

    def _read_wish(self, mapping: JsonObject, caller: Credentials) -> DeviceWish:
        source, identifier = mapping["source_type"], str(mapping.get("uuid") or "")
        common = DeviceWish(
            size_gib=_read_size(mapping),
            type_id=self._read_type(mapping),
            boot_index=_read_boot_index(mapping),
            delete_on_termination=str(mapping.get("delete_on_termination", "")).lower() in {"true", "1"},
            tag=mapping.get("tag"),
        )
        match source:
            case "volume":
                return msgspec.structs.replace(common, volume_id=self._own_volume(identifier, common, caller).id)
            case "image":
                if self._find_image(identifier, caller) is None:
                    raise bad_request(f"Block Device Mapping is Invalid: failed to get image {identifier}.")
                if not common.size_gib:
                    raise bad_request("Images with destination_type 'volume' need to have a non-zero size specified")
                return msgspec.structs.replace(common, image_id=identifier)
            case "snapshot":
                snapshot = self._own_snapshot(identifier, caller)
                size = common.size_gib or snapshot.size_gib
                return msgspec.structs.replace(common, snapshot_id=snapshot.id, size_gib=size)
            case _:
                if not common.size_gib:
                    raise bad_request("Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size")
                return common

    def _own_volume(self, identifier: str, wish: DeviceWish, caller: Credentials) -> Volume:
        volume = self._world.volumes.get(identifier)
        if volume is None or not caller.owns(volume.project_id):
            raise bad_request(f"Block Device Mapping is Invalid: failed to get volume {identifier}.")
        if wish.boot_index == 0 and volume.image_id is None:
            raise bad_request(f"Block Device {identifier} is not bootable.")
        return volume

    def _own_snapshot(self, identifier: str, caller: Credentials) -> Snapshot:
        snapshot = self._world.snapshots.get(identifier)
        if snapshot is None or not caller.owns(snapshot.project_id):
            raise bad_request(f"Block Device Mapping is Invalid: failed to get snapshot {identifier}.")
        return snapshot

    def _find_image(self, identifier: str, caller: Credentials) -> Image | None:
        image = self._world.images.get(identifier)
        if image is None or (image.visibility not in {"public", "community"} and not caller.owns(image.owner)):
            return None
        return image

    def _read_type(self, mapping: JsonObject) -> str:
        name = mapping.get("volume_type") or ""
        kind = find_type(self._world, str(name))
        if kind is None:
            raise bad_request(f"Volume type {name} could not be found.")
        return kind.id


def _read_mappings(wish: JsonObject, version: Microversion) -> Sequence[JsonObject]:
    mappings = wish.get(FIELD) or []
    if not isinstance(mappings, list) or not all(isinstance(mapping, dict) for mapping in mappings):
        raise invalid(FIELD, "It is not a list of objects")
    known = set(KNOWN) | ({"tag"} if version >= microversions.DEVICE_TAGS else set())
    known |= {"volume_type"} if version >= microversions.VOLUME_TYPE else set()
    for index, mapping in enumerate(mappings):
        require_known(mapping, known, str(index))
    return [mapping for mapping in mappings if not mapping.get("no_device")]


def _require_form(mapping: JsonObject, *, has_image: bool) -> None:
    source, destination = mapping.get("source_type"), mapping.get("destination_type")
    if source is None:
        raise _malformed("Some required fields are missing")
    for field, value, choices in (("source_type", source, SOURCES), ("destination_type", destination, DESTINATIONS)):
        if value is not None and value not in choices:
            raise invalid(field, f"{value!r} is not one of {list(choices)}", value)
    if source == "blank" and mapping.get("uuid"):
        raise _malformed("Invalid device UUID.")
    if source != "blank" and not mapping.get("uuid"):
        raise _malformed("Missing device UUID.")
    is_root_image = has_image and _read_boot_index(mapping) == 0
    if source == "image" and not _goes_to_volume(mapping) and not is_root_image:
        raise _malformed("Mapping image to local is not supported.")
    if mapping.get("volume_type") and not _goes_to_volume(mapping):
        raise _malformed("Specifying a volume_type with destination_type=local is not supported.")
    if mapping.get("volume_type") and source == "volume":
        raise _malformed("Specifying volume type to existing volume is not supported.")


def _goes_to_volume(mapping: JsonObject) -> bool:
    destination = mapping.get("destination_type")
    return destination == "volume" or (destination is None and mapping.get("source_type") in {"volume", "snapshot"})


def _require_boot_order(mappings: Sequence[JsonObject]) -> None:
    indexes = sorted(index for mapping in mappings if (index := _read_boot_index(mapping)) is not None)
    if not indexes or indexes != list(range(len(indexes))):
        raise bad_request(
            "Block Device Mapping is Invalid: Boot sequence for the instance and image/block device mapping "
            "combination is not valid."
        )


def _require_local(mappings: Sequence[JsonObject]) -> None:
    """Refuse local disks beside the root: no flavor of this cloud has swap or ephemeral space."""
    blank = [mapping for mapping in mappings if mapping["source_type"] == "blank"]
    swap = [mapping for mapping in blank if mapping.get("guest_format") == "swap"]
    if sum(_read_size(mapping) for mapping in blank if mapping not in swap):
        raise bad_request(
            "Ephemeral disks requested are larger than the instance type allows. If no size is given in one block "
            "device mapping, flavor ephemeral size will be used."
        )
    if len(swap) > 1:
        raise _malformed("More than one swap drive requested.")
    if any(_read_size(mapping) for mapping in swap):
        raise bad_request("Swap drive requested is larger than instance type allows.")
    if len(mappings) > MAX_LOCAL:
        raise bad_request("Block Device Mapping is Invalid: You specified more local devices than the limit allows")


def _read_boot_index(mapping: JsonObject) -> int | None:
    """Return the place in the boot order, `None` where the device is not booted from: null and negative mean that."""
    value = mapping.get("boot_index")
    if value is None:
        return None
    if isinstance(value, bool) or not re.fullmatch(r"-?[0-9]{1,9}", str(value)):
        raise invalid("boot_index", f"{value!r} does not match '^-?[0-9]+$'", value)
    return int(value) if int(value) >= 0 else None


def _read_size(mapping: JsonObject) -> int:
    value = mapping.get("volume_size")
    if value is None or value == "":
        return 0
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,9}", str(value)):
        raise invalid("volume_size", f"{value!r} does not match '^[0-9]+$'", value)
    return int(value)


def _malformed(details: str) -> Refusal:
    return bad_request(f"Block Device Mapping is Invalid: {details}")
