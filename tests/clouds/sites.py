"""Give the two clouds that the suite holds against each other one face."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import openstack
import requests
from openstack.config import OpenStackConfig
from openstack.connection import Connection
from openstack_services.instance import Instance
from tests.devcloud.running_cloud import running_cloud

DEVCLOUD: Final = "devcloud"
OPENSTACK: Final = "openstack"

MEMBER_CLOUD: Final = "openstack"
ADMIN_CLOUD: Final = "admin"
LOOK_SECONDS: Final = 0.2


@dataclass(frozen=True)
class Site:
    """A running cloud of either kind, with the article's flavors, images and networks by name."""

    name: str
    """`DEVCLOUD` or `OPENSTACK`; for messages, nothing else."""
    clouds_yaml: Path
    """Has the entries `openstack`, a member of one project, and `admin`."""
    consoles: Path
    """Folder of `<server id>.log`: what servers show as their consoles."""
    fail_server: Callable[[str, str], None]
    """Puts the server of an id, which runs, into ERROR with the given words as its fault."""

    def connect(self, cloud: str = MEMBER_CLOUD) -> Connection:
        """Return the SDK's own connection: eyes that owe nothing to the provider."""
        return connect(self.clouds_yaml, cloud)


def connect(clouds_yaml: Path, cloud: str) -> Connection:
    """Return the SDK's own connection to an entry of the file."""
    openstack.enable_logging(debug=False)
    config = OpenStackConfig(config_files=[str(clouds_yaml)], load_envvars=False)
    return Connection(config=config.get_one(cloud))


@contextmanager
def run_devcloud(state_dir: Path) -> Iterator[Site]:
    """Run a simulated cloud in a thread."""
    with running_cloud(state_dir) as server:
        access = json.loads(server.control_token_path.read_text())

        def fail_server(server_id: str, words: str) -> None:
            url = f"{access['url']}/world/servers/{server_id}/error"
            headers = {"Authorization": f"Bearer {access['token']}"}
            requests.post(url, json={"message": words}, headers=headers, timeout=10).raise_for_status()

        yield Site(DEVCLOUD, server.clouds_yaml_path, server.console_dir, fail_server)


def openstack_site(instance: Instance) -> Site:
    """Return real services, which run already."""

    def fail_server(server_id: str, words: str) -> None:
        with connect(instance.clouds_yaml, MEMBER_CLOUD) as member:
            server = member.compute.get_server(server_id)
            member.compute.set_server_metadata(server, sim_crash=words)
            member.compute.reboot_server(server, "HARD")
            member.compute.wait_for_server(server, status="ERROR", failures=[], interval=LOOK_SECONDS)

    return Site(OPENSTACK, instance.clouds_yaml, instance.consoles, fail_server)
