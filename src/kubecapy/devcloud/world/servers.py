"""Carry servers through their life, with the ports and addresses that hang on them."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from kubecapy.devcloud.refusals import conflict, not_found
from kubecapy.devcloud.world.agenda import Event, Transition
from kubecapy.devcloud.world.compute import Server, ServerFault
from kubecapy.devcloud.world.devices import DeviceFailure, attach_devices, make_devices, name_devices, release_devices
from kubecapy.devcloud.world.hosts import NoValidHost, choose_host
from kubecapy.devcloud.world.network import Port
from kubecapy.devcloud.world.ports import (
    bind_port,
    ports_of_device,
    remove_port,
    set_port_status,
    unbind_port,
)
from kubecapy.devcloud.world.trunks import find_trunk
from kubecapy.devcloud.world.volume import DeviceWish
from kubecapy.devcloud.world.world import World

# What a server's metadata may ask of its boot, as the fake hypervisor of the real test services understands it.
FAULT_KEY, DELAY_KEY = "sim_fault", "sim_delay"
# Limit: a year; a longer delay would leave the calendar.
LONGEST_DELAY_SECONDS = 31_536_000.0


def get_server(world: World, server_id: str) -> Server:
    """Return a server.

    Raises:
        Refusal: 404, there is none.
    """
    server = world.servers.get(server_id)
    if server is None:
        raise not_found(f"Instance {server_id} could not be found.")
    return server


def launch_server(
    world: World, server: Server, port_ids: Sequence[str], wishes: Sequence[DeviceWish], now: datetime
) -> Server:
    """Store a new server and return it as Nova first shows it, in BUILD.

    Where a host takes it its ports are bound, its missing volumes made, and it boots, or fails on the host as its
    metadata asks. Otherwise it fails without: its owner's ports stay unbound, and those that Nova made for it go again.
    Existing volumes among `wishes` are reserved before.
    """
    try:
        host = choose_host(world, server)
    except NoValidHost as error:
        for port_id in server.own_port_ids:
            remove_port(world, world.ports[port_id], now)
        world.servers[server.id] = replace(server, own_port_ids=(), devices=name_devices(world, wishes))
        _plan(world, server.id, Event.FAIL, world.timing.schedule_seconds, now, str(error))
        return world.servers[server.id]
    placed = replace(server, host=host.name, availability_zone=host.zone, task_state="spawning")
    world.servers[server.id] = placed
    for port_id in port_ids:
        bind_port(world, world.ports[port_id], placed, now)
    seconds = world.timing.boot_seconds + _asked_delay(server)
    seconds += world.timing.volume_seconds if any(not wish.volume_id for wish in wishes) else 0.0
    order = world.boot_orders.take(server.name)
    fault = _asked_fault(server)
    if order is not None and order.outcome == "error":
        fault = order.message.replace("{id}", server.id)
    try:
        devices = make_devices(world, placed, wishes, now)
    except DeviceFailure as failure:
        devices, fault = failure.devices, _aborted(server, str(failure))
    world.servers[server.id] = replace(placed, devices=devices)
    if order is None or order.outcome != "stuck":
        _plan(world, server.id, Event.FAIL if fault else Event.BOOT, seconds, now, fault)
    return world.servers[server.id]


def start_delete(world: World, server: Server, now: datetime) -> None:
    """Begin the removal of a server for good; a second call changes nothing."""
    if server.task_state == "deleting":
        return
    world.servers[server.id] = replace(server, task_state="deleting", updated_at=now)
    _plan(world, server.id, Event.REMOVE, world.timing.delete_seconds, now)


def start_soft_delete(world: World, server: Server, now: datetime) -> None:
    """Begin the removal of a server that its owner may restore for a while, where the cloud reclaims later.

    One that never ran goes for good at once, as on real Nova (`must_have_launched` in nova/compute/api.py).
    """
    if not world.timing.reclaim_seconds or server.launched_at is None:
        start_delete(world, server, now)
    elif not server.is_deleting and server.status != "SOFT_DELETED":
        world.servers[server.id] = replace(server, task_state="soft-deleting", updated_at=now)
        _plan(world, server.id, Event.HIDE, world.timing.delete_seconds, now)


def restore_server(world: World, server: Server, now: datetime) -> None:
    """Bring a soft-deleted server back.

    Raises:
        Refusal: 409, it is not soft-deleted.
    """
    if server.status != "SOFT_DELETED" or server.task_state is not None:
        raise conflict(f"Cannot 'restore' instance {server.id} while it is in vm_state {server.vm_state}")
    world.servers[server.id] = replace(server, task_state="restoring", updated_at=now)
    _plan(world, server.id, Event.START, world.timing.power_seconds, now)


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
    """Remove a server with what Nova made for it; its owner's ports and volumes are freed and stay."""
    world.agenda.forget(server.id)
    release_devices(world, server.devices, now)
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
    server = world.servers.get(transition.subject_id)
    if server is None:
        return
    now = transition.due
    match transition.event:
        case Event.BOOT:
            _boot(world, server, now)
        case Event.START:
            _run(world, server, now)
        case Event.STOP:
            world.servers[server.id] = replace(server, status="SHUTOFF", task_state=None, updated_at=now)
            _set_ports(world, server.id, "DOWN", now)
        case Event.FAIL:
            _fail_boot(world, server, transition.reason, now)
        case Event.HIDE:
            world.servers[server.id] = replace(server, status="SOFT_DELETED", task_state=None, updated_at=now)
            _set_ports(world, server.id, "DOWN", now)
            _plan(world, server.id, Event.REMOVE, world.timing.reclaim_seconds, now)
        case Event.REMOVE:
            remove_server(world, server, now)
        case _:
            pass


def _free_port(world: World, server: Server, port: Port, now: datetime) -> None:
    """Remove a port that Nova made for the server, and unbind any other; a trunk's parent is nobody's to remove."""
    if port.id in server.own_port_ids and find_trunk(world, port.id) is None:
        remove_port(world, port, now)
    else:
        unbind_port(world, port, now)


def _boot(world: World, server: Server, now: datetime) -> None:
    try:
        attach_devices(world, server, now)
    except DeviceFailure as failure:
        _fail_boot(world, server, _aborted(server, str(failure)), now)
    else:
        _run(world, server, now)


def _run(world: World, server: Server, now: datetime) -> None:
    launched = server.launched_at or now
    world.servers[server.id] = replace(server, status="ACTIVE", task_state=None, updated_at=now, launched_at=launched)
    _set_ports(world, server.id, "ACTIVE", now)


def _set_ports(world: World, server_id: str, status: str, now: datetime) -> None:
    for port in list(ports_of_device(world, server_id)):
        set_port_status(world, port, status, now)


def _fail_boot(world: World, server: Server, reason: str, now: datetime) -> None:
    """Put a server into ERROR without a host; like Nova's, the clean-up frees what it had on one first.

    A server that never got a host keeps its reserved volumes until it is deleted.
    """
    for port in list(ports_of_device(world, server.id)):
        _free_port(world, server, port, now)
    devices = () if server.host else server.devices
    if server.host:
        release_devices(world, server.devices, now)
    left = replace(server, host="", availability_zone="", own_port_ids=(), devices=devices)
    put_in_error(world, left, 500, reason, now)


def _asked_fault(server: Server) -> str:
    """Return the fault that a server's metadata asks for, in Nova's words for it; empty where it asks for none."""
    match server.metadata.get(FAULT_KEY):
        case "abort":
            return _aborted(server, f"{FAULT_KEY}=abort")
        case "spawn":  # Nova tries the other hosts, where the spawn fails as well.
            return (
                "Exceeded maximum number of retries. Exhausted all hosts available for retrying build failures for "
                f"instance {server.id}."
            )
        case _:
            return ""


def _aborted(server: Server, reason: str) -> str:
    return f"Build of instance {server.id} aborted: {reason}"


def _asked_delay(server: Server) -> float:
    try:
        seconds = float(server.metadata.get(DELAY_KEY, "0"))
    except ValueError:
        return 0.0
    return 0.0 if math.isnan(seconds) else min(max(seconds, 0.0), LONGEST_DELAY_SECONDS)


def _plan(world: World, server_id: str, event: Event, seconds: float, now: datetime, reason: str = "") -> None:
    stretched = seconds * (1 + world.timing.jitter * world.identifiers.fraction())
    world.agenda.plan(server_id, event, now + timedelta(seconds=stretched), reason)
