"""List everything in a project that bears a cluster's mark."""

from collections.abc import Sequence

from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.naming import METADATA_CLUSTER
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import Port, Server


async def list_marked_servers(project: Project, mark: str) -> Sequence[Server]:
    """Return the servers whose metadata has the mark, in a list of their own: tags may have been switched off."""
    call = Call(doing="listing servers", service="compute", method="GET", path="/servers/detail")
    servers = await project.client.list(call, "servers", Server)
    return [server for server in servers if server.metadata.get(METADATA_CLUSTER) == mark]


async def list_marked_ports(project: Project, mark: str) -> Sequence[Port]:
    """Return the ports whose description begins with the mark, in a list of all that the project has."""
    listed = (await project.ports("").read(project.freshness.changing)).values()
    return [port for port in listed if (port.description or "").startswith(mark)]
