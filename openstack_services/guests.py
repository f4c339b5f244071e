"""Boot what is inside the servers of a running instance: `python -m openstack_services.guests`, until SIGTERM.

Nova's hosts start nothing. Here each server that is ACTIVE gets a guest of Kubecapy's local cloud: it listens on the
server's own addresses, which are loopback ones, runs its user data, and writes the console that Nova shows. Whoever
starts this decides which servers boot: without it, all stay empty.
"""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from kubecapy.clock import SystemClock
from kubecapy.daemons.process import run_process
from kubecapy.local.cloud import default_images, open_guests
from kubecapy.local.guest.supervisor import GuestSettings
from kubecapy.local.guest.timing import BootTiming
from kubecapy.local.state_folder import FolderInUse, FolderRefused, open_state_folder
from kubecapy.telemetry import logs
from openstack_services.instance import Instance
from openstack_services.lifeline import end_with_parent


def main(arguments: Sequence[str]) -> int:
    """Run guests until somebody asks for the end; return 1 where their folder cannot be used."""
    options = _parse(arguments)
    end_with_parent(signal.SIGTERM, os.getppid())
    logs.configure(verbosity=0)
    try:
        with open_state_folder(options.state_dir) as folder:
            run_process(_run(Instance(options.instance.absolute()), folder.absolute(), options.guest_speed))
    except (FolderInUse, FolderRefused) as error:
        print(f"guests: {error}", file=sys.stderr)
        return 1
    return 0


async def _run(instance: Instance, folder: Path, speed: float) -> None:
    settings = GuestSettings(
        folder=folder,
        consoles=instance.consoles,
        timing=BootTiming().scaled(1.0 / speed),
        images=default_images(),
    )
    async with open_guests(instance.clouds_yaml, settings, SystemClock()):
        await asyncio.Event().wait()


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m openstack_services.guests")
    parser.add_argument("--instance", required=True, type=Path, help="folder of the instance")
    parser.add_argument("--state-dir", required=True, type=Path, help="private folder of the guests")
    parser.add_argument("--guest-speed", type=float, default=1.0, help="boot guests so many times as fast")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
