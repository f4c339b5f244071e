"""Ask the cloud, without changing anything, whether it has what one machine's spec names, and add up what it takes."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from kubecapy.contract.errors import CapacityExhausted, Conflict, InvalidConfiguration, NotFound
from kubecapy.providers.openstack.actuators.wishes import find_boot_image, resolve_volumes
from kubecapy.providers.openstack.api.machine_spec import MachineProviderSpec
from kubecapy.providers.openstack.api.ports_spec import PortOptions
from kubecapy.providers.openstack.naming import Owner
from kubecapy.providers.openstack.services.flavors import find_flavor
from kubecapy.providers.openstack.services.floating_addresses import check_floating_address
from kubecapy.providers.openstack.services.key_pairs import check_key_pair
from kubecapy.providers.openstack.services.marks import list_marked_ports
from kubecapy.providers.openstack.services.networks import (
    find_attachments,
    find_fixed,
    find_network,
    find_own_network,
)
from kubecapy.providers.openstack.services.placement import check_zone, find_server_group
from kubecapy.providers.openstack.services.port_wishes import port_names
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.quotas import Need
from kubecapy.providers.openstack.services.resources import Flavor
from kubecapy.providers.openstack.services.security_groups import find_security_groups
from kubecapy.providers.openstack.services.trunks import check_trunks


class Candidate(msgspec.Struct, frozen=True):
    """A machine that is to be made."""

    owner: Owner
    spec: MachineProviderSpec
    has_managed_network: bool = False
    """Whether its cluster gives it a network where it names none."""


class Size:
    """Adds up what all candidates of a project take."""

    def __init__(self, shared: Need) -> None:
        """Begin with what the cluster itself takes in the project."""
        self._shared = shared
        self.flavors: list[Flavor] = []
        self.ports = 0
        self.floating_addresses = 0
        self.volumes = 0
        self.gigabytes = 0

    @property
    def needs(self) -> Need:
        """All of it."""
        return msgspec.structs.replace(
            self._shared,
            servers=len(self.flavors),
            cores=sum(flavor.vcpus for flavor in self.flavors),
            memory_mib=sum(flavor.ram for flavor in self.flavors),
            ports=self._shared.ports + self.ports,
            floating_addresses=self.floating_addresses,
            volumes=self.volumes,
            gigabytes=self.gigabytes,
        )


Check = Callable[[], Awaitable[object]]


async def check_candidate(project: Project, candidate: Candidate, size: Size) -> Sequence[str]:
    """Return what of the candidate's wishes is not there; what it takes is added to `size`."""
    sentences = await sentences_of(_checks(project, candidate, size))
    return [f"{candidate.owner}: {sentence}" for sentence in sentences]


async def sentences_of(checks: Sequence[Check]) -> Sequence[str]:
    """Return what the checks found missing or wrong, one sentence each."""
    found = [await _sentence_of(check) for check in checks]
    return [sentence for sentence in found if sentence]


def _checks(project: Project, candidate: Candidate, size: Size) -> Sequence[Check]:
    spec, owner = candidate.spec, candidate.owner
    size.ports += len(port_names(owner, spec))
    groups = (spec.security_groups, *(port.security_groups for port in spec.ports if port.security_groups))

    async def note_flavor() -> None:
        size.flavors.append(await find_flavor(project, spec.flavor))

    async def check_trunk() -> None:
        if spec.trunk or any(port.trunk for port in spec.ports):
            await check_trunks(project)

    return (
        note_flavor,
        lambda: find_boot_image(project, spec),
        lambda: check_key_pair(project, spec.key_name),
        lambda: check_zone(project, spec.availability_zone),
        lambda: find_server_group(project, spec.server_group),
        lambda: _check_networks(project, candidate),
        *((lambda port=port: _check_port(project, port)) for port in spec.ports),
        *((lambda chosen=chosen: find_security_groups(project, chosen)) for chosen in groups),
        check_trunk,
        lambda: _check_address(project, owner, spec.floating_ip),
        lambda: _check_pool(project, spec, size),
        lambda: _check_volumes(project, spec, size),
    )


async def _sentence_of(check: Check) -> str:
    try:
        await check()
    except (NotFound, Conflict, InvalidConfiguration, CapacityExhausted) as error:
        return str(error)
    return ""


async def _check_networks(project: Project, candidate: Candidate) -> None:
    spec = candidate.spec
    await find_attachments(project, spec.networks)
    names_none = not (spec.networks or spec.ports) or any(port.network is None for port in spec.ports)
    if names_none and not candidate.has_managed_network:
        await find_own_network(project)


async def _check_port(project: Project, port: PortOptions) -> None:
    if port.network is not None:
        network = await find_network(project, port.network)
        await find_fixed(project, network.id, port.fixed_ips)


async def _check_address(project: Project, owner: Owner, address: str) -> None:
    """Check a floating address; one that leads to a machine of this very cluster is its own."""
    if not address:
        return
    ports = await list_marked_ports(project, owner.mark) if owner.mark else ()
    await check_floating_address(project, owner, address, tuple(ports))


async def _check_pool(project: Project, spec: MachineProviderSpec, size: Size) -> None:
    if spec.floating_ip_pool is not None:
        size.floating_addresses += 1
        await find_network(project, spec.floating_ip_pool, is_external=True)


async def _check_volumes(project: Project, spec: MachineProviderSpec, size: Size) -> None:
    for order in await resolve_volumes(project, spec, ""):
        size.volumes += 1
        size.gigabytes += order.size_gib
