"""Find, make and delete the volumes of a machine.

They are made by us and not by Nova: a volume that Nova makes has no name and no mark, and where a boot fails before it
is attached nobody finds it again. Marks are metadata, set by the request that makes a volume. Nova deletes a volume
with its server where the machine does not keep it; what survives, as where there never was a server, is deleted here.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from kubecapy.contract.errors import Conflict, NotReady, ProviderError, Unavailable
from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.errors import ServiceMissing
from kubecapy.providers.openstack.naming import (
    METADATA_CLUSTER,
    METADATA_KEPT,
    METADATA_MACHINE,
    METADATA_MACHINE_MARK,
    Owner,
)
from kubecapy.providers.openstack.services.listing import Listing
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.quotas import Need, telling_what_is_left
from kubecapy.providers.openstack.services.resources import Volume
from kubecapy.telemetry.logs import V, get_logger

LOOK_AGAIN_SECONDS: Final = 2.0

_GOING: Final = frozenset({"deleting", "detaching"})
_LOG = get_logger(__name__)


class VolumeOrder(msgspec.Struct, frozen=True):
    """One volume that a machine must have, with ids in place of names."""

    name: str
    """In the machine: `root`, or what the spec says."""
    size_gib: int
    """0 means the size of its source."""
    volume_type: str = ""
    availability_zone: str = ""
    image_id: str = ""
    snapshot_id: str = ""
    is_kept: bool = False
    """Whether it outlives the machine."""


async def find_volumes(project: Project, owner: Owner, max_age_seconds: float) -> tuple[Volume, ...]:
    """Return the machine's volumes, sorted by name."""
    listed = (await _listing(project).read(max_age_seconds)).values()
    own = [volume for volume in listed if volume.metadata.get(METADATA_MACHINE_MARK) == owner.machine_mark]
    return tuple(sorted(own, key=lambda volume: (volume.name or "", volume.id)))


async def ensure_volumes(project: Project, owner: Owner, orders: Sequence[VolumeOrder]) -> tuple[Volume, ...]:
    """Find or make every volume, in the order of `orders`; they may still be filled.

    Raises:
        Conflict: there are several of one name.
        CapacityExhausted: the quota is used up.
    """
    found = await find_volumes(project, owner, project.freshness.changing) if orders else ()
    return tuple([await _ensure_volume(project, owner, order, found) for order in orders])


async def require_usable(project: Project, owner: Owner, orders: Sequence[VolumeOrder]) -> tuple[Volume, ...]:
    """Return the volumes, which can be attached now, in the order of `orders`.

    Raises:
        NotReady: one is still being filled, or not there.
        Conflict: one failed.
    """
    found = await find_volumes(project, owner, project.freshness.changing) if orders else ()
    named = {volume.name: volume for volume in found}
    return tuple([_usable(owner, order, named.get(owner.volume_name(order.name))) for order in orders])


async def list_marked_volumes(project: Project, mark: str) -> Sequence[Volume]:
    """Return the volumes that bear a cluster's mark and that nobody asked to keep."""
    listed = (await _listing(project).read(project.freshness.changing)).values()
    return [volume for volume in listed if volume.metadata.get(METADATA_CLUSTER) == mark and not is_kept(volume)]


async def has_block_storage(project: Project) -> bool:
    """Return whether the cloud has Cinder at all."""
    try:
        await _listing(project).read(project.freshness.references)
    except ServiceMissing:
        return False
    return True


def is_kept(volume: Volume) -> bool:
    """Return whether the volume outlives its machine."""
    return METADATA_KEPT in volume.metadata


def is_going(volume: Volume) -> bool:
    """Return whether the volume can only be waited for: Nova lets go of it, or Cinder deletes it."""
    return volume.status in _GOING


async def delete_volume(project: Project, owner: Owner, volume: Volume) -> None:
    """Ask Cinder to delete a volume of the machine; absent is success.

    Raises:
        Conflict, InvalidConfiguration: it is still attached.
    """
    _LOG.log(V(2), "deleting volume %s (%s) of %s", volume.name, volume.id, owner)
    doing = f"deleting volume {volume.name} of {owner}"
    path = f"/volumes/{volume.id}"
    await project.client.delete(Call(doing=doing, service="block-storage", method="DELETE", path=path))
    _listing(project).note_leaving(msgspec.structs.replace(volume, status="deleting"))


async def _ensure_volume(project: Project, owner: Owner, order: VolumeOrder, found: Sequence[Volume]) -> Volume:
    name = owner.volume_name(order.name)
    named = [volume for volume in found if volume.name == name]
    if len(named) > 1:
        ids = ", ".join(volume.id for volume in named)
        raise Conflict(f"{owner} has several volumes named {name} ({ids}); delete all but one")
    return named[0] if named else await _create(project, owner, order)


async def _create(project: Project, owner: Owner, order: VolumeOrder) -> Volume:
    name = owner.volume_name(order.name)
    _LOG.log(V(2), "creating volume %s of %s", name, owner)
    call = Call(doing=f"creating volume {name} of {owner}", service="block-storage", method="POST", path="/volumes")
    body = _body(owner, order)
    try:
        async with telling_what_is_left(project, Need(volumes=1, gigabytes=order.size_gib)):
            made = await project.client.write(call, {"volume": body}, "volume", Volume)
    except ProviderError as error:
        if isinstance(error, Unavailable):
            _listing(project).invalidate()  # The volume may be there all the same.
        else:
            project.forget_references()
        raise
    volume = msgspec.structs.replace(made, name=name, metadata=body["metadata"])
    _listing(project).note_made(volume)
    return volume


def _body(owner: Owner, order: VolumeOrder) -> dict[str, Any]:
    marks = {
        METADATA_CLUSTER: owner.mark,
        METADATA_MACHINE: f"{owner.namespace}/{owner.machine}",
        METADATA_MACHINE_MARK: owner.machine_mark,
    }
    optional = {
        "size": order.size_gib or None,
        "volume_type": order.volume_type or None,
        "availability_zone": order.availability_zone or None,
        "imageRef": order.image_id or None,
        "snapshot_id": order.snapshot_id or None,
    }
    return {
        "name": owner.volume_name(order.name),
        "description": owner.own_description,
        "metadata": {**marks, **({METADATA_KEPT: "true"} if order.is_kept else {})},
        **{name: value for name, value in optional.items() if value is not None},
    }


def _usable(owner: Owner, order: VolumeOrder, volume: Volume | None) -> Volume:
    name = owner.volume_name(order.name)
    if volume is None:
        message = f"volume {name} of {owner} is not there yet, or no more"
        raise NotReady(message, retry_after_seconds=LOOK_AGAIN_SECONDS)
    if volume.status.startswith("error"):
        raise Conflict(
            f"volume {name} ({volume.id}) of {owner} is in status {volume.status}; delete it to have it anew"
        )
    if volume.status != "available":  # One that is reserved has a server already, which the list does not show yet.
        message = f"volume {name} ({volume.id}) of {owner} is {volume.status}"
        raise NotReady(message, retry_after_seconds=LOOK_AGAIN_SECONDS)
    return volume


def _listing(project: Project) -> Listing[Volume]:
    async def fetch() -> Sequence[Volume]:
        call = Call(doing="listing volumes", service="block-storage", method="GET", path="/volumes/detail")
        return await project.client.list(call, "volumes", Volume)

    return project.listing("volumes", fetch)
