"""Describe the volumes that a machine asks for: the one it boots from, and further ones."""

from typing import Literal

import msgspec

RootSource = Literal["image", "volume", "snapshot"]


class VolumeWish(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An empty volume beside the root disk."""

    name: str = ""
    """Unique in the machine; part of the volume's name in the cloud."""
    disk_size: int = 0
    """GiB."""
    volume_type: str = ""
    """Cinder's; empty means its default."""
    availability_zone: str = ""
    """Cinder's; empty lets Cinder choose."""
    delete_on_termination: bool = True
    """False leaves the volume to you when the machine is deleted."""


class RootVolume(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Asks for a server that boots from a volume."""

    source_type: str = ""
    """`image` (also where empty), `volume` or `snapshot`."""
    source_uuid: str = msgspec.field(name="sourceUUID", default="")
    """Id of the source; an image may be left to the machine's `image`."""
    device_type: str = ""
    """Nova's `device_type`, such as `disk`; empty lets Nova choose."""
    disk_size: int = 0
    """GiB; 0 asks for no volume of an image, and for the size of any other source."""
    volume_type: str = ""
    """Cinder's; empty means its default."""
    availability_zone: str = ""
    """Cinder's; empty lets Cinder choose."""
    delete_on_termination: bool = True
    """False leaves the volume to you when the machine is deleted; a volume that you gave as source always stays."""

    @property
    def is_asked_for(self) -> bool:
        """Whether the server is to boot from a volume at all."""
        return self.disk_size > 0 or self.source in ("volume", "snapshot")

    @property
    def source(self) -> str:
        """What the volume is filled from."""
        return self.source_type or "image"

    @property
    def is_given(self) -> bool:
        """Whether the volume itself is a person's."""
        return self.source == "volume"
