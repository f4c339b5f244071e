"""Write the files that clients of the cloud need, readable by their owner alone."""

import os
from pathlib import Path

import msgspec
import yaml

from kubecapy.devcloud import seed
from kubecapy.devcloud.certificates import ServerIdentity
from kubecapy.telemetry.secrets import Secret

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


class StateFolder:
    """The folder of one cloud: `clouds.yaml`, `ca.pem`, `control.json`, and the server's certificate and key."""

    def __init__(self, path: Path) -> None:
        """Use the folder at `path`; `prepare` makes it."""
        self.path = path.absolute()
        self.clouds_yaml = self.path / "clouds.yaml"
        self.authority = self.path / "ca.pem"
        self.certificate = self.path / "server.pem"
        self.key = self.path / "server.key"
        self.control = self.path / "control.json"

    def prepare(self) -> None:
        """Make the folder, closed to others.

        Raises:
            OSError: it cannot be made.
        """
        self.path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        self.path.chmod(PRIVATE_FOLDER)

    def write_identity(self, identity: ServerIdentity) -> None:
        """Write `ca.pem` for clients, `server.pem` and `server.key` for the listener."""
        write_private(self.authority, identity.authority)
        write_private(self.certificate, identity.certificate)
        write_private(self.key, identity.key.reveal())

    def write_clouds(self, base_url: str, region: str, access: seed.Access) -> None:
        """Write `clouds.yaml` with the clouds `openstack` (the project's member) and `admin`."""
        common = {
            "region_name": region,
            "interface": "public",
            "identity_api_version": 3,
            "verify": True,
            "cacert": str(self.authority),
        }
        auth_url = f"{base_url}/identity/v3"
        member = _auth(auth_url, seed.MEMBER_USER_NAME, access.member, seed.PROJECT.id, seed.MEMBER_DOMAIN.name)
        admin = _auth(auth_url, seed.ADMIN_USER_NAME, access.admin, seed.ADMIN_PROJECT.id, seed.DEFAULT_DOMAIN.name)
        document = {"clouds": {"openstack": {"auth": member, **common}, "admin": {"auth": admin, **common}}}
        write_private(self.clouds_yaml, yaml.safe_dump(document, sort_keys=False))

    def write_control(self, url: str, token: Secret[str]) -> None:
        """Write `control.json` with the control endpoint's `url` and `token`."""
        write_private(self.control, msgspec.json.encode({"url": url, "token": token.reveal()}).decode())


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path` with mode 0600; a reader sees the old file or the new one, never half of it."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


def _auth(auth_url: str, username: str, password: Secret[str], project_id: str, domain: str) -> dict[str, str]:
    return {
        "auth_url": auth_url,
        "username": username,
        "password": password.reveal(),
        "project_id": project_id,
        "user_domain_name": domain,
    }
