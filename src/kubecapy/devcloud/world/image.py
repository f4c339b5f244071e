"""Describe what Glance keeps: images."""

from datetime import datetime

import msgspec


class Image(msgspec.Struct, frozen=True):
    """A disk to boot servers from; `properties` are its free string properties (os_distro ...)."""

    id: str
    name: str
    owner: str
    size_bytes: int
    checksum: str
    created_at: datetime
    status: str = "active"
    visibility: str = "public"
    disk_format: str = "qcow2"
    container_format: str = "bare"
    min_disk_gib: int = 0
    min_ram_mib: int = 0
    tags: tuple[str, ...] = ()
    properties: dict[str, str] = {}
