"""Carry servers through their life, with the ports and addresses that hang on them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from kubecapy.devcloud.refusals import conflict, not_found
from kubecapy.devcloud.world.agenda import Event, Transition
from kubecapy.devcloud.world.compute import Server, ServerFault
from kubecapy.devcloud.world.network import Port
from kubecapy.devcloud.world.ports import (
    bind_port,
    find_trunk,
    ports_of_device,
    remove_port,
    set_port_status,
    unbind_port,
)
from kubecapy.devcloud.world.world import World

HOST = "devcloud-1"
NO_VALID_HOST = "No valid host was found. There are not enough hosts available."


def get_server(world: World, server_id: str) -> Server:
    """Return a server.

    Raises:
        Refusal: 404, there is none.
    """
    server = world.servers.get(server_id)
    if server is None:
        raise not_found(f"Instance {server_id} could not be found.")
    return server


def launch_server(world: World, server: Server, port_ids: Sequence[str], now: datetime) -> Server:
    """Store a new server and return it as Nova first shows it, in BUILD.

    Where the hosts have room its ports are bound and it boots. Otherwise it fails: its owner's ports stay unbound, and
    those that Nova made for it go again.
    """
    if not _has_room(world, server):
        for port_id in server.own_port_ids:
            remove_port(world, world.ports[port_id], now)
        server = replace(server, own_port_ids=())
        world.servers[server.id] = server
        _plan(world, server.id, Event.FAIL, world.timing.schedule_seconds, now)
        return server
    placed = replace(server, host=HOST, task_state="spawning")
    world.servers[server.id] = placed
    for port_id in port_ids:
        bind_port(world, world.ports[port_id], server.id, HOST, now)
    _plan(world, server.id, Event.BOOT, world.timing.boot_seconds, now)
    return placed


def start_delete(world: World, server: Server, now: datetime) -> None:
    """Begin the removal of a server; a second call changes nothing."""
    if server.is_deleting:
        return
    world.servers[server.id] = replace(server, task_state="deleting", updated_at=now)
    _plan(world, server.id, Event.REMOVE, world.timing.delete_seconds, now)


def start_power_change(world: World, server: Server, event: Event, task_state: str, now: datetime) -> None:
    """Begin to stop, start or reboot a server.

    Raises:
        Refusal: 409, the server's state does not allow it.
    """
    wanted = {"powering-off": ("ACTIVE",), "powering-on": ("SHUTOFF",)}.get(task_state, ("ACTIVE", "SHUTOFF"))
    if server.status not in wanted or server.task_state is not None:
        verb = {"powering-off": "stop", "powering-on": "start"}.get(task_state, "reboot")
        state = f"task_state {server.task_state}" if server.task_state else f"vm_state {server.vm_state}"
        raise conflict(f"Cannot '{verb}' instance {server.id} while it is in {state}")
    status = "REBOOT" if task_state.startswith("reboot") else server.status
    world.servers[server.id] = replace(server, status=status, task_state=task_state, updated_at=now)
    _plan(world, server.id, event, world.timing.power_seconds, now)


def put_in_error(world: World, server: Server, code: int, message: str, now: datetime) -> None:
    """Put a server into ERROR with a fault; what was planned for it is dropped."""
    world.agenda.forget(server.id)
    world.servers[server.id] = replace(
        server, status="ERROR", task_state=None, updated_at=now, fault=ServerFault(code, message, now)
    )
    _set_ports(world, server.id, "DOWN", now)


def remove_server(world: World, server: Server, now: datetime) -> None:
    """Remove a server: ports that Nova made go with it, ports of its owner are unbound and stay."""
    world.agenda.forget(server.id)
    for port in list(ports_of_device(world, server.id)):
        _free_port(world, server, port, now)
    del world.servers[server.id]
    world.deleted_servers.append(replace(server, status="DELETED", task_state=None, updated_at=now, terminated_at=now))


def detach_port(world: World, server: Server, port_id: str, now: datetime) -> None:
    """Take one port from a server; a port that Nova made is removed, another stays.

    Raises:
        Refusal: 404, the port is not the server's.
    """
    port = world.ports.get(port_id)
    if port is None or port.device_id != server.id:
        raise not_found(f"Instance {server.id} does not have a port with id {port_id}")
    _free_port(world, server, port, now)


def apply_transition(world: World, transition: Transition) -> None:
    """Let a due transition happen, at the time when it was due."""
    server = world.servers.get(transition.server_id)
    if server is None:
        return
    now = transition.due
    match transition.event:
        case Event.BOOT | Event.START:
            _run(world, server, now)
        case Event.STOP:
            world.servers[server.id] = replace(server, status="SHUTOFF", task_state=None, updated_at=now)
            _set_ports(world, server.id, "DOWN", now)
        case Event.FAIL:
            put_in_error(world, server, 500, NO_VALID_HOST, now)
        case Event.REMOVE:
            remove_server(world, server, now)


def _free_port(world: World, server: Server, port: Port, now: datetime) -> None:
    """Remove a port that Nova made for the server, and unbind any other; a trunk's parent is nobody's to remove."""
    if port.id in server.own_port_ids and find_trunk(world, port.id) is None:
        remove_port(world, port, now)
    else:
        unbind_port(world, port, now)


def _run(world: World, server: Server, now: datetime) -> None:
    launched = server.launched_at or now
    world.servers[server.id] = replace(server, status="ACTIVE", task_state=None, updated_at=now, launched_at=launched)
    _set_ports(world, server.id, "ACTIVE", now)


def _set_ports(world: World, server_id: str, status: str, now: datetime) -> None:
    for port in list(ports_of_device(world, server_id)):
        set_port_status(world, port, status, now)


def _has_room(world: World, server: Server) -> bool:
    flavors = [other.flavor for other in world.servers.values() if other.host] + [server.flavor]
    return (
        sum(flavor.vcpus for flavor in flavors) <= world.capacity.vcpus
        and sum(flavor.ram_mib for flavor in flavors) <= world.capacity.ram_mib
        and sum(flavor.disk_gib for flavor in flavors) <= world.capacity.disk_gib
    )


def _plan(world: World, server_id: str, event: Event, seconds: float, now: datetime) -> None:
    stretched = seconds * (1 + world.timing.jitter * world.identifiers.fraction())
    world.agenda.plan(server_id, event, now + timedelta(seconds=stretched))
