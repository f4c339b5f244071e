"""Find, make and delete the trunks on a machine's ports.

A trunk bears the machine's marks in its description, set by the request that makes it, and the name of its port.
Sub-ports are a person's: deleting a trunk sets them free, and they stay
(neutron/services/trunk/plugin.py, TrunkPlugin.delete_trunk).
"""

from collections.abc import Sequence

import msgspec

from kubecapy.contract.errors import NotFound, ProviderError, Unavailable
from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.naming import Owner
from kubecapy.providers.openstack.services.listing import Listing
from kubecapy.providers.openstack.services.port_wishes import PortWish
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import Extension, Port, Trunk
from kubecapy.telemetry.logs import V, get_logger

_LOG = get_logger(__name__)


async def check_trunks(project: Project) -> None:
    """Return where Neutron has trunks.

    Raises:
        NotFound: it has not; the message says what to do.
    """
    if not await _has_trunks(project):
        raise NotFound('trunk needs Neutron\'s extension "trunk", which this cloud has not; set trunk to false')


async def ensure_trunks(
    project: Project, owner: Owner, wishes: Sequence[PortWish], ports: Sequence[Port]
) -> tuple[Trunk, ...]:
    """Find or make a trunk on each port that wishes for one, and give it the port's tags; `ports` are as `wishes`."""
    return tuple(
        [
            await _ensure_trunk(project, owner, wish, port)
            for wish, port in zip(wishes, ports, strict=True)
            if wish.has_trunk
        ]
    )


async def find_trunks(project: Project, owner: Owner, max_age_seconds: float) -> tuple[Trunk, ...]:
    """Return the machine's trunks; none where Neutron has no such thing."""
    if not await _has_trunks(project):
        return ()
    listed = (await _listing(project).read(max_age_seconds)).values()
    return tuple(trunk for trunk in listed if owner.owns(trunk.description))


async def list_marked_trunks(project: Project, mark: str) -> Sequence[Trunk]:
    """Return the trunks whose description begins with a cluster's mark."""
    if not await _has_trunks(project):
        return ()
    listed = (await _listing(project).read(project.freshness.changing)).values()
    return [trunk for trunk in listed if (trunk.description or "").startswith(mark)]


async def delete_trunk(project: Project, owner: Owner, trunk: Trunk) -> None:
    """Delete a trunk of the machine; absent is success.

    Raises:
        Conflict: its port is still bound, which ends with the server.
    """
    _LOG.log(V(2), "deleting trunk %s (%s) of %s", trunk.name, trunk.id, owner)
    doing = f"deleting trunk {trunk.name} of {owner}"
    await project.client.delete(Call(doing=doing, service="network", method="DELETE", path=f"/trunks/{trunk.id}"))
    _listing(project).note_deleted(trunk.id)


async def _ensure_trunk(project: Project, owner: Owner, wish: PortWish, port: Port) -> Trunk:
    found = await find_trunks(project, owner, project.freshness.changing)
    trunk = next((trunk for trunk in found if trunk.port_id == port.id), None)
    return await _ensure_tags(project, owner, wish, trunk or await _create(project, owner, port))


async def _create(project: Project, owner: Owner, port: Port) -> Trunk:
    _LOG.log(V(2), "creating trunk %s of %s", port.name, owner)
    doing = f"creating trunk {port.name} of {owner}"
    body = {"port_id": port.id, "name": port.name, "description": owner.own_description}
    call = Call(doing=doing, service="network", method="POST", path="/trunks")
    try:
        trunk = await project.client.write(call, {"trunk": body}, "trunk", Trunk)
    except ProviderError as error:
        if isinstance(error, Unavailable):
            _listing(project).invalidate()  # The trunk may be there all the same.
        raise
    _listing(project).note_made(trunk)
    return trunk


async def _ensure_tags(project: Project, owner: Owner, wish: PortWish, trunk: Trunk) -> Trunk:
    """Add the wished tags where some are missing; tags that people set stay."""
    if set(wish.tags) <= set(trunk.tags):
        return trunk
    tags = tuple(sorted({*trunk.tags, *wish.tags}))
    doing = f"tagging trunk {trunk.name} of {owner}"
    call = Call(doing=doing, service="network", method="PUT", path=f"/trunks/{trunk.id}/tags")
    await project.client.send(call, {"tags": list(tags)})
    tagged = msgspec.structs.replace(trunk, tags=tags)
    _listing(project).note_changed(tagged)
    return tagged


def _listing(project: Project) -> Listing[Trunk]:
    async def fetch() -> Sequence[Trunk]:
        query = (("project_id", await project.client.project_id()),)
        call = Call(doing="listing trunks", service="network", method="GET", path="/trunks", query=query)
        return await project.client.list(call, "trunks", Trunk)

    return project.listing("trunks", fetch)


async def _has_trunks(project: Project) -> bool:
    call = Call(doing="looking for trunks in Neutron", service="network", method="GET", path="/extensions/trunk")

    async def find() -> bool:
        return await project.client.find(call, "extension", Extension) is not None

    return await project.look_up("trunk extension", find)
