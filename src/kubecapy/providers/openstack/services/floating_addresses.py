"""Lead a floating address that the project owns to a machine's port.

Three failures look alike in the original ("Resource not found") and are told apart here: the address is not the
project's, it is in use elsewhere, or no router joins the two networks. All are looked at again on every pass.
"""

import ipaddress
from collections.abc import Iterable

from kubecapy.contract.errors import Conflict, NotFound, ProviderError, Unavailable
from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.naming import Owner
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import FloatingAddress, Port, Server
from kubecapy.telemetry.logs import V, get_logger

_COMPUTE_OWNER = "compute:"
_NO_ROUTER = "not reachable from subnet"
"""Neutron's words for ExternalGatewayForFloatingIPNotFound, which is a 404 as other things are."""

_LOG = get_logger(__name__)


async def check_floating_address(project: Project, owner: Owner, address: str, ports: tuple[Port, ...]) -> None:
    """Return where `address` is the project's and either free or led to one of `ports`; asks before anything is made.

    Raises:
        NotFound: it is not allocated to the project.
        Conflict: it is in use elsewhere; the message names by whom.
    """
    floating = await _find(project, owner, address, project.freshness.changing)
    if floating.port_id and floating.port_id not in {port.id for port in ports}:
        raise Conflict(await _in_use(project, owner, floating))


async def ensure_floating_address(
    project: Project, owner: Owner, address: str, port: Port, max_age_seconds: float
) -> FloatingAddress:
    """Lead `address` to `port`; one that leads there already is left alone.

    What is known of the address may be `max_age_seconds` old: Neutron refuses a change that rests on an older state.

    Raises:
        NotFound: it is not allocated to the project, or no router joins its network and the port's.
        Conflict: it is in use elsewhere, or someone else took it at this moment.
    """
    floating = await _find(project, owner, address, max_age_seconds)
    if floating.port_id == port.id:
        return floating
    if floating.port_id:
        raise Conflict(await _in_use(project, owner, floating))
    return await associate(project, owner, floating, port)


async def _find(project: Project, owner: Owner, address: str, max_age_seconds: float) -> FloatingAddress:
    # Race: the address may have been allocated since the list was read; a fresh one decides.
    for age in (max_age_seconds, 0.0):
        listing = await project.floating_addresses.read(age)
        floating = _with_address(listing.values(), address)
        if floating is not None:
            return floating
    raise NotFound(
        f"floating address {address} for {owner} is not allocated to the project; "
        "allocate it, or name one that `openstack floating ip list` shows"
    )


def _with_address(listed: Iterable[FloatingAddress], address: str) -> FloatingAddress | None:
    wanted = ipaddress.ip_address(address)
    return next((item for item in listed if ipaddress.ip_address(item.floating_ip_address) == wanted), None)


async def associate(project: Project, owner: Owner, floating: FloatingAddress, port: Port) -> FloatingAddress:
    """Lead an address that is free to `port`.

    Raises:
        NotFound: no router joins its network and the port's.
        Conflict: someone took it at this moment.
    """
    address = floating.floating_ip_address
    _LOG.log(V(2), "associating floating address %s with port %s of %s", address, port.name, owner)
    call = Call(
        doing=f"associating floating address {address} with port {port.name} of {owner}",
        service="network",
        method="PUT",
        path=f"/floatingips/{floating.id}",
        headers=_unchanged_since(floating),
    )
    try:
        changed = await project.client.write(call, {"floatingip": association(port)}, "floatingip", FloatingAddress)
    except ProviderError as error:
        # What the list shows of the address is outdated, or the association may have happened all the same.
        if isinstance(error, Unavailable | Conflict | NotFound):
            project.floating_addresses.invalidate()
        raise told_apart(error, address, port, owner) from error
    project.floating_addresses.note_changed(changed)
    return changed


def _unchanged_since(floating: FloatingAddress) -> dict[str, str]:
    """Return the header that makes Neutron refuse where the address changed since it was listed.

    Race: without it an update would silently take the address away from a port that got it in between
    (https://docs.openstack.org/api-ref/network/v2/, "Revisions").
    """
    if floating.revision_number is None:
        return {}
    return {"If-Match": f"revision_number={floating.revision_number}"}


def association(port: Port) -> dict[str, str]:
    """Return the fields that lead an address to `port`; Neutron must be told where the port has several addresses."""
    target = {"port_id": port.id}
    ipv4 = [fixed.ip_address for fixed in port.fixed_ips if ipaddress.ip_address(fixed.ip_address).version == 4]
    return {**target, "fixed_ip_address": ipv4[0]} if len(ipv4) > 1 else target


def told_apart(error: ProviderError, address: str, port: Port, owner: Owner) -> ProviderError:
    """Return `error` in words that name the missing router, where that is what it means."""
    if not isinstance(error, NotFound) or _NO_ROUTER not in str(error):
        return error
    return NotFound(
        f"floating address {address} for {owner}: no router joins its network and network {port.network_id} "
        f"of port {port.name}; add the port's subnet to a router with that external gateway ({error})"
    )


async def _in_use(project: Project, owner: Owner, floating: FloatingAddress) -> str:
    holder = await _describe_holder(project, floating.port_id or "")
    return (
        f"floating address {floating.floating_ip_address} for {owner} is in use by {holder}; "
        "disassociate it there, or name another"
    )


async def _describe_holder(project: Project, port_id: str) -> str:
    call = Call(doing="looking for a port", service="network", method="GET", path=f"/ports/{port_id}")
    port = await project.client.find(call, "port", Port)
    if port is None:
        return f"port {port_id}"
    described = f"port {port.name} ({port.id})" if port.name else f"port {port.id}"
    if not port.device_id or not (port.device_owner or "").startswith(_COMPUTE_OWNER):
        return described
    server = await project.client.find(
        Call(doing="looking for a server", service="compute", method="GET", path=f"/servers/{port.device_id}"),
        "server",
        Server,
    )
    return f"{described} of server {server.name if server else port.device_id}"
