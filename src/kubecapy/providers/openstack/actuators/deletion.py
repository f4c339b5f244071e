"""Remove what was made for a machine, and only that.

    server there   -> ask Nova to delete it, look again
    server gone    -> release its own address; delete trunks, ports, volumes that are left, and an unused key pair
    nothing left   -> gone

Order: ports come after the server. Nova sets the ports it was given free when the server goes; deleting them under a
running server would cut a host off that may still do work. A trunk comes before its port, which Neutron would not
delete. Ports, addresses, sub-ports and volumes that a person attached bear no mark of the machine: they are detached
with the server or the trunk, and stay. A refusal with 409 means later: the rest is removed all the same.
"""

from collections.abc import Awaitable, Iterable, Sequence
from typing import Final

from kubecapy.contract.actuators import Deletion
from kubecapy.contract.errors import Conflict, InvalidConfiguration
from kubecapy.providers.openstack.api.status import MachineProviderStatus, MadeKind
from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.naming import Owner
from kubecapy.providers.openstack.services.key_pairs import delete_unused_key_pairs
from kubecapy.providers.openstack.services.own_addresses import find_own_addresses, release_address
from kubecapy.providers.openstack.services.ports import delete_port, find_ports
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import Port, Volume
from kubecapy.providers.openstack.services.servers import (
    ServerFinder,
    delete_server,
    find_servers,
    is_softly_deleted,
)
from kubecapy.providers.openstack.services.trunks import delete_trunk, find_trunks
from kubecapy.providers.openstack.services.volumes import (
    delete_volume,
    find_volumes,
    has_block_storage,
    is_going,
    is_kept,
)

LOOK_AGAIN_SECONDS: Final = 1.0


async def delete_machine(
    project: Project, finder: ServerFinder, record: MachineProviderStatus, kinds: Iterable[MadeKind]
) -> Deletion:
    """Bring the removal one step closer; besides the server and ports only things of `kinds` are looked for.

    Raises:
        Conflict: a recorded server is there but does not bear our mark.
    """
    servers = await find_servers(project, finder, project.freshness.changing)
    for server in servers:
        await delete_server(project, finder.owner, server)
    if servers:
        return _later(f"server {server.name} ({server.id})" for server in servers)
    remover = _Remover(project, finder.owner, record)
    left = await remover.remove(frozenset(kinds))
    return _later(left) if left else Deletion(gone=True)


class _Remover:
    """Removes what outlived a machine's server."""

    def __init__(self, project: Project, owner: Owner, record: MachineProviderStatus) -> None:
        self._project = project
        self._owner = owner
        self._record = record
        self._age = project.freshness.changing

    async def remove(self, kinds: frozenset[MadeKind]) -> Sequence[str]:
        """Remove all of it that can be removed now; return what is left, for people."""
        left: list[str] = []
        if "floating ip" in kinds:
            await self._release_addresses()
        if "trunk" in kinds:
            left += await self._delete_trunks()
        left += await self._delete_ports()
        if "volume" in kinds and await self._may_have_volumes():
            left += await self._delete_volumes()
        if "key pair" in kinds:
            await delete_unused_key_pairs(self._project, self._owner)
        return left

    async def _release_addresses(self) -> None:
        for address in await find_own_addresses(self._project, self._owner, self._age):
            await release_address(self._project, self._owner, address)

    async def _delete_trunks(self) -> Sequence[str]:
        left: list[str] = []
        for trunk in await find_trunks(self._project, self._owner, self._age):
            what = f"trunk {trunk.name} ({trunk.id})"
            left += await _or_later(delete_trunk(self._project, self._owner, trunk), what)
        return left

    async def _delete_ports(self) -> Sequence[str]:
        left: list[str] = []
        for port in await self._ports():
            what = f"port {port.name} ({port.id})"
            left += await _or_later(delete_port(self._project, self._owner, port), what)
        return left

    async def _ports(self) -> Sequence[Port]:
        """Return the ports that bear the mark: those of the list, and recorded ones that a lagging list lacks."""
        ports = {port.id: port for port in await find_ports(self._project, self._owner, self._age)}
        listing = self._project.ports(self._owner.description)
        for recorded in self._record.ports:
            if recorded.id in ports or listing.had_removed(recorded.id):
                continue
            call = Call(doing="looking for a port", service="network", method="GET", path=f"/ports/{recorded.id}")
            port = await self._project.client.find(call, "port", Port)
            if port is not None and self._owner.owns_port(port.name, port.description):
                ports[port.id] = port
        return tuple(ports.values())

    async def _may_have_volumes(self) -> bool:
        """Return False where the cloud has no Cinder; where volumes were made, that is a failure like any other."""
        return "volume" in self._record.made or await has_block_storage(self._project)

    async def _delete_volumes(self) -> Sequence[str]:
        """Delete the volumes that Nova left, and wait for those that are on their way out."""
        left: list[str] = []
        for volume in await find_volumes(self._project, self._owner, self._age):
            if is_kept(volume) or await self._goes_with_its_server(volume):
                continue
            what = f"volume {volume.name} ({volume.id}), {volume.status}"
            if is_going(volume):
                left.append(what)
                continue
            refused = await _or_later(delete_volume(self._project, self._owner, volume), what)
            left += refused or (what,)
        return left

    async def _goes_with_its_server(self, volume: Volume) -> bool:
        """Return whether Nova deletes the volume once it reclaims the machine's softly deleted server."""
        if volume.server_ids != (self._record.server_id,):
            return False
        return await is_softly_deleted(self._project, self._record.server_id)


async def _or_later(deletion: Awaitable[None], what: str) -> Sequence[str]:
    """Return `what` where the cloud refuses to delete it at this moment; Cinder says so with 400."""
    try:
        await deletion
    except (Conflict, InvalidConfiguration) as error:
        return (f"{what}: {error}",)
    return ()


def _later(left: Iterable[str]) -> Deletion:
    return Deletion(gone=False, waiting_for=", ".join(left), retry_after_seconds=LOOK_AGAIN_SECONDS)
