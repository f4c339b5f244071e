"""Give servers their volumes: reserved or made before the boot, attached by it, freed or removed with the server."""

from collections.abc import Sequence
from datetime import datetime

from kubecapy.devcloud.refusals import Refusal
from kubecapy.devcloud.world.compute import Server
from kubecapy.devcloud.world.volume import Device, DeviceWish, Volume
from kubecapy.devcloud.world.volumes import (
    attach_volume,
    create_volume,
    discard_volume,
    free_volume,
    get_volume,
    reserve_volume,
)
from kubecapy.devcloud.world.world import World

LETTERS = "abcdefghijklmnopqrstuvwxyz"


class DeviceFailure(Exception):
    """A server cannot have its volumes; the message says why, `devices` are those that it has got."""

    def __init__(self, reason: str, devices: tuple[Device, ...]) -> None:
        """Fail for `reason` with `devices` to clean up."""
        super().__init__(reason)
        self.devices = devices


def reserve_devices(world: World, server_id: str, wishes: Sequence[DeviceWish], now: datetime) -> None:
    """Keep the existing volumes among `wishes` for a server, or none at all.

    Raises:
        Refusal: 400, one is not available.
    """
    volume_ids = [wish.volume_id for wish in wishes if wish.volume_id]
    reserved = 0
    try:
        for volume_id in volume_ids:
            reserve_volume(world, get_volume(world, volume_id), server_id, now)
            reserved += 1
    except Refusal as refusal:
        for volume_id in volume_ids[:reserved]:
            free_volume(world, get_volume(world, volume_id), now)
        # Nova passes Cinder's answer on inside its own two sentences (nova/volume/cinder.py, nova/compute/api.py).
        raise Refusal(
            400, refusal.kind, f"Invalid volume: Invalid input received: {refusal.message} (HTTP 400)"
        ) from refusal


def name_devices(world: World, wishes: Sequence[DeviceWish]) -> tuple[Device, ...]:
    """Return the existing volumes among `wishes` as devices, for a server that never gets a host."""
    return tuple(_device(world, wish, wish.volume_id, name) for name, wish in _named(wishes) if wish.volume_id)


def make_devices(world: World, server: Server, wishes: Sequence[DeviceWish], now: datetime) -> tuple[Device, ...]:
    """Return the devices of a server; the missing volumes are made.

    Raises:
        DeviceFailure: the quota of volumes is used up.
    """
    devices: list[Device] = []
    for name, wish in _named(wishes):
        try:
            volume_id = wish.volume_id or _make_volume(world, server, wish, now).id
        except Refusal as refusal:
            present = {device.volume_id for device in devices}
            rest = [device for device in name_devices(world, wishes) if device.volume_id not in present]
            raise DeviceFailure(refusal.message, (*devices, *rest)) from refusal
        devices.append(_device(world, wish, volume_id, name))
    return tuple(devices)


def attach_devices(world: World, server: Server, now: datetime) -> None:
    """Note that a server has booted with its devices.

    Raises:
        DeviceFailure: a volume was not made.
    """
    volumes = [(device, world.volumes.get(device.volume_id)) for device in server.devices]
    for device, volume in volumes:
        if volume is None or volume.status == "error":
            status = "deleted" if volume is None else volume.status
            raise DeviceFailure(
                f"Volume {device.volume_id} did not finish being created even after we waited 0 seconds or 1 attempts. "
                f"And its status is {status}.",
                server.devices,
            )
    for device, volume in volumes:
        if volume is not None and volume.status != "in-use":
            world.agenda.forget(volume.id)
            attach_volume(world, volume, device.name, now)


def release_devices(world: World, devices: Sequence[Device], now: datetime) -> None:
    """Take the devices from their server: those that end with it are removed, the others stay."""
    for device in devices:
        volume = world.volumes.get(device.volume_id)
        if volume is None:
            continue
        if device.delete_on_termination:
            discard_volume(world, volume, now)
        else:
            free_volume(world, volume, now)


def next_device_name(server: Server) -> str:
    """Return the first free name among those of a server's disks; a server that boots from an image has `/dev/vda`."""
    taken = {device.name for device in server.devices} | {"/dev/vda"}
    return next(name for number in range(len(taken) + 1) if (name := _name(number)) not in taken)


def _named(wishes: Sequence[DeviceWish]) -> list[tuple[str, DeviceWish]]:
    """Return the wishes with their device names, the one to boot from first; a local root disk takes the first name."""
    ordered = sorted(wishes, key=lambda wish: wish.boot_index != 0)
    first = 0 if ordered and ordered[0].boot_index == 0 else 1
    return [(_name(number), wish) for number, wish in enumerate(ordered, first)]


def _name(number: int) -> str:
    """Return the name of the `number`-th disk: vda to vdz, then vdaa and so on."""
    rounds, letter = divmod(number, len(LETTERS))
    return f"/dev/vd{LETTERS[rounds - 1] if rounds else ''}{LETTERS[letter]}"


def _device(world: World, wish: DeviceWish, volume_id: str, name: str) -> Device:
    return Device(
        id=world.identifiers.uuid(),
        volume_id=volume_id,
        name=name,
        boot_index=wish.boot_index,
        delete_on_termination=wish.delete_on_termination,
        tag=wish.tag,
    )


def _make_volume(world: World, server: Server, wish: DeviceWish, now: datetime) -> Volume:
    name = f"{server.id}-blank-vol" if wish.image_id is None and wish.snapshot_id is None else ""
    draft = Volume(
        id=world.identifiers.uuid(),
        project_id=server.project_id,
        user_id=server.user_id,
        size_gib=wish.size_gib,
        type_id=wish.type_id,
        zone=world.zones[0],
        created_at=now,
        updated_at=now,
        name=name,
        description="",
        image_id=wish.image_id,
        snapshot_id=wish.snapshot_id,
        server_id=server.id,
        attachment_id=world.identifiers.uuid(),
    )
    return create_volume(world, draft, now)
