"""Describe what Nova keeps: flavors, key pairs, servers."""

from datetime import datetime

import msgspec


class Flavor(msgspec.Struct, frozen=True):
    """A size of servers."""

    id: str
    name: str
    vcpus: int
    ram_mib: int
    disk_gib: int


class KeyPair(msgspec.Struct, frozen=True):
    """A public key of one user, named once per user; Nova keeps no private key."""

    name: str
    user_id: str
    public_key: str
    fingerprint: str
    created_at: datetime
    type: str = "ssh"


class ServerFault(msgspec.Struct, frozen=True):
    """Why a server is in ERROR, as its owner reads it."""

    code: int
    message: str
    created_at: datetime


class Server(msgspec.Struct, frozen=True):
    """A virtual machine; `status` and `task_state` are Nova's own words.

    The states and what leads from one to the next (`lifecycle` says when):

        BUILD -> ACTIVE | ERROR;  ACTIVE <-> SHUTOFF;  ACTIVE -> REBOOT -> ACTIVE;  any -> removed
    """

    id: str
    name: str
    project_id: str
    user_id: str
    flavor: Flavor
    image_id: str | None
    availability_zone: str
    created_at: datetime
    updated_at: datetime
    reservation_id: str
    host: str = ""
    status: str = "BUILD"
    task_state: str | None = "scheduling"
    key_name: str | None = None
    description: str | None = None
    user_data: str | None = None
    config_drive: bool = False
    metadata: dict[str, str] = {}
    tags: tuple[str, ...] = ()
    own_port_ids: tuple[str, ...] = ()
    launched_at: datetime | None = None
    terminated_at: datetime | None = None
    fault: ServerFault | None = None

    @property
    def vm_state(self) -> str:
        """The state behind `status` as administrators read it."""
        return {
            "BUILD": "building",
            "ERROR": "error",
            "SHUTOFF": "stopped",
            "DELETED": "deleted",
        }.get(self.status, "active")

    @property
    def power_state(self) -> int:
        """Nova's number for the hypervisor's view: 1 running, 4 shut down, 0 none."""
        return {"ACTIVE": 1, "REBOOT": 1, "SHUTOFF": 4}.get(self.status, 0)

    @property
    def is_deleting(self) -> bool:
        """Whether a delete was accepted and has not ended."""
        return self.task_state == "deleting"
