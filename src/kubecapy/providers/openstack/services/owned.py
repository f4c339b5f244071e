"""Find, make, tag and delete the things of a cluster in Neutron, all kinds by one way.

A thing of ours bears the cluster's mark at the beginning of its description, set by the request that makes it: Neutron
takes tags only afterwards. It is looked for by its description alone: names may be changed, and two clusters may have
the same.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from kubecapy.contract.errors import Conflict, ProviderError, Unavailable
from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.cluster_naming import ClusterOwner
from kubecapy.providers.openstack.services.kinds import NETWORKS, ROUTERS, SECURITY_GROUPS, SUBNETS, Kind, T
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.quotas import Need, telling_what_is_left
from kubecapy.telemetry.logs import V, get_logger

_NEEDS: Final[Mapping[str, Need]] = {
    NETWORKS.path: Need(networks=1),
    SUBNETS.path: Need(subnets=1),
    ROUTERS.path: Need(routers=1),
    # Neutron gives every group two rules that let all out, and counts them (neutron/db/securitygroups_db.py).
    SECURITY_GROUPS.path: Need(security_groups=1, security_group_rules=2),
}
_LOG = get_logger(__name__)


class OwnedWish(msgspec.Struct, frozen=True):
    """One thing that a cluster must have."""

    name: str
    """For people."""
    description: str
    """Tells it among all things of its kind."""
    recorded_id: str = ""
    """Id that the cluster's record holds; empty where it holds none."""
    tags: tuple[str, ...] = ()
    body: Mapping[str, Any] = {}
    """What the request that makes it says beside these."""


async def list_owned(project: Project, kind: Kind[T], owner: ClusterOwner, max_age_seconds: float) -> tuple[T, ...]:
    """Return the cluster's things of `kind`, sorted by name."""
    listed = (await project.shared(kind).read(max_age_seconds)).values()
    return tuple(
        sorted((item for item in listed if owner.owns(item.description)), key=lambda item: (item.name, item.id))
    )


async def find_owned(
    project: Project, kind: Kind[T], owner: ClusterOwner, wish: OwnedWish, max_age_seconds: float
) -> T | None:
    """Return the thing of `kind` that was made for `wish`; None where there is none.

    Before anybody makes one for want of it, the list is read anew, and a recorded id that it lacks is asked for.

    Raises:
        Conflict: there are several; the message names them.
    """
    for age in (max_age_seconds, project.freshness.changing):
        listed = await list_owned(project, kind, owner, age)
        found = [item for item in listed if item.description == wish.description]
        if len(found) > 1:
            names = ", ".join(f"{item.name} ({item.id})" for item in found)
            raise Conflict(f"{owner} has several {kind.noun}s: {names}; delete all but one")
        if found:
            return found[0]
    return await _find_recorded(project, kind, wish) if wish.recorded_id else None


async def ensure_owned(
    project: Project, kind: Kind[T], owner: ClusterOwner, wish: OwnedWish, max_age_seconds: float
) -> T:
    """Find or make the thing, and give it its tags.

    Raises:
        Conflict: there are several.
    """
    found = await find_owned(project, kind, owner, wish, max_age_seconds)
    item = found if found is not None else await _create(project, kind, owner, wish)
    return await _ensure_tags(project, kind, owner, item, wish.tags)


async def update_owned(project: Project, kind: Kind[T], owner: ClusterOwner, item: T, changes: Mapping[str, Any]) -> T:
    """Change a thing of ours."""
    _LOG.log(V(2), "updating %s %s (%s) of %s: %s", kind.noun, item.name, item.id, owner, ", ".join(changes))
    doing = f"updating {kind.noun} {item.name} of {owner}"
    call = Call(doing=doing, service="network", method="PUT", path=kind.path_of(item.id))
    listing = project.shared(kind)
    try:
        changed = await project.client.write(call, {kind.key: changes}, kind.key, kind.type)
    except ProviderError:
        listing.invalidate()  # What the list shows of it is outdated, or the change may have happened all the same.
        raise
    listing.note_changed(changed)
    return changed


async def delete_owned(project: Project, kind: Kind[T], owner: ClusterOwner, item: T) -> None:
    """Delete a thing of ours; absent is success.

    Raises:
        Conflict: something is still in its way.
    """
    _LOG.log(V(2), "deleting %s %s (%s) of %s", kind.noun, item.name, item.id, owner)
    doing = f"deleting {kind.noun} {item.name} of {owner}"
    call = Call(doing=doing, service="network", method="DELETE", path=kind.path_of(item.id))
    await project.client.delete(call)
    project.shared(kind).note_deleted(item.id)


async def _create(project: Project, kind: Kind[T], owner: ClusterOwner, wish: OwnedWish) -> T:
    _LOG.log(V(2), "creating %s %s of %s", kind.noun, wish.name, owner)
    doing = f"creating {kind.noun} {wish.name} of {owner}"
    call = Call(doing=doing, service="network", method="POST", path=kind.path)
    body = {"name": wish.name, "description": wish.description, **wish.body}
    listing = project.shared(kind)
    try:
        async with telling_what_is_left(project, _NEEDS[kind.path]):
            made = await project.client.write(call, {kind.key: body}, kind.key, kind.type)
    except ProviderError as error:
        if isinstance(error, Unavailable):
            listing.invalidate()  # The thing may be there all the same.
        else:
            project.forget_references()
        raise
    listing.note_made(made)
    return made


async def _ensure_tags(project: Project, kind: Kind[T], owner: ClusterOwner, item: T, tags: tuple[str, ...]) -> T:
    """Add the wished tags where some are missing; tags that people set stay."""
    if set(tags) <= set(item.tags):
        return item
    merged = tuple(sorted({*item.tags, *tags}))
    doing = f"tagging {kind.noun} {item.name} of {owner}"
    call = Call(doing=doing, service="network", method="PUT", path=f"{kind.path_of(item.id)}/tags")
    await project.client.send(call, {"tags": list(merged)})
    tagged = msgspec.structs.replace(item, tags=merged)  # type: ignore[type-var]  # every kind is a Struct
    project.shared(kind).note_changed(tagged)
    return tagged


async def _find_recorded(project: Project, kind: Kind[T], wish: OwnedWish) -> T | None:
    path = kind.path_of(wish.recorded_id)
    call = Call(doing=f"looking for a {kind.noun}", service="network", method="GET", path=path)
    item = await project.client.find(call, kind.key, kind.type)
    return item if item is not None and item.description == wish.description else None
