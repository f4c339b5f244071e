"""Look up what a machine's spec names in Cinder: volume types, and the source of a root volume."""

from typing import TypeVar
from urllib.parse import quote

from kubecapy.contract.errors import Conflict, NotFound
from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import Snapshot, Volume, VolumeType

S = TypeVar("S", Volume, Snapshot)

SHOWN_MAX = 10


async def check_volume_type(project: Project, name_or_id: str) -> None:
    """Return where the project may use the volume type; an empty name means Cinder's default.

    Raises:
        NotFound: it may not; the message lists some that it may.
    """
    if name_or_id:
        await project.look_up(("volume type", name_or_id), lambda: _find_type(project, name_or_id))


async def check_given_volume(project: Project, volume_id: str) -> None:
    """Return where a person's volume can be booted from.

    Raises:
        NotFound: it is not there.
    """
    await _find(project, f"/volumes/{quote(volume_id, safe='')}", "volume", Volume, volume_id)


async def check_snapshot(project: Project, snapshot_id: str) -> None:
    """Return where a snapshot can be made a volume of.

    Raises:
        NotFound: it is not there.
        Conflict: it is not available.
    """
    snapshot = await _find(project, f"/snapshots/{quote(snapshot_id, safe='')}", "snapshot", Snapshot, snapshot_id)
    if snapshot.status != "available":
        raise Conflict(f'snapshot "{snapshot_id}" is not available but {snapshot.status}')


async def _find_type(project: Project, name_or_id: str) -> VolumeType:
    call = Call(doing="listing volume types", service="block-storage", method="GET", path="/types")
    types = await project.client.list(call, "volume_types", VolumeType)
    for type_ in types:
        if name_or_id in (type_.id, type_.name):
            return type_
    known = ", ".join(sorted(type_.name for type_ in types)[:SHOWN_MAX]) or "none"
    raise NotFound(f'volume type "{name_or_id}" does not exist for the project; there are {known}')


async def _find(project: Project, path: str, key: str, type_: type[S], id_: str) -> S:
    async def find() -> S:
        call = Call(doing=f"looking for a {key}", service="block-storage", method="GET", path=path)
        found = await project.client.find(call, key, type_)
        if found is None:
            raise NotFound(f'{key} "{id_}" does not exist in the project; give the id of one that does')
        return found

    return await project.look_up((key, id_), find)
