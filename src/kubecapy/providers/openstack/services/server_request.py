"""Say what Nova is asked for a machine's server; pure.

Source: https://docs.openstack.org/api-ref/compute/, "Create Server".
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from kubecapy.contract.errors import InvalidConfiguration
from kubecapy.providers.openstack.naming import (
    METADATA_CLUSTER,
    METADATA_MACHINE,
    METADATA_MACHINE_MARK,
    OWNED_TAG,
    Owner,
)
from kubecapy.telemetry.secrets import Secret

USER_DATA_BYTES_MAX: Final = 65535
"""Limit: Nova refuses longer user data, counted as base64 (compute API, "Create Server")."""


class AttachedVolume(msgspec.Struct, frozen=True):
    """A volume that is attached before the server boots."""

    volume_id: str
    is_kept: bool
    """Whether it outlives the server."""
    device_type: str = ""


class ServerWish(msgspec.Struct, frozen=True):
    """The server that a machine must have."""

    image_id: str
    """Empty where the root volume is not made of an image."""
    flavor_id: str
    port_ids: tuple[str, ...]
    user_data: Secret[bytes]
    key_name: str = ""
    availability_zone: str = ""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str] = {}
    config_drive: bool | None = None
    root_volume: AttachedVolume | None = None
    """None boots from the image itself, on the flavor's disk."""
    volumes: tuple[AttachedVolume, ...] = ()
    scheduler_hints: Mapping[str, Any] = {}


def server_request(owner: Owner, wish: ServerWish, *, with_tags: bool) -> dict[str, Any]:
    """Return the body of the request that makes the server.

    Raises:
        InvalidConfiguration: the user data is too long.
    """
    server: dict[str, Any] = {
        "name": owner.machine,
        "flavorRef": wish.flavor_id,
        "networks": [{"port": port_id} for port_id in wish.port_ids],
        "metadata": server_metadata(owner, wish),
        "user_data": _encoded(wish.user_data, owner),
    }
    optional = {
        "imageRef": None if wish.root_volume else wish.image_id,
        "key_name": wish.key_name or None,
        "availability_zone": wish.availability_zone or None,
        "config_drive": wish.config_drive,
        "block_device_mapping_v2": _block_devices(wish) or None,
        "tags": list(dict.fromkeys((OWNED_TAG, owner.mark, owner.machine_mark, *wish.tags))) if with_tags else None,
    }
    server |= {name: value for name, value in optional.items() if value is not None}
    hints = {"os:scheduler_hints": dict(wish.scheduler_hints)} if wish.scheduler_hints else {}
    return {"server": server, **hints}


def server_metadata(owner: Owner, wish: ServerWish) -> dict[str, str]:
    """Return the server's metadata: what a person wished, and our marks."""
    return {
        **wish.metadata,
        METADATA_CLUSTER: owner.mark,
        METADATA_MACHINE: f"{owner.namespace}/{owner.machine}",
        METADATA_MACHINE_MARK: owner.machine_mark,
    }


def _block_devices(wish: ServerWish) -> Sequence[dict[str, Any]]:
    """Return Nova's block devices; none where the server has the flavor's disk alone.

    An image beside volumes must be told as a device too, or none of them is the one to boot from
    (nova/compute/api.py, `_validate_bdm`).
    """
    if wish.root_volume is not None:
        root = _volume_device(wish.root_volume, 0)
    elif wish.volumes:
        root = {
            "boot_index": 0,
            "uuid": wish.image_id,
            "source_type": "image",
            "destination_type": "local",
            "delete_on_termination": True,
        }
    else:
        return ()
    return (root, *(_volume_device(volume, -1) for volume in wish.volumes))


def _volume_device(volume: AttachedVolume, boot_index: int) -> dict[str, Any]:
    device = {"device_type": volume.device_type} if volume.device_type else {}
    return {
        "boot_index": boot_index,
        "uuid": volume.volume_id,
        "source_type": "volume",
        "destination_type": "volume",
        "delete_on_termination": not volume.is_kept,
        **device,
    }


def _encoded(user_data: Secret[bytes], owner: Owner) -> str:
    encoded = base64.b64encode(user_data.reveal()).decode()
    if len(encoded) > USER_DATA_BYTES_MAX:
        raise InvalidConfiguration(
            f"user data of {owner} has {len(encoded)} bytes as base64, Nova takes {USER_DATA_BYTES_MAX}; "
            "shorten the template in the user-data Secret"
        )
    return encoded
