"""Give the two clouds that the suite holds against each other one face."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import openstack
from openstack.config import OpenStackConfig
from openstack.connection import Connection
from tests.devcloud.running_cloud import running_cloud

DEVCLOUD: Final = "devcloud"
OPENSTACK: Final = "openstack"

MEMBER_CLOUD: Final = "openstack"
ADMIN_CLOUD: Final = "admin"


@dataclass(frozen=True)
class Site:
    """A running cloud of either kind, with the article's flavors, images and networks by name."""

    name: str
    """`DEVCLOUD` or `OPENSTACK`; for messages, nothing else."""
    clouds_yaml: Path
    """Has the entries `openstack`, a member of one project, and `admin`."""

    def connect(self, cloud: str = MEMBER_CLOUD) -> Connection:
        """Return the SDK's own connection: eyes that owe nothing to the provider."""
        openstack.enable_logging(debug=False)
        config = OpenStackConfig(config_files=[str(self.clouds_yaml)], load_envvars=False)
        return Connection(config=config.get_one(cloud))


@contextmanager
def run_devcloud(state_dir: Path) -> Iterator[Site]:
    """Run a simulated cloud in a thread."""
    with running_cloud(state_dir) as server:
        yield Site(DEVCLOUD, server.clouds_yaml_path)
