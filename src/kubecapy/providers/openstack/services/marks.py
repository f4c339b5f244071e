"""List everything in a project that bears a cluster's mark."""

from collections.abc import Sequence

from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.naming import METADATA_CLUSTER, cluster_mark, port_description
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import Port, Server


async def list_marked_servers(project: Project, namespace: str, cluster: str) -> Sequence[Server]:
    """Return the servers whose metadata has the mark, in a list of their own: tags may have been switched off."""
    call = Call(doing="listing servers", service="compute", method="GET", path="/servers/detail")
    servers = await project.client.list(call, "servers", Server)
    mark = cluster_mark(namespace, cluster)
    return [server for server in servers if server.metadata.get(METADATA_CLUSTER) == mark]


async def list_marked_ports(project: Project, namespace: str, cluster: str) -> Sequence[Port]:
    """Return the ports whose description has the mark."""
    listing = project.ports(port_description(namespace, cluster))
    return tuple((await listing.read(project.freshness.changing)).values())
