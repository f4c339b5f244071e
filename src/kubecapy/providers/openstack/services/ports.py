"""Find, make and delete the ports of a machine.

A port of ours is told by two fields that the request which makes it sets: the description (the cluster's mark) and
the name (the machine's, with digits of its mark). Neutron takes tags only in a later request, so they cannot be it.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from kubecapy.contract.errors import Conflict, ProviderError, Unavailable
from kubecapy.providers.openstack.api.ports_spec import AddressPair
from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.naming import Owner
from kubecapy.providers.openstack.services.networks import FixedAddressChoice
from kubecapy.providers.openstack.services.port_wishes import PortWish
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.quotas import Need, telling_what_is_left
from kubecapy.providers.openstack.services.resources import Port
from kubecapy.telemetry.logs import V, get_logger

_LOG = get_logger(__name__)


async def find_ports(project: Project, owner: Owner, max_age_seconds: float) -> tuple[Port, ...]:
    """Return the machine's ports, sorted by name: the numbered ones by their number, then the others."""
    listed = (await project.ports(owner.description).read(max_age_seconds)).values()
    own = [port for port in listed if owner.owns_port(port.name, port.description)]
    return tuple(sorted(own, key=lambda port: _order(owner, port)))


def in_order(ports: Sequence[Port], names: Sequence[str]) -> tuple[Port, ...]:
    """Return `ports` as `names` order them; those of other names come last."""
    places = {name: place for place, name in enumerate(names)}
    return tuple(sorted(ports, key=lambda port: places.get(port.name, len(places))))


async def ensure_ports(project: Project, owner: Owner, wishes: Sequence[PortWish]) -> tuple[Port, ...]:
    """Find or make every wished port, and give it its tags.

    Raises:
        Conflict: a port of that name is ours but lies on another network, or there are several.
    """
    found = await find_ports(project, owner, project.freshness.changing)
    return tuple([await _ensure_port(project, owner, wish, found) for wish in wishes])


async def delete_port(project: Project, owner: Owner, port: Port) -> None:
    """Delete a port that bears the machine's mark; absent is success. Its floating address is set free by Neutron.

    Raises:
        Conflict: something holds it; it may let go.
    """
    _LOG.log(V(2), "deleting port %s (%s) of %s", port.name, port.id, owner)
    call = Call(doing=f"deleting port {port.name} of {owner}", service="network", method="DELETE", path=_path(port.id))
    await project.client.delete(call)
    project.ports(owner.description).note_deleted(port.id)


async def _ensure_port(project: Project, owner: Owner, wish: PortWish, found: Sequence[Port]) -> Port:
    named = [port for port in found if port.name == wish.name]
    if len(named) > 1:
        ids = ", ".join(port.id for port in named)
        raise Conflict(f"{owner} has several ports named {wish.name} ({ids}); delete all but one")
    port = named[0] if named else await _create_port(project, owner, wish)
    if port.network_id != wish.attachment.network_id:
        raise Conflict(
            f"port {port.name} of {owner} lies on network {port.network_id}, the spec wants "
            f"{wish.attachment.network_id}; a machine is replaced, not moved"
        )
    return await _ensure_tags(project, owner, wish, port)


async def _create_port(project: Project, owner: Owner, wish: PortWish) -> Port:
    _LOG.log(V(2), "creating port %s of %s", wish.name, owner)
    listing = project.ports(owner.description)
    call = Call(doing=f"creating port {wish.name} of {owner}", service="network", method="POST", path="/ports")
    try:
        async with telling_what_is_left(project, Need(ports=1)):
            port = await project.client.write(call, {"port": _port_body(owner, wish)}, "port", Port)
    except ProviderError as error:
        if isinstance(error, Unavailable):
            listing.invalidate()  # The port may be there all the same.
        else:
            project.forget_references()
        raise
    listing.note_made(port)
    return port


def _port_body(owner: Owner, wish: PortWish) -> dict[str, Any]:
    groups = wish.security_group_ids
    optional: dict[str, Any] = {
        "fixed_ips": [_fixed(choice) for choice in wish.attachment.fixed] or None,
        "security_groups": None if groups is None else list(groups),
        "allowed_address_pairs": [_pair(pair) for pair in wish.allowed_address_pairs] or None,
        "binding:vnic_type": wish.vnic_type or None,
        "binding:profile": dict(wish.profile) or None,
        "mac_address": wish.mac_address or None,
        "port_security_enabled": wish.port_security,
    }
    return {
        "name": wish.name,
        "description": owner.description,
        "network_id": wish.attachment.network_id,
        "admin_state_up": True,
        **{name: value for name, value in optional.items() if value is not None},
    }


def _fixed(choice: FixedAddressChoice) -> dict[str, str]:
    fields = {"subnet_id": choice.subnet_id, "ip_address": choice.address}
    return {name: value for name, value in fields.items() if value}


def _pair(pair: AddressPair) -> dict[str, str]:
    fields = {"ip_address": pair.ip_address, "mac_address": pair.mac_address}
    return {name: value for name, value in fields.items() if value}


async def _ensure_tags(project: Project, owner: Owner, wish: PortWish, port: Port) -> Port:
    """Add the wished tags where some are missing; tags that people set stay."""
    if set(wish.tags) <= set(port.tags):
        return port
    tags = tuple(sorted({*port.tags, *wish.tags}))
    doing = f"tagging port {port.name} of {owner}"
    call = Call(doing=doing, service="network", method="PUT", path=f"{_path(port.id)}/tags")
    await project.client.send(call, {"tags": list(tags)})
    tagged = msgspec.structs.replace(port, tags=tags)
    project.ports(owner.description).note_changed(tagged)
    return tagged


def _path(port_id: str) -> str:
    return f"/ports/{port_id}"


def _order(owner: Owner, port: Port) -> tuple[int, int, str]:
    ending = port.name.removeprefix(owner.port_name()).removeprefix("_")
    return (0, int(ending or 0), port.id) if not ending or ending.isdigit() else (1, 0, ending)
