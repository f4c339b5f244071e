"""Make one server with a floating address on a new cloud, and delete it again."""

import uuid
from collections.abc import Callable
from pathlib import Path

from kubecapy.devcloud import seed
from openstack_services.connections import MEMBER_CLOUD, connect

_WAIT_SECONDS = 120
_LOOK_SECONDS = 0.2


def try_server(clouds_yaml: Path, tell: Callable[[str], None]) -> None:
    """Do so as the project's member; each step goes to `tell`.

    Raises:
        openstack.exceptions.SDKException: the cloud refused, or the server did not become ACTIVE.
    """
    with connect(clouds_yaml, MEMBER_CLOUD) as cloud:
        network, external = (cloud.network.find_network(name, ignore_missing=False) for name in ("private", "public"))
        port = cloud.network.create_port(network_id=network.id, name=f"trial-{uuid.uuid4().hex[:8]}")
        address = cloud.network.create_ip(floating_network_id=external.id, port_id=port.id)
        server = cloud.compute.create_server(
            name=port.name,
            flavor_id=seed.FLAVORS[0].id,
            image_id=next(iter(seed.IMAGE_NAMES)),
            networks=[{"port": port.id}],
        )
        try:
            cloud.compute.wait_for_server(server, interval=_LOOK_SECONDS, wait=_WAIT_SECONDS)
            tell(f"a server is ACTIVE at {address.floating_ip_address}")
        finally:
            cloud.compute.delete_server(server)
            cloud.compute.wait_for_delete(server, interval=_LOOK_SECONDS, wait=_WAIT_SECONDS)
            cloud.network.delete_ip(address)
            cloud.network.delete_port(port)
        tell("it is deleted")
