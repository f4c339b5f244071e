"""Carry out the contract's verbs for machines: what a server needs first, then the server on it."""

import msgspec

from kubecapy.contract.actuators import Deletion, Instance, MachineRequest, Reservation
from kubecapy.contract.errors import Conflict, NotFound
from kubecapy.providers.openstack.actuators.deletion import delete_machine
from kubecapy.providers.openstack.actuators.making import make_server
from kubecapy.providers.openstack.actuators.observations import (
    instance_of,
    record_addresses,
    record_reservation,
    reservation_of,
)
from kubecapy.providers.openstack.actuators.public_keys import read_public_key
from kubecapy.providers.openstack.actuators.reservation import find_reserved_ports, lead_address, make_reservation
from kubecapy.providers.openstack.actuators.scope import (
    MachineScope,
    find_server_finder,
    kinds_to_look_for,
    owner_of,
    read_scope,
    record_of,
    scheduler_hints_of,
)
from kubecapy.providers.openstack.actuators.wishes import resolve_wish
from kubecapy.providers.openstack.api.specs import find_credentials
from kubecapy.providers.openstack.api.status import MachineProviderStatus
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.projects import Projects
from kubecapy.providers.openstack.services.resources import Server
from kubecapy.providers.openstack.services.servers import ServerFinder, find_server, read_console, state_of
from kubecapy.telemetry.secrets import Secret


class OpenStackMachineActuator:
    """Makes machines; see `kubecapy.contract.actuators.MachineActuator` for what each verb promises."""

    def __init__(self, projects: Projects) -> None:
        """Act in the projects that the machines' credentials mean."""
        self._projects = projects

    async def ensure_reservation(self, request: MachineRequest) -> Reservation:
        """Find or make the ports and what belongs to them, an address, volumes and a key pair.

        Once there is a server, only the address is repaired: ports are not made under it, what the spec names may be
        gone by then, and lists may be older, so that machines at rest cost next to nothing.
        """
        scope = await self._scope_of(request)
        project = await self._project_of(request)
        age = project.freshness.resting
        if await find_server(project, scope.finder, age) is None:
            record = await _reserve(project, scope)
        else:
            record = await _repair(project, scope, project.freshness.attached, age)
        return reservation_of(scope.owner, record, scope.spec.user_data_secret)

    async def ensure_instance(self, request: MachineRequest, bootstrap_data: Secret[bytes]) -> Instance:
        """Find or make the server on what is reserved."""
        scope = await self._scope_of(request)
        project = await self._project_of(request)
        server = await find_server(project, scope.finder, project.freshness.changing)
        if server is None:
            wish = await resolve_wish(project, scope)
            server = await make_server(project, scope, wish, bootstrap_data)
        # The reservation may never have been stored.
        record = scope.record if scope.record.ports else await _complete(project, scope)
        return _seen(server, record, request)

    async def observe_instance(self, request: MachineRequest) -> Instance | None:
        """Look at the server in the shared list."""
        project = await self._project_of(request)
        server = await _observe_server(project, find_server_finder(request, owner_of(request)))
        return _seen(server, record_of(request), request) if server else None

    async def delete(self, request: MachineRequest) -> Deletion:
        """Remove the server, then all that was made for it."""
        project = await self._project_of(request)
        finder = find_server_finder(request, owner_of(request))
        return await delete_machine(project, finder, record_of(request), kinds_to_look_for(request))

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

    async def _scope_of(self, request: MachineRequest) -> MachineScope:
        scope = read_scope(request)
        key = await read_public_key(self._projects.secrets, scope.spec, request.machine.metadata.namespace)
        return msgspec.structs.replace(scope, public_key=key)


async def _reserve(project: Project, scope: MachineScope) -> MachineProviderStatus:
    reserved = await make_reservation(project, scope, await resolve_wish(project, scope))
    return record_reservation(scope.record, scope.owner, reserved)


async def _complete(project: Project, scope: MachineScope) -> MachineProviderStatus:
    """Return the record of a server that was made by a pass whose end was never stored."""
    return await _repair(project, scope, project.freshness.changing, project.freshness.changing)


async def _repair(
    project: Project, scope: MachineScope, ports_age_seconds: float, address_age_seconds: float
) -> MachineProviderStatus:
    """Lead the address to the first port again, where someone took it away."""
    ports = await find_reserved_ports(project, scope, ports_age_seconds)
    floating = await lead_address(project, scope, ports, address_age_seconds)
    is_own = scope.spec.floating_ip_pool is not None
    return record_addresses(scope.record, scope.owner, ports, floating, is_own=is_own)


def _seen(server: Server, record: MachineProviderStatus, request: MachineRequest) -> Instance:
    return instance_of(server, record, scheduler_hints_of(request) if state_of(server) == "Failed" else {})


async def _observe_server(project: Project, finder: ServerFinder) -> Server | None:
    """Return the server: a running one as the shared list has it, any other as it is now."""
    freshness = project.freshness
    server = await find_server(project, finder, freshness.resting)
    if server is not None and state_of(server) == "Running":
        return server
    return await find_server(project, finder, freshness.changing)
