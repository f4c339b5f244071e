"""Make and delete servers with nothing but openstacksdk: the floor that `benchmarks.openstack` compares with.

Run as a process of its own: `python -m benchmarks.openstack_bare CLOUDS_YAML COUNT`. It takes one word a line on its
standard input, `create` or `delete`, and answers each with the seconds that it took. A port and a server are made on
one of 10 threads, as fast clients do; one list a second tells about all of them.
"""

import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from openstack.config import OpenStackConfig
from openstack.connection import Connection

from benchmarks.openstack_worker import FLAVOR, IMAGE, NETWORK, USER_DATA_BASE64

T = TypeVar("T")
THREADS = 10
POLL_SECONDS = 1.0


class BareClient:
    """Makes a batch of servers, and deletes it."""

    def __init__(self, connection: Connection, count: int) -> None:
        """Work through `connection`, on `count` servers at a time."""
        self._cloud = connection
        self._names = [f"bare-{number}" for number in range(count)]
        self._ports: list[str] = []
        self._servers: list[str] = []

    def create(self) -> None:
        """Make all servers and wait until they are ACTIVE."""
        cloud = self._cloud
        flavor = cloud.compute.find_flavor(FLAVOR, ignore_missing=False).id
        image = cloud.image.find_image(IMAGE, ignore_missing=False).id
        network = cloud.network.find_network(NETWORK, ignore_missing=False).id

        def make(name: str) -> tuple[str, str]:
            port = cloud.network.create_port(network_id=network, name=name).id
            body = {"name": name, "flavor_id": flavor, "image_id": image, "networks": [{"port": port}]}
            return port, cloud.compute.create_server(**body, user_data=USER_DATA_BASE64).id

        made = _in_parallel(make, self._names)
        self._ports, self._servers = [port for port, _ in made], [server for _, server in made]
        self._wait(lambda statuses: all(statuses.get(server) == "ACTIVE" for server in self._servers))

    def delete(self) -> None:
        """Delete all servers, wait until they are gone, and delete their ports."""
        _in_parallel(self._cloud.compute.delete_server, self._servers)
        self._wait(lambda statuses: not any(server in statuses for server in self._servers))
        _in_parallel(self._cloud.network.delete_port, self._ports)

    def _wait(self, is_done: Callable[[dict[str, str]], bool]) -> None:
        while not is_done({server.id: server.status for server in self._cloud.compute.servers(details=True)}):
            time.sleep(POLL_SECONDS)


def main(clouds_yaml: str, count: int) -> None:
    """Answer the words on the standard input until it ends."""
    config = OpenStackConfig(config_files=[clouds_yaml], load_envvars=False)
    client = BareClient(Connection(config=config.get_one("openstack")), count)
    verbs = {"create": client.create, "delete": client.delete}
    for line in sys.stdin:
        began = time.monotonic()
        verbs[line.strip()]()
        print(time.monotonic() - began, flush=True)


def _in_parallel(act: Callable[[str], T], items: Sequence[str]) -> list[T]:
    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(act, items))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
