"""Describe what Cinder keeps: volume types, volumes, snapshots."""

from datetime import datetime

import msgspec


class VolumeType(msgspec.Struct, frozen=True):
    """A kind of storage that volumes are made of."""

    id: str
    name: str
    description: str | None = None


class Volume(msgspec.Struct, frozen=True, kw_only=True):
    """A disk that outlives its server; `status` is Cinder's own word.

    The states and what leads from one to the next:

        creating -> available | error;  available -> reserved -> in-use -> available;  available, error -> deleting

    Attributes:
        image_id: The image that it was filled from.
        server_id: The server that has reserved or attached it.
        attached_at: Since when a server runs with it; `None` while it is only reserved.
        device: Its name inside the server.
    """

    id: str
    project_id: str
    user_id: str
    size_gib: int
    type_id: str
    zone: str
    created_at: datetime
    updated_at: datetime
    name: str = ""
    description: str | None = None
    status: str = "creating"
    metadata: dict[str, str] = {}
    image_id: str | None = None
    snapshot_id: str | None = None
    source_volume_id: str | None = None
    server_id: str = ""
    attachment_id: str = ""
    attached_at: datetime | None = None
    device: str = ""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a volume at one moment."""

    id: str
    project_id: str
    volume_id: str
    size_gib: int
    created_at: datetime
    updated_at: datetime
    name: str = ""
    description: str | None = None
    status: str = "creating"
    metadata: dict[str, str] = {}


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A volume among the block devices of a server."""

    id: str
    volume_id: str
    name: str
    boot_index: int | None = None
    delete_on_termination: bool = False
    tag: str | None = None

    @property
    def is_root(self) -> bool:
        """Whether the server boots from it."""
        return self.boot_index == 0


class DeviceWish(msgspec.Struct, frozen=True, kw_only=True):
    """A volume that a new server shall have: one that exists (`volume_id`), or one to be made.

    Attributes:
        volume_id: The existing volume; empty asks for a new one out of the image, the snapshot or nothing.
        size_gib: Size of the new volume.
        type_id: Type of the new volume.
    """

    volume_id: str = ""
    image_id: str | None = None
    snapshot_id: str | None = None
    size_gib: int = 0
    type_id: str = ""
    boot_index: int | None = None
    delete_on_termination: bool = False
    tag: str | None = None
