"""Find out what a new volume is made of: its source, size, type and zone.

The rules and words are those of cinder/volume/flows/api/create_volume.py.
"""

import msgspec

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.messages import JsonObject
from kubecapy.devcloud.refusals import Refusal, bad_request, not_found
from kubecapy.devcloud.world.image import Image
from kubecapy.devcloud.world.volume import Snapshot, Volume
from kubecapy.devcloud.world.volumes import find_type
from kubecapy.devcloud.world.world import World

BYTES_PER_GIB = 2**30


class Source(msgspec.Struct, frozen=True):
    """What a volume is filled from, and how large it is."""

    size_gib: int
    type_id: str
    image_id: str | None = None
    snapshot_id: str | None = None
    volume_id: str | None = None


class Sources:
    """Reads the fields of a body that say what a volume is made of."""

    def __init__(self, world: World) -> None:
        """Look up in `world`."""
        self._world = world

    def read(self, wish: JsonObject, caller: Credentials) -> Source:
        """Return the source of a volume; without a size, that of its snapshot or volume.

        Raises:
            Refusal: 400 the size does not fit; 404 a reference leads nowhere.
        """
        image = self._read_image(wish, caller)
        snapshot = self._read_snapshot(wish, caller)
        volume = self._read_volume(wish, caller)
        size = wish.get("size")
        if size is None and snapshot is not None:
            size = snapshot.size_gib
        elif size is None and volume is not None:
            size = volume.size_gib
        bootable = image.id if image else (volume.image_id if volume else self._image_behind(snapshot))
        return Source(
            size_gib=_check_size(size, image, snapshot, volume),
            type_id=self._read_type(wish),
            image_id=bootable,
            snapshot_id=snapshot.id if snapshot else None,
            volume_id=volume.id if volume else None,
        )

    def read_zone(self, wish: JsonObject) -> str:
        """Return the availability zone; without a wish the default one.

        Raises:
            Refusal: 400, there is no such zone.
        """
        zone = wish.get("availability_zone") or self._world.zones[0]
        if zone not in self._world.zones:
            raise bad_request(f"Availability zone '{zone}' is invalid.")
        return str(zone)

    def _image_behind(self, snapshot: Snapshot | None) -> str | None:
        volume = self._world.volumes.get(snapshot.volume_id) if snapshot else None
        return volume.image_id if volume else None

    def _read_image(self, wish: JsonObject, caller: Credentials) -> Image | None:
        reference = wish.get("imageRef") or wish.get("image_id")
        if not reference:
            return None
        identifier = str(reference).rpartition("/")[2]
        for image in self._world.images.values():
            visible = image.visibility in {"public", "community"} or caller.owns(image.owner)
            if visible and identifier in {image.id, image.name}:
                return image
        raise bad_request("Invalid image identifier or unable to access requested image.")

    def _read_snapshot(self, wish: JsonObject, caller: Credentials) -> Snapshot | None:
        identifier = wish.get("snapshot_id")
        if identifier is None:
            return None
        snapshot = self._world.snapshots.get(str(identifier))
        if snapshot is None or not caller.owns(snapshot.project_id):
            raise not_found(f"Snapshot {identifier} could not be found.")
        return snapshot

    def _read_volume(self, wish: JsonObject, caller: Credentials) -> Volume | None:
        identifier = wish.get("source_volid")
        if identifier is None:
            return None
        volume = self._world.volumes.get(str(identifier))
        if volume is None or not caller.owns(volume.project_id):
            raise not_found(f"Volume {identifier} could not be found.")
        return volume

    def _read_type(self, wish: JsonObject) -> str:
        name = wish.get("volume_type") or ""
        kind = find_type(self._world, str(name))
        if kind is None:
            raise not_found(f"Volume type with name {name} could not be found.")
        return kind.id


def _check_size(size: object, image: Image | None, snapshot: Snapshot | None, volume: Volume | None) -> int:
    number = int(size) if isinstance(size, str) and size.isascii() and size.isdecimal() else size
    if isinstance(number, bool) or not isinstance(number, int) or number <= 0:
        raise _invalid(f"Volume size '{size}' must be an integer and greater than 0")
    if snapshot is not None and number < snapshot.size_gib:
        raise _invalid(
            f"Volume size '{number}'GB cannot be smaller than the snapshot size {snapshot.size_gib}GB. They must be >= "
            "original snapshot size."
        )
    if volume is not None and number < volume.size_gib:
        raise _invalid(
            f"Volume size '{number}'GB cannot be smaller than original volume size  {volume.size_gib}GB. They must be "
            ">= original volume size."
        )
    if image is not None:
        _require_room_for(image, number)
    return number


def _require_room_for(image: Image, size_gib: int) -> None:
    image_gib = -(-image.size_bytes // BYTES_PER_GIB)
    if image_gib > size_gib:
        raise _invalid(f"Size of specified image {image_gib}GB is larger than volume size {size_gib}GB.")
    if image.min_disk_gib > size_gib:
        raise _invalid(
            f"Volume size {size_gib}GB cannot be smaller than the image minDisk size {image.min_disk_gib}GB."
        )


def _invalid(reason: str) -> Refusal:
    return bad_request(f"Invalid input received: {reason}")
