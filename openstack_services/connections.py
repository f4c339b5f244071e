"""Reach a cloud of this machine with the SDK, whatever the environment says of clouds and proxies."""

from pathlib import Path

from openstack.config import OpenStackConfig
from openstack.connection import Connection

MEMBER_CLOUD, ADMIN_CLOUD = "openstack", "admin"


def connect(clouds_yaml: Path, cloud: str) -> Connection:
    """Return a connection as the user that `cloud` names in a clouds.yaml of ours; close it, or use it as a context."""
    config = OpenStackConfig(config_files=[str(clouds_yaml)], load_envvars=False).get_one(cloud=cloud)
    # No proxy leads to loopback, and one that a person needs for the rest of the world would be asked.
    config.get_session().session.trust_env = False
    return Connection(config=config)
