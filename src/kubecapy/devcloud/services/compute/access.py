"""Find a server that the caller may see."""

from kubecapy.devcloud.endpoints import Call
from kubecapy.devcloud.refusals import not_found
from kubecapy.devcloud.world.compute import Server
from kubecapy.devcloud.world.servers import get_server
from kubecapy.devcloud.world.world import World


def find_own_server(world: World, call: Call) -> Server:
    """Return the server that the path names.

    Raises:
        Refusal: 404, there is none, or it is another project's.
    """
    server = get_server(world, call.parameters["server_id"])
    if not call.credentials.owns(server.project_id):
        raise not_found(f"Instance {server.id} could not be found.")
    return server
