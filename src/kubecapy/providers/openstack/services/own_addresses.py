"""Allocate, find and release the floating address that a machine has from a pool.

It is allocated together with its port, by one request that also sets the machine's marks in its description: a reply
that is lost leaves an address that is found again. It goes with the machine; an address that a person gave bears no
mark and stays.
"""

from collections.abc import Sequence
from typing import Any

from kubecapy.contract.errors import ProviderError, Unavailable
from kubecapy.providers.openstack.api.selectors import NetworkReference
from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.naming import Owner
from kubecapy.providers.openstack.services.floating_addresses import associate, association, told_apart
from kubecapy.providers.openstack.services.networks import find_network
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.quotas import Need, telling_what_is_left
from kubecapy.providers.openstack.services.resources import FloatingAddress, Port
from kubecapy.telemetry.logs import V, get_logger

_LOG = get_logger(__name__)


async def ensure_own_address(
    project: Project, owner: Owner, pool: NetworkReference, port: Port, max_age_seconds: float
) -> FloatingAddress:
    """Find or allocate the machine's own address, and lead it to `port`.

    Raises:
        NotFound: there is no such pool, or no router joins it and the port's network.
        CapacityExhausted: the quota or the pool is used up.
    """
    for age in (max_age_seconds, project.freshness.changing):
        found = await find_own_addresses(project, owner, age)
        if found:
            # A second one is of a reply that was lost twice; it is released with the machine.
            chosen = next((address for address in found if address.port_id == port.id), found[0])
            return chosen if chosen.port_id == port.id else await associate(project, owner, chosen, port)
    return await _allocate(project, owner, pool, port)


async def find_own_addresses(project: Project, owner: Owner, max_age_seconds: float) -> tuple[FloatingAddress, ...]:
    """Return the addresses that were allocated for the machine, sorted by id."""
    listed = (await project.floating_addresses.read(max_age_seconds)).values()
    own = [address for address in listed if owner.owns(address.description)]
    return tuple(sorted(own, key=lambda address: address.id))


async def list_marked_addresses(project: Project, mark: str) -> Sequence[FloatingAddress]:
    """Return the addresses whose description begins with a cluster's mark."""
    listed = (await project.floating_addresses.read(project.freshness.changing)).values()
    return [address for address in listed if (address.description or "").startswith(mark)]


async def release_address(project: Project, owner: Owner, address: FloatingAddress) -> None:
    """Release an address of the machine's own; absent is success."""
    text = address.floating_ip_address
    _LOG.log(V(2), "releasing floating address %s (%s) of %s", text, address.id, owner)
    doing = f"releasing floating address {text} of {owner}"
    call = Call(doing=doing, service="network", method="DELETE", path=f"/floatingips/{address.id}")
    await project.client.delete(call)
    project.floating_addresses.note_deleted(address.id)


async def _allocate(project: Project, owner: Owner, pool: NetworkReference, port: Port) -> FloatingAddress:
    network = await find_network(project, pool, is_external=True)
    _LOG.log(V(2), "allocating a floating address of %s for port %s of %s", network.name, port.name, owner)
    body: dict[str, Any] = {
        "floating_network_id": network.id,
        "description": owner.own_description,
        **association(port),
    }
    doing = f"allocating a floating address of network {network.name or network.id} for {owner}"
    call = Call(doing=doing, service="network", method="POST", path="/floatingips")
    try:
        async with telling_what_is_left(project, Need(floating_addresses=1)):
            made = await project.client.write(call, {"floatingip": body}, "floatingip", FloatingAddress)
    except ProviderError as error:
        if isinstance(error, Unavailable):
            project.floating_addresses.invalidate()  # It may be allocated all the same.
        else:
            project.forget_references()
        raise told_apart(error, f"of network {network.name or network.id}", port, owner) from error
    project.floating_addresses.note_made(made)
    return made
