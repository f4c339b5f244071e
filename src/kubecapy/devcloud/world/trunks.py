"""Keep sub-ports with their trunk, and the trunk with its parent port."""

from collections.abc import Sequence
from datetime import datetime

from kubecapy.devcloud.refusals import conflict, not_found
from kubecapy.devcloud.world.network import Port, SubPort, Trunk, revise
from kubecapy.devcloud.world.world import World

SUBPORT_OWNER = "trunk:subport"


def find_trunk(world: World, port_id: str) -> Trunk | None:
    """Return the trunk that a port carries, `None` where it carries none."""
    return next((trunk for trunk in world.trunks.values() if trunk.port_id == port_id), None)


def find_trunk_above(world: World, port_id: str) -> Trunk | None:
    """Return the trunk that a port is a sub-port of, `None` where it is none."""
    for trunk in world.trunks.values():
        if any(sub_port.port_id == port_id for sub_port in trunk.sub_ports):
            return trunk
    return None


def require_parent(world: World, port: Port) -> None:
    """Refuse a port that cannot become a trunk's parent.

    Raises:
        Refusal: 409, it is part of a trunk, or a server has it already.
    """
    if find_trunk_above(world, port.id) is not None:
        raise conflict(f"Port {port.id} is in use by another trunk.", "TrunkPortInUse")
    if find_trunk(world, port.id) is not None or port.host_id:
        raise parent_in_use(port.id)


def require_sub_ports(world: World, parent_id: str, wishes: Sequence[SubPort], present: Sequence[SubPort] = ()) -> None:
    """Refuse sub-ports that cannot join a trunk.

    Raises:
        Refusal: 404 no such port; 409 it is part of a trunk, has a device, or the segmentation is used.
    """
    taken = {(item.segmentation_type, item.segmentation_id) for item in present}
    for wish in wishes:
        port = world.ports.get(wish.port_id)
        if port is None:
            raise not_found(f"Port {wish.port_id} could not be found.", "PortNotFound")
        if wish.port_id == parent_id or find_trunk(world, wish.port_id) is not None:
            raise parent_in_use(wish.port_id)
        if find_trunk_above(world, wish.port_id) is not None:
            raise conflict(f"Port {wish.port_id} is in use by another trunk.", "TrunkPortInUse")
        if port.device_id:
            raise conflict(
                f"Unable to complete operation on port {port.id} for network {port.network_id}. Port already has an "
                f"attached device {port.device_id}.",
                "PortInUse",
            )
        if (wish.segmentation_type, wish.segmentation_id) in taken:
            raise conflict(
                f"segmentation_type {wish.segmentation_type} and segmentation_id {wish.segmentation_id} already in use "
                f"on trunk {getattr(find_trunk(world, parent_id), 'id', '')}.",
                "DuplicateSubPort",
            )
        taken.add((wish.segmentation_type, wish.segmentation_id))


def set_sub_ports(world: World, trunk: Trunk, sub_ports: Sequence[SubPort], now: datetime) -> Trunk:
    """Give a trunk its sub-ports, free those that it had before, and return it."""
    kept = {item.port_id for item in sub_ports}
    for item in trunk.sub_ports:
        port = world.ports.get(item.port_id)
        if port is not None and item.port_id not in kept:
            world.ports[port.id] = revise(port, now, device_owner="", host_id="", status="DOWN")
    changed = revise(trunk, now, sub_ports=tuple(sub_ports))
    world.trunks[trunk.id] = changed
    follow_parent(world, changed.port_id, now)
    return world.trunks[trunk.id]


def follow_parent(world: World, parent_id: str, now: datetime) -> None:
    """Let a trunk and its sub-ports be where their parent port is, and up when it is."""
    trunk, parent = find_trunk(world, parent_id), world.ports.get(parent_id)
    if trunk is None or parent is None:
        return
    if trunk.status != parent.status:
        world.trunks[trunk.id] = revise(trunk, now, status=parent.status)
    for item in trunk.sub_ports:
        port = world.ports[item.port_id]
        wanted = {"device_owner": SUBPORT_OWNER, "host_id": parent.host_id, "status": parent.status}
        if any(getattr(port, name) != value for name, value in wanted.items()):
            world.ports[port.id] = revise(port, now, **wanted)


def parent_in_use(port_id: str) -> Exception:
    """Return Neutron's refusal of a port that is a trunk's parent, or too busy to become one."""
    return conflict(
        f"Port {port_id} is currently in use and is not eligible for use as a parent port.", "ParentPortInUse"
    )
