"""List everything in a project that bears a cluster's mark."""

from collections.abc import Sequence

from kubecapy.contract.provider import Leftover
from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.naming import METADATA_CLUSTER
from kubecapy.providers.openstack.services.key_pairs import list_marked_key_pairs
from kubecapy.providers.openstack.services.kinds import SHARED_KINDS, Kind, T
from kubecapy.providers.openstack.services.own_addresses import list_marked_addresses
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import Port, Server
from kubecapy.providers.openstack.services.trunks import list_marked_trunks
from kubecapy.providers.openstack.services.volumes import has_block_storage, list_marked_volumes


async def find_marked(project: Project, mark: str) -> Sequence[Leftover]:
    """Return all of it, in the words of people; what the cluster was asked to keep is not among it."""
    servers = [server for server in await list_marked_servers(project, mark) if server.status != "DELETED"]
    volumes = await list_marked_volumes(project, mark) if await has_block_storage(project) else ()
    return (
        *(Leftover("server", server.id, server.name) for server in servers),
        *(Leftover("trunk", trunk.id, trunk.name) for trunk in await list_marked_trunks(project, mark)),
        *(Leftover("port", port.id, port.name) for port in await list_marked_ports(project, mark)),
        *(
            Leftover("floating ip", address.id, address.floating_ip_address)
            for address in await list_marked_addresses(project, mark)
        ),
        *(Leftover("volume", volume.id, volume.name or "") for volume in volumes),
        *(Leftover("key pair", pair.id, pair.name) for pair in await list_marked_key_pairs(project, mark)),
        *[leftover for kind in SHARED_KINDS for leftover in await _shared_leftovers(project, kind, mark)],
    )


async def list_marked_servers(project: Project, mark: str) -> Sequence[Server]:
    """Return the servers whose metadata has the mark, in a list of their own: tags may have been switched off."""
    call = Call(doing="listing servers", service="compute", method="GET", path="/servers/detail")
    servers = await project.client.list(call, "servers", Server)
    return [server for server in servers if server.metadata.get(METADATA_CLUSTER) == mark]


async def list_marked_ports(project: Project, mark: str) -> Sequence[Port]:
    """Return the ports whose description begins with the mark, in a list of all that the project has."""
    listed = (await project.ports("").read(project.freshness.changing)).values()
    return [port for port in listed if (port.description or "").startswith(mark)]


async def _shared_leftovers(project: Project, kind: Kind[T], mark: str) -> Sequence[Leftover]:
    listed = (await project.shared(kind).read(project.freshness.changing)).values()
    return [Leftover(kind.noun, item.id, item.name) for item in listed if (item.description or "").startswith(mark)]
