"""Run a simulated cloud whose servers are alive: devcloud, and a guest for each server, in one process group.

Guests alone can be had for another cloud whose hosts start nothing.
"""

import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import msgspec

from kubecapy.clock import Clock
from kubecapy.devcloud.serve import DevCloudServer
from kubecapy.devcloud.settings import DevCloudSettings, Timing
from kubecapy.local.addresses import lease_addresses
from kubecapy.local.guest.servers import Servers, read_access
from kubecapy.local.guest.supervisor import GuestSettings, GuestSupervisor
from kubecapy.local.guest.timing import BootTiming
from kubecapy.local.pods import components_images
from kubecapy.tasks import TaskScope

ADMIN_CLOUD = "admin"
MEMBER_CLOUD = "openstack"


class LocalCloudSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The choices for a cloud with guests."""

    state_dir: Path
    port: int = 0
    """Port of the OpenStack services on 127.0.0.1; 0 takes a free one."""
    control_port: int = 0
    cloud_timing: Timing = Timing()
    """How long the cloud takes to build and remove servers."""
    boot_timing: BootTiming = BootTiming()
    """How long guests take to boot."""
    images: dict[str, tuple[str, ...]] | None = None
    """Which program pods of an image run; None means the image of our own components alone."""


class LocalCloud(msgspec.Struct, frozen=True):
    """A running cloud."""

    clouds_yaml: Path
    """With the clouds `openstack` and `admin`; mode 0600."""
    server: DevCloudServer
    supervisor: GuestSupervisor
    floating_cidr: str
    fixed_cidr: str


@asynccontextmanager
async def open_local_cloud(settings: LocalCloudSettings, clock: Clock, random: Random) -> AsyncIterator[LocalCloud]:
    """Run the cloud for as long as the block lasts; leaving it ends every guest, and with them their pods.

    Raises:
        NoAddresses: no loopback range is free.
        OSError: a port is taken, or the state folder cannot be used.
    """
    state_dir = settings.state_dir.absolute()
    with lease_addresses(random) as addresses:
        cloud_settings = DevCloudSettings(
            state_dir=state_dir,
            port=settings.port,
            control_port=settings.control_port,
            addresses=addresses,
            timing=settings.cloud_timing,
        )
        async with DevCloudServer(cloud_settings, clock, random) as server:
            clouds_yaml = server.clouds_yaml_path
            async with open_guests(clouds_yaml, _guest_settings(settings, server), clock) as supervisor:
                yield LocalCloud(clouds_yaml, server, supervisor, addresses.floating_cidr, addresses.fixed_cidr)


@asynccontextmanager
async def open_guests(clouds_yaml: Path, settings: GuestSettings, clock: Clock) -> AsyncIterator[GuestSupervisor]:
    """Boot the servers of the cloud that `clouds_yaml` reaches as `admin`; leaving the block ends every guest.

    The servers' addresses must be loopback ones, for guests listen on them.

    Raises:
        ValueError: the file has no such cloud, or lacks a part of it.
    """
    async with Servers(read_access(clouds_yaml, ADMIN_CLOUD)) as servers, TaskScope("cloud") as scope:
        supervisor = GuestSupervisor(servers, settings, clock, os.environ)
        scope.start(supervisor.run(), name="guests")
        try:
            yield supervisor
        finally:
            scope.cancel()


def default_images() -> Mapping[str, tuple[str, ...]]:
    """Return which program pods of an image run, where nothing else is asked for: our own components alone."""
    return components_images(sys.executable, sys.pycache_prefix).programs


def _guest_settings(settings: LocalCloudSettings, server: DevCloudServer) -> GuestSettings:
    return GuestSettings(
        folder=settings.state_dir.absolute() / "guests",
        consoles=server.console_dir.absolute(),
        timing=settings.boot_timing,
        images=default_images() if settings.images is None else settings.images,
    )
