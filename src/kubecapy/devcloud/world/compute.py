"""Describe what Nova keeps: flavors, key pairs, servers and their groups."""

from datetime import datetime
from typing import Any

import msgspec

from kubecapy.devcloud.world.volume import Device


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


class ServerGroup(msgspec.Struct, frozen=True):
    """A rule on how its members share hosts; a server names its group, so members need no list here.

    Attributes:
        policy: `affinity`, `anti-affinity`, `soft-affinity` or `soft-anti-affinity`.
        max_per_host: Of anti-affinity only: how many members one host may carry; `None` is the usual one.
    """

    id: str
    name: str
    project_id: str
    user_id: str
    policy: str
    max_per_host: int | None = None


class ServerFault(msgspec.Struct, frozen=True):
    """Why a server is in ERROR, as its owner reads it."""

    code: int
    message: str
    created_at: datetime


class Server(msgspec.Struct, frozen=True):
    """A virtual machine; `status` and `task_state` are Nova's own words.

    The states and what leads from one to the next (`lifecycle` says when):

        BUILD -> ACTIVE | ERROR;  ACTIVE <-> SHUTOFF;  ACTIVE -> REBOOT -> ACTIVE;  any -> removed
        launched -> SOFT_DELETED -> removed, where the cloud reclaims later

    Attributes:
        availability_zone: Zone of its host; empty while it has none.
        pinned_zone: Zone that its owner asked for.
        group_id: Its server group, which may be gone.
        hints: Scheduler hints as they came.
        launch_index: Number among the servers of one call, from 0.
        image_id: The image on its own root disk; `None` where it boots from a volume.
        own_port_ids: Ports that Nova made for it.
        devices: Its volumes.
    """

    id: str
    name: str
    hostname: str
    project_id: str
    user_id: str
    flavor: Flavor
    image_id: str | None
    created_at: datetime
    updated_at: datetime
    reservation_id: str
    host: str = ""
    availability_zone: str = ""
    pinned_zone: str | None = None
    group_id: str | None = None
    hints: dict[str, Any] = {}  # Any: Nova keeps hints that it does not know as they came
    launch_index: int = 0
    status: str = "BUILD"
    task_state: str | None = "scheduling"
    key_name: str | None = None
    description: str | None = None
    user_data: str | None = None
    config_drive: bool = False
    metadata: dict[str, str] = {}
    tags: tuple[str, ...] = ()
    own_port_ids: tuple[str, ...] = ()
    devices: tuple[Device, ...] = ()
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
            "SOFT_DELETED": "soft-delete",
            "DELETED": "deleted",
        }.get(self.status, "active")

    @property
    def power_state(self) -> int:
        """Nova's number for the hypervisor's view: 1 running, 4 shut down, 0 none."""
        return {"ACTIVE": 1, "REBOOT": 1, "SHUTOFF": 4, "SOFT_DELETED": 4}.get(self.status, 0)

    @property
    def disk_gib(self) -> int:
        """What it takes of its host's disk."""
        return 0 if self.image_id is None else self.flavor.disk_gib

    @property
    def is_deleting(self) -> bool:
        """Whether a delete was accepted and has not ended."""
        return self.task_state in {"deleting", "soft-deleting"}
