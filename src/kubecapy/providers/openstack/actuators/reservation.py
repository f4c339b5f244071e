"""Make what a server needs first: ports, an address, trunks, volumes, a key pair; each is found before it is made."""

from collections.abc import Sequence

import msgspec

from kubecapy.contract.errors import Conflict
from kubecapy.providers.openstack.actuators.scope import MachineScope
from kubecapy.providers.openstack.actuators.wishes import MachineWish
from kubecapy.providers.openstack.services.floating_addresses import check_floating_address, ensure_floating_address
from kubecapy.providers.openstack.services.key_pairs import ensure_key_pair
from kubecapy.providers.openstack.services.own_addresses import ensure_own_address
from kubecapy.providers.openstack.services.port_wishes import port_names
from kubecapy.providers.openstack.services.ports import ensure_ports, find_ports, in_order
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import FloatingAddress, Port, Trunk, Volume
from kubecapy.providers.openstack.services.trunks import ensure_trunks
from kubecapy.providers.openstack.services.volumes import ensure_volumes


class Reserved(msgspec.Struct, frozen=True):
    """What a machine has before its server."""

    ports: tuple[Port, ...]
    """In the order of the spec; the first one has the floating address."""
    floating: FloatingAddress | None = None
    has_own_address: bool = False
    trunks: tuple[Trunk, ...] = ()
    volumes: tuple[Volume, ...] = ()
    key_pair: str = ""


async def make_reservation(project: Project, scope: MachineScope, wish: MachineWish) -> Reserved:
    """Find or make everything that the server needs, once all that could fail by a wrong name was looked up."""
    spec, owner = scope.spec, scope.owner
    age = project.freshness.changing
    if spec.floating_ip:
        found = await find_ports(project, owner, age)
        await check_floating_address(project, owner, spec.floating_ip, found)
    ports = await ensure_ports(project, owner, wish.ports)
    return Reserved(
        ports=ports,
        floating=await lead_address(project, scope, ports, age),
        has_own_address=spec.floating_ip_pool is not None,
        trunks=await ensure_trunks(project, owner, wish.ports, ports),
        volumes=await ensure_volumes(project, owner, wish.volumes),
        key_pair=await ensure_key_pair(project, owner, scope.public_key) if scope.public_key else "",
    )


async def find_reserved_ports(project: Project, scope: MachineScope, max_age_seconds: float) -> tuple[Port, ...]:
    """Return the ports of a machine that has a server, in the order of its spec.

    Raises:
        Conflict: they are gone.
    """
    ports = await find_ports(project, scope.owner, max_age_seconds)
    if not ports:
        raise Conflict(f"the ports of {scope.owner} are gone though its server is there; replace the machine")
    return in_order(ports, port_names(scope.owner, scope.spec))


async def lead_address(
    project: Project, scope: MachineScope, ports: Sequence[Port], max_age_seconds: float
) -> FloatingAddress | None:
    """Lead the given floating address, or one of the machine's own, to the first port; None asks for neither."""
    spec, owner = scope.spec, scope.owner
    if spec.floating_ip:
        return await ensure_floating_address(project, owner, spec.floating_ip, ports[0], max_age_seconds)
    if spec.floating_ip_pool is not None:
        return await ensure_own_address(project, owner, spec.floating_ip_pool, ports[0], max_age_seconds)
    return None
