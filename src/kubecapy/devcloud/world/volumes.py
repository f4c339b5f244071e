"""Carry volumes and snapshots through their life: make, reserve, attach, free, remove."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from kubecapy.devcloud.refusals import Refusal, bad_request, not_found
from kubecapy.devcloud.world.agenda import Event, Transition
from kubecapy.devcloud.world.volume import Snapshot, Volume, VolumeType
from kubecapy.devcloud.world.world import World

DELETABLE = frozenset({"available", "error"})
SERVICE = "block-storage"


def get_volume(world: World, volume_id: str) -> Volume:
    """Return a volume.

    Raises:
        Refusal: 404, there is none.
    """
    volume = world.volumes.get(volume_id)
    if volume is None:
        raise not_found(f"Volume {volume_id} could not be found.")
    return volume


def find_type(world: World, name: str) -> VolumeType | None:
    """Return the volume type with an id or name, `None` where there is none; an empty name means the default type."""
    for kind in world.volume_types.values():
        if not name or name in {kind.id, kind.name}:
            return kind
    return None


def snapshots_of(world: World, volume_id: str) -> list[Snapshot]:
    """Return the snapshots of a volume, oldest first."""
    return [snapshot for snapshot in world.snapshots.values() if snapshot.volume_id == volume_id]


def create_volume(world: World, draft: Volume, now: datetime) -> Volume:
    """Store a new volume; it is `creating` until its time.

    Raises:
        Refusal: 413, the project's volumes or gigabytes are used up.
    """
    require_quota(world, draft.project_id, "volumes", draft.size_gib)
    world.volumes[draft.id] = draft
    _plan(world, draft.id, Event.VOLUME_READY, now)
    return draft


def create_snapshot(world: World, draft: Snapshot, now: datetime) -> Snapshot:
    """Store a new snapshot of a volume; it is `creating` until its time.

    Raises:
        Refusal: 413, the project's snapshots or gigabytes are used up.
    """
    require_quota(world, draft.project_id, "snapshots", draft.size_gib)
    world.snapshots[draft.id] = draft
    _plan(world, draft.id, Event.SNAPSHOT_READY, now)
    return draft


def reserve_volume(world: World, volume: Volume, server_id: str, now: datetime) -> Volume:
    """Keep a volume for a server.

    Raises:
        Refusal: 400, it is not available.
    """
    if volume.status != "available":
        raise bad_request(
            f"Invalid volume: Volume {volume.id} status must be available or downloading to reserve, but the current "
            f"status is {volume.status}."
        )
    return _store(
        world,
        volume,
        now,
        status="reserved",
        server_id=server_id,
        attachment_id=world.identifiers.uuid(),
    )


def attach_volume(world: World, volume: Volume, device: str, now: datetime) -> None:
    """Note that the server that had reserved a volume runs with it."""
    _store(world, volume, now, status="in-use", device=device, attached_at=now)


def free_volume(world: World, volume: Volume, now: datetime) -> None:
    """Take a volume from its server; it stays."""
    status = volume.status if volume.status in {"creating", "error"} else "available"
    _store(world, volume, now, status=status, server_id="", attachment_id="", device="", attached_at=None)


def start_volume_delete(world: World, volume: Volume, now: datetime) -> None:
    """Begin the removal of a volume.

    Raises:
        Refusal: 400, a server has it, it has snapshots, or it is in the middle of something.
    """
    if volume.status not in DELETABLE or volume.server_id or snapshots_of(world, volume.id):
        raise bad_request(
            "Invalid volume: Volume status must be available or error or error_restoring or error_extending or "
            "error_managing and must not be migrating, attached, belong to a group, have snapshots, awaiting a "
            "transfer, or be disassociated from snapshots after volume transfer."
        )
    _store(world, volume, now, status="deleting")
    _plan(world, volume.id, Event.VOLUME_REMOVE, now)


def discard_volume(world: World, volume: Volume, now: datetime) -> None:
    """Remove a volume with its server; one that cannot be removed stays, as on real Nova."""
    free_volume(world, volume, now)
    freed = world.volumes[volume.id]
    if freed.status == "creating":
        world.agenda.forget(freed.id)
        freed = _store(world, freed, now, status="available")
    try:
        start_volume_delete(world, freed, now)
    except Refusal:
        return


def start_snapshot_delete(world: World, snapshot: Snapshot, now: datetime) -> None:
    """Begin the removal of a snapshot.

    Raises:
        Refusal: 400, it is in the middle of something.
    """
    if snapshot.status not in DELETABLE:
        raise bad_request(
            "Invalid snapshot: Snapshot status must be available or error and must not be part of a group."
        )
    world.snapshots[snapshot.id] = replace(snapshot, status="deleting", updated_at=now)
    _plan(world, snapshot.id, Event.SNAPSHOT_REMOVE, now)


def put_volume_in_error(world: World, volume: Volume, now: datetime) -> None:
    """Put a volume into error; what was planned for it is dropped."""
    world.agenda.forget(volume.id)
    _store(world, volume, now, status="error")


def apply_volume_transition(world: World, transition: Transition) -> None:
    """Let a due transition of a volume or snapshot happen, at the time when it was due."""
    now = transition.due
    volume, snapshot = world.volumes.get(transition.subject_id), world.snapshots.get(transition.subject_id)
    match transition.event:
        case Event.VOLUME_READY if volume is not None:
            _store(world, volume, now, status="reserved" if volume.server_id else "available")
        case Event.VOLUME_REMOVE:
            world.volumes.pop(transition.subject_id, None)
        case Event.SNAPSHOT_READY if snapshot is not None:
            world.snapshots[snapshot.id] = replace(snapshot, status="available", updated_at=now)
        case Event.SNAPSHOT_REMOVE:
            world.snapshots.pop(transition.subject_id, None)
        case _:
            pass


def volume_usage(world: World, project_id: str) -> dict[str, int]:
    """Return the project's use of each quota of volumes; snapshots take gigabytes, too."""
    volumes = [volume for volume in world.volumes.values() if volume.project_id == project_id]
    snapshots = [snapshot for snapshot in world.snapshots.values() if snapshot.project_id == project_id]
    return {
        "volumes": len(volumes),
        "snapshots": len(snapshots),
        "gigabytes": sum(volume.size_gib for volume in volumes) + sum(snapshot.size_gib for snapshot in snapshots),
    }


def require_quota(world: World, project_id: str, resource: str, size_gib: int) -> None:
    """Refuse one more volume or snapshot of a size where a quota is used up.

    Raises:
        Refusal: 413 in Cinder's words (cinder/quota_utils.py), gigabytes before numbers.
    """
    used = volume_usage(world, project_id)
    limits = world.quotas.limits(SERVICE, project_id)
    if not world.quotas.allows(SERVICE, project_id, "gigabytes", used["gigabytes"] + size_gib):
        raise Refusal(
            413,
            "VolumeSizeExceedsAvailableQuota",
            "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested "
            f"{size_gib}G, quota is {limits['gigabytes']}G and {used['gigabytes']}G has been consumed.",
        )
    if not world.quotas.allows(SERVICE, project_id, resource, used[resource] + 1):
        kind = {"volumes": "VolumeLimitExceeded", "snapshots": "SnapshotLimitExceeded"}[resource]
        tail = " for quota 'volumes'." if resource == "volumes" else ""
        raise Refusal(413, kind, f"{kind}: Maximum number of {resource} allowed ({limits[resource]}) exceeded{tail}")


def _store(world: World, volume: Volume, now: datetime, **changes: object) -> Volume:
    changed = replace(volume, **changes, updated_at=now)
    world.volumes[volume.id] = changed
    return changed


def _plan(world: World, subject_id: str, event: Event, now: datetime) -> None:
    stretched = world.timing.volume_seconds * (1 + world.timing.jitter * world.identifiers.fraction())
    world.agenda.plan(subject_id, event, now + timedelta(seconds=stretched))
