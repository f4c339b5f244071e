"""Make, bind, free and remove ports, with what hangs on them: addresses, floating IPs, security groups."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from kubecapy.devcloud.refusals import conflict, not_found
from kubecapy.devcloud.world import security, usage
from kubecapy.devcloud.world.addresses import AddressWish, give_addresses
from kubecapy.devcloud.world.compute import Server
from kubecapy.devcloud.world.floating import disassociate_port
from kubecapy.devcloud.world.network import Network, Port, revise, stamp
from kubecapy.devcloud.world.trunks import find_trunk, find_trunk_above, follow_parent
from kubecapy.devcloud.world.world import World


def get_port(world: World, port_id: str) -> Port:
    """Return a port.

    Raises:
        Refusal: 404, there is none.
    """
    port = world.ports.get(port_id)
    if port is None:
        raise not_found(f"Port {port_id} could not be found.", "PortNotFound")
    return port


def ports_of_device(world: World, device_id: str) -> Iterator[Port]:
    """Yield the ports of a server or router, oldest first."""
    return (port for port in world.ports.values() if port.device_id == device_id)


def make_port(
    world: World, draft: Port, wishes: Sequence[AddressWish] | None, now: datetime, *, with_default_group: bool = False
) -> Port:
    """Store `draft` with addresses of its network and return it.

    Args:
        world: The state.
        draft: The port without addresses and times.
        wishes: Addresses asked for; `None` asks for any one.
        now: Time of creation.
        with_default_group: Puts the port into its project's default security group.

    Raises:
        Refusal: 404 unknown network or group; 409 address or hardware address in use, quota used up.
    """
    get_network(world, draft.network_id)
    usage.require_network_quota(world, draft.project_id, "port")
    _require_free_mac(world, draft)
    security.require_groups(world, draft.security_groups)
    fixed_ips = give_addresses(world, draft.network_id, wishes)
    groups = draft.security_groups
    if with_default_group and draft.port_security_enabled:
        groups = (security.ensure_default_group(world, draft.project_id, now).id,)
    port = stamp(msgspec.structs.replace(draft, fixed_ips=fixed_ips, security_groups=groups), now)
    world.ports[port.id] = port
    return port


def get_network(world: World, network_id: str) -> Network:
    """Return a network.

    Raises:
        Refusal: 404, there is none.
    """
    network = world.networks.get(network_id)
    if network is None:
        raise not_found(f"Network {network_id} could not be found.", "NetworkNotFound")
    return network


def bind_port(world: World, port: Port, server: Server, now: datetime) -> None:
    """Give `port` to a server that has a host; it stays DOWN until the server runs."""
    owner = f"compute:{server.availability_zone}"
    world.ports[port.id] = revise(port, now, device_id=server.id, device_owner=owner, host_id=server.host)
    follow_parent(world, port.id, now)


def unbind_port(world: World, port: Port, now: datetime) -> None:
    """Take `port` from its device; the port and its addresses stay."""
    world.ports[port.id] = revise(port, now, device_id="", device_owner="", host_id="", status="DOWN")
    follow_parent(world, port.id, now)


def set_port_status(world: World, port: Port, status: str, now: datetime) -> None:
    """Set `port` to ACTIVE or DOWN, and the trunk that it carries with it."""
    if port.status == status:
        return
    world.ports[port.id] = revise(port, now, status=status)
    follow_parent(world, port.id, now)


def remove_port(world: World, port: Port, now: datetime) -> None:
    """Remove `port`; a floating IP on it is disassociated and stays allocated.

    Raises:
        Refusal: 409, the port is part of a trunk.
    """
    trunk = find_trunk(world, port.id)
    if trunk is not None:
        raise conflict(f"Port {port.id} is currently a parent port for trunk {trunk.id}.", "PortInUseAsTrunkParent")
    above = find_trunk_above(world, port.id)
    if above is not None:
        raise conflict(f"Port {port.id} is currently a subport for trunk {above.id}.", "PortInUseAsSubPort")
    disassociate_port(world, port.id, now)
    del world.ports[port.id]


def _require_free_mac(world: World, draft: Port) -> None:
    for port in world.ports.values():
        if port.mac_address == draft.mac_address and port.network_id == draft.network_id:
            raise conflict(
                f"Unable to complete operation for network {draft.network_id}. "
                f"The mac address {draft.mac_address} is in use.",
                "MacAddressInUse",
            )
