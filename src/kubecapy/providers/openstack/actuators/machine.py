"""Carry out the contract's verbs for machines: ports first, then a server on them."""

from collections.abc import Sequence
from typing import Final

from kubecapy.contract.actuators import Deletion, Instance, MachineRequest, Reservation
from kubecapy.contract.errors import Conflict, NotFound, NotReady
from kubecapy.providers.openstack.actuators.deletion import delete_machine
from kubecapy.providers.openstack.actuators.observations import instance_of, record_reservation, reservation_of
from kubecapy.providers.openstack.actuators.scope import (
    MachineScope,
    find_server_finder,
    owner_of,
    read_scope,
)
from kubecapy.providers.openstack.actuators.wishes import MachineWish, resolve_wish
from kubecapy.providers.openstack.api.specs import find_credentials
from kubecapy.providers.openstack.api.status import MachineProviderStatus, read_machine_status
from kubecapy.providers.openstack.services.floating_addresses import check_floating_address, ensure_floating_address
from kubecapy.providers.openstack.services.ports import ensure_ports, find_ports
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.projects import Projects
from kubecapy.providers.openstack.services.resources import FloatingAddress, Port, Server
from kubecapy.providers.openstack.services.servers import (
    ServerFinder,
    ServerWish,
    create_server,
    find_server,
    read_console,
    state_of,
)
from kubecapy.telemetry.secrets import Secret

LOOK_AGAIN_SECONDS: Final = 1.0


class OpenStackMachineActuator:
    """Makes machines; see `kubecapy.contract.actuators.MachineActuator` for what each verb promises."""

    def __init__(self, projects: Projects) -> None:
        """Act in the projects that the machines' credentials mean."""
        self._projects = projects

    async def ensure_reservation(self, request: MachineRequest) -> Reservation:
        """Find or make the ports and lead the floating address to the first one.

        Once there is a server, only the address is repaired: ports are not made under it, what the spec names may be
        gone by then, and lists may be older, so that machines at rest cost next to nothing.
        """
        scope = read_scope(request)
        project = await self._project_of(request)
        age = project.freshness.resting
        server = await find_server(project, scope.finder, age)
        if server is None:
            age = project.freshness.changing
            ports = await _ensure_ports(project, scope)
        else:
            ports = await _ports_of_server(project, scope, age)
        floating = await _ensure_floating_address(project, scope, ports, age)
        record = record_reservation(scope.record, scope.owner, ports, floating)
        return reservation_of(scope.owner, record, scope.spec.user_data_secret)

    async def ensure_instance(self, request: MachineRequest, bootstrap_data: Secret[bytes]) -> Instance:
        """Find or make the server on the reserved ports."""
        scope = read_scope(request)
        project = await self._project_of(request)
        server = await find_server(project, scope.finder, project.freshness.changing)
        if server is None:
            server = await _create_server(project, scope, bootstrap_data)
        return instance_of(server, await _complete_record(project, scope))

    async def observe_instance(self, request: MachineRequest) -> Instance | None:
        """Look at the server in the shared list."""
        project = await self._project_of(request)
        server = await _observe_server(project, find_server_finder(request, owner_of(request)))
        return instance_of(server, _record_of(request)) if server else None

    async def delete(self, request: MachineRequest) -> Deletion:
        """Remove the server, then the ports."""
        project = await self._project_of(request)
        return await delete_machine(project, find_server_finder(request, owner_of(request)), _record_of(request))

    async def read_console(self, request: MachineRequest, lines: int) -> str:
        """Return the end of the server's serial console; empty where there is no server or it shows nothing yet."""
        owner = owner_of(request)
        project = await self._project_of(request)
        server = await _observe_server(project, find_server_finder(request, owner))
        if server is None:
            return ""
        try:
            return await read_console(project, owner, server, lines)
        except (NotFound, Conflict):
            return ""  # Nova refuses while the server has no console yet, with one or the other by its release.

    async def _project_of(self, request: MachineRequest) -> Project:
        metadata = request.machine.metadata
        return await self._projects.find(find_credentials(request.machine.spec.provider_spec.value), metadata.namespace)


def _record_of(request: MachineRequest) -> MachineProviderStatus:
    return read_machine_status(request.machine.status.provider_status)


async def _ensure_ports(project: Project, scope: MachineScope) -> Sequence[Port]:
    """Make the ports, once all that could fail by a wrong name was looked up."""
    wish = await resolve_wish(project, scope)
    if scope.spec.floating_ip:
        found = await find_ports(project, scope.owner, project.freshness.changing)
        await check_floating_address(project, scope.owner, scope.spec.floating_ip, found)
    return await ensure_ports(project, scope.owner, wish.ports)


async def _ports_of_server(project: Project, scope: MachineScope, max_age_seconds: float) -> Sequence[Port]:
    ports = await find_ports(project, scope.owner, max_age_seconds)
    if not ports:
        raise Conflict(f"the ports of {scope.owner} are gone though its server is there; replace the machine")
    return ports


async def _ensure_floating_address(
    project: Project, scope: MachineScope, ports: Sequence[Port], max_age_seconds: float
) -> FloatingAddress | None:
    address = scope.spec.floating_ip
    if not address:
        return None
    return await ensure_floating_address(project, scope.owner, address, ports[0], max_age_seconds)


async def _create_server(project: Project, scope: MachineScope, user_data: Secret[bytes]) -> Server:
    wish = await resolve_wish(project, scope)
    spec = scope.spec
    server_wish = ServerWish(
        image_id=wish.image_id,
        flavor_id=wish.flavor_id,
        port_ids=await _reserved_port_ids(project, scope, wish),
        user_data=user_data,
        key_name=spec.key_name,
        availability_zone=spec.availability_zone,
        tags=scope.tags,
        metadata=spec.server_metadata,
        config_drive=spec.config_drive,
    )
    return await create_server(project, scope.owner, server_wish, with_tags=scope.with_server_tags)


async def _reserved_port_ids(project: Project, scope: MachineScope, wish: MachineWish) -> tuple[str, ...]:
    ports = await find_ports(project, scope.owner, project.freshness.changing)
    found = {port.name: port.id for port in ports}
    missing = [port.name for port in wish.ports if port.name not in found]
    if missing:
        message = f"port {missing[0]} of {scope.owner} is not there yet, or no more"
        raise NotReady(message, retry_after_seconds=LOOK_AGAIN_SECONDS)
    return tuple(found[port.name] for port in wish.ports)


async def _complete_record(project: Project, scope: MachineScope) -> MachineProviderStatus:
    """Return the record, filled in where the reservation was never stored."""
    if scope.record.ports:
        return scope.record
    age = project.freshness.changing
    ports = await find_ports(project, scope.owner, age)
    floating = await _ensure_floating_address(project, scope, ports, age) if ports else None
    return record_reservation(scope.record, scope.owner, ports, floating)


async def _observe_server(project: Project, finder: ServerFinder) -> Server | None:
    """Return the server: a running one as the shared list has it, any other as it is now."""
    freshness = project.freshness
    server = await find_server(project, finder, freshness.resting)
    if server is not None and state_of(server) == "Running":
        return server
    return await find_server(project, finder, freshness.changing)
