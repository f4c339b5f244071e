"""Find, make and delete the server of a machine.

A server of ours is told by its metadata, the mark of its machine, which the request that makes it sets. The tag of the
same request lets one list find all of them; clouds without tags are asked by name. Nova takes a name in a query as a
regular expression, so it is anchored.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from kubecapy.contract.actuators import InstanceState
from kubecapy.contract.errors import Conflict, ProviderError, Unavailable
from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.naming import METADATA_MACHINE_MARK, Owner
from kubecapy.providers.openstack.services.project import TAGS_MICROVERSION, Project
from kubecapy.providers.openstack.services.resources import Console, Server
from kubecapy.providers.openstack.services.server_request import ServerWish, server_metadata, server_request
from kubecapy.telemetry.logs import V, get_logger

_GONE: Final = frozenset({"DELETED", "SOFT_DELETED"})
_STATES: Final[Mapping[str, InstanceState]] = {
    "BUILD": "Pending",
    "REBUILD": "Pending",
    "UNKNOWN": "Pending",
    "ACTIVE": "Running",
    "PASSWORD": "Running",
    "REBOOT": "Running",
    "HARD_REBOOT": "Running",
    "MIGRATING": "Running",
    "RESIZE": "Running",
    "VERIFY_RESIZE": "Running",
    "REVERT_RESIZE": "Running",
    "ERROR": "Failed",
    "SHUTOFF": "Stopped",
    "PAUSED": "Stopped",
    "SUSPENDED": "Stopped",
    "RESCUE": "Stopped",
    "SHELVED": "Stopped",
    "SHELVED_OFFLOADED": "Stopped",
}
"""Every status of https://docs.openstack.org/api-guide/compute/server_concepts.html but the two that mean gone."""

_LOG = get_logger(__name__)


class ServerFinder(msgspec.Struct, frozen=True):
    """What is known of a server before it is looked for."""

    owner: Owner
    recorded_id: str = ""
    """Id in the Machine's record, which is our own hand."""
    named_id: str = ""
    """Id in its providerID or annotation, which a copied manifest brings along from another machine."""
    by_tag: bool = True
    """False where the cloud's Nova has no tags, or nobody knows whether it was told to use them."""


def is_gone(server: Server) -> bool:
    """Return whether the server is deleted, for good or only softly."""
    return server.status in _GONE


def state_of(server: Server) -> InstanceState:
    """Return the contract's word for the server's status."""
    if server.task_state == "deleting":
        return "Deleting"
    return _STATES.get(server.status, "Pending")


async def find_servers(project: Project, finder: ServerFinder, max_age_seconds: float) -> tuple[Server, ...]:
    """Return every server that bears the machine's mark; more than one means that someone made a twin.

    A recorded server that the list lacks is asked for by its id before it counts as gone, unless Nova has accepted our
    own removal of it: then the list is believed, and a delete costs no such call.

    Raises:
        Conflict: the recorded server is there but does not bear the mark.
    """
    candidates = await _list_candidates(project, finder, max_age_seconds)
    found = {server.id: server for server in candidates if bears_mark(server, finder.owner)}
    recorded_id = finder.recorded_id
    if recorded_id and recorded_id not in found and not project.servers.had_removed(recorded_id):
        recorded = await _find_by_id(project, recorded_id)
        if recorded is not None:
            found[recorded.id] = _checked(recorded, finder.owner)
    return tuple(server for server in found.values() if not is_gone(server))


async def find_server(project: Project, finder: ServerFinder, max_age_seconds: float) -> Server | None:
    """Return the machine's server; None where there is none.

    Raises:
        Conflict: there are several, or the one that is recorded, or else named, does not bear the mark.
    """
    found = await find_servers(project, finder, max_age_seconds)
    if not found and finder.named_id:
        named = await _find_by_id(project, finder.named_id)
        if named is not None and not is_gone(named):
            return _checked(named, finder.owner)
    if len(found) > 1:
        ids = ", ".join(sorted(server.id for server in found))
        raise Conflict(f"{finder.owner} has several servers ({ids}); delete all but one")
    return found[0] if found else None


def bears_mark(server: Server, owner: Owner) -> bool:
    """Return whether the server was made for the machine."""
    return server.metadata.get(METADATA_MACHINE_MARK) == owner.machine_mark


async def is_softly_deleted(project: Project, server_id: str) -> bool:
    """Return whether Nova keeps the server for a while before it really deletes it; lists do not show it then."""
    server = await _find_by_id(project, server_id)
    return server is not None and server.status == "SOFT_DELETED"


async def create_server(project: Project, owner: Owner, wish: ServerWish, *, with_tags: bool) -> Server:
    """Make the server; the caller has looked for it before.

    Raises:
        InvalidConfiguration: the user data is too long.
        Conflict: a port is in use, which happens where a lost reply had made a server already.
    """
    request = server_request(owner, wish, with_tags=with_tags)
    _LOG.log(V(2), "creating server %s of %s", owner.machine, owner)
    call = Call(
        doing=f"creating server {owner.machine} of {owner}",
        service="compute",
        method="POST",
        path="/servers",
        microversion=TAGS_MICROVERSION if with_tags else "",
    )
    try:
        made = await project.client.write(call, request, "server", Server)
    except ProviderError as error:
        if isinstance(error, Unavailable | Conflict):
            project.servers.invalidate()  # The server may be there all the same.
        else:
            project.forget_references()
        raise
    server = msgspec.structs.replace(
        made, name=owner.machine, metadata=server_metadata(owner, wish), key_name=wish.key_name or None
    )
    project.servers.note_made(server)
    return server


async def delete_server(project: Project, owner: Owner, server: Server) -> None:
    """Ask Nova to delete the server, unless it is at it already; absent is success."""
    if server.task_state == "deleting":
        return
    _LOG.log(V(2), "deleting server %s (%s) of %s", server.name, server.id, owner)
    doing = f"deleting server {server.name} of {owner}"
    await project.client.delete(Call(doing=doing, service="compute", method="DELETE", path=_path(server.id)))
    project.servers.note_leaving(msgspec.structs.replace(server, task_state="deleting"))


async def read_console(project: Project, owner: Owner, server: Server, lines: int) -> str:
    """Return the last `lines` lines of the serial console; empty where there are none.

    Nova counts what follows the last line break as a line, too (nova/compute/manager.py, `_tail_log`).
    """
    call = Call(
        doing=f"reading the console of {owner}", service="compute", method="POST", path=f"{_path(server.id)}/action"
    )
    answer = await project.client.write(call, {"os-getConsoleOutput": {"length": lines + 1}}, "", Console)
    return "\n".join((answer.output or "").splitlines()[-lines:])


async def _list_candidates(project: Project, finder: ServerFinder, max_age_seconds: float) -> Sequence[Server]:
    if finder.by_tag:
        return tuple((await project.servers.read(max_age_seconds)).values())
    call = Call(
        doing="looking for a server",
        service="compute",
        method="GET",
        path="/servers/detail",
        query=(("name", f"^{re.escape(finder.owner.machine)}$"),),
    )
    return await project.client.list(call, "servers", Server)


async def _find_by_id(project: Project, server_id: str) -> Server | None:
    call = Call(doing="looking for a server", service="compute", method="GET", path=_path(server_id))
    return await project.client.find(call, "server", Server)


def _checked(server: Server, owner: Owner) -> Server:
    if not bears_mark(server, owner) and not is_gone(server):
        raise Conflict(
            f"server {server.name} ({server.id}) is recorded for {owner} but does not bear its mark "
            f"({METADATA_MACHINE_MARK}={owner.machine_mark}); set that metadata if the server is the machine's, "
            "else remove spec.providerID and annotation openstack-resourceId from the Machine"
        )
    return server


def _path(server_id: str) -> str:
    return f"/servers/{server_id}"
