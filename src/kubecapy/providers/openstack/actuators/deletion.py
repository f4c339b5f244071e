"""Remove what was made for a machine, and only that.

    server there  -> ask Nova to delete it, look again
    server gone   -> delete the ports that bear our mark
    nothing left  -> gone

Order: ports come last. Nova sets the ports it was given free when the server goes; deleting them under a running
server would cut a host off that may still do work. Ports and addresses that a person attached bear no mark: Nova
detaches them with the server, and they stay. A floating address that was given to the machine is set free by Neutron
with its port, and stays allocated.
"""

from typing import Final

from kubecapy.contract.actuators import Deletion
from kubecapy.providers.openstack.api.status import MachineProviderStatus
from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.naming import Owner
from kubecapy.providers.openstack.services.ports import delete_port, find_ports
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import Port
from kubecapy.providers.openstack.services.servers import ServerFinder, delete_server, find_servers

LOOK_AGAIN_SECONDS: Final = 2.0


async def delete_machine(project: Project, finder: ServerFinder, record: MachineProviderStatus) -> Deletion:
    """Bring the removal one step closer.

    Raises:
        Conflict: a recorded server is there but does not bear our mark.
    """
    owner = finder.owner
    servers = await find_servers(project, finder, project.freshness.changing)
    for server in servers:
        await delete_server(project, owner, server)
    if servers:
        names = ", ".join(f"server {server.name} ({server.id})" for server in servers)
        return Deletion(gone=False, waiting_for=names, retry_after_seconds=LOOK_AGAIN_SECONDS)
    for port in await _ports_left(project, owner, record):
        await delete_port(project, owner, port)
    return Deletion(gone=True)


async def _ports_left(project: Project, owner: Owner, record: MachineProviderStatus) -> tuple[Port, ...]:
    """Return the ports that bear the mark: those of the list, and recorded ones that a lagging list lacks."""
    ports = {port.id: port for port in await find_ports(project, owner, project.freshness.changing)}
    for recorded in record.ports:
        if recorded.id in ports:
            continue
        call = Call(doing="looking for a port", service="network", method="GET", path=f"/ports/{recorded.id}")
        port = await project.client.find(call, "port", Port)
        if port is not None and owner.owns_port(port.name, port.description):
            ports[port.id] = port
    return tuple(ports.values())
