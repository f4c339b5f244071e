"""Run a simulated OpenStack, with or without guests inside its servers: `kubecapy devcloud --state-dir DIR`."""

import asyncio
from pathlib import Path
from random import SystemRandom

import click

from kubecapy.clock import SystemClock
from kubecapy.daemons.process import run_process
from kubecapy.devcloud.serve import DevCloudServer
from kubecapy.devcloud.settings import DevCloudSettings, Timing
from kubecapy.local.addresses import NoAddresses, lease_addresses
from kubecapy.local.cloud import MEMBER_CLOUD, LocalCloudSettings, open_local_cloud
from kubecapy.local.guest.timing import BootTiming
from kubecapy.local.state_folder import FolderInUse, FolderRefused, open_state_folder
from kubecapy.telemetry import logs

_PORT = click.IntRange(0, 65535)


@click.command(help="Run a simulated OpenStack; its world lives as long as the process.")
@click.option("--state-dir", type=click.Path(path_type=Path), required=True, help="Private folder of the cloud.")
@click.option("--guests/--no-guests", default=False, help="Boot what is inside the servers, too.")
@click.option("--port", type=_PORT, default=0, help="Port of the services on 127.0.0.1; 0 takes a free one.")
@click.option("--control-port", type=_PORT, default=0, help="Port of the control endpoint; 0 takes a free one.")
@click.option("--boot-seconds", type=click.FloatRange(0), default=2.0, help="From BUILD to ACTIVE.", show_default=True)
@click.option("--guest-speed", type=click.FloatRange(0.01), default=1.0, help="Boot guests so many times as fast.")
@click.option("-v", "--v", "verbosity", type=click.IntRange(0, 10), default=0, help="Log level.")
def devcloud(
    state_dir: Path,
    guests: bool,  # noqa: FBT001 - click calls with names
    port: int,
    control_port: int,
    boot_seconds: float,
    guest_speed: float,
    verbosity: int,
) -> None:
    """Serve until ctrl-C or SIGTERM; guests and their pods end with the cloud."""
    logs.configure(verbosity=verbosity)
    timing = Timing(boot_seconds=boot_seconds)
    settings = LocalCloudSettings(
        state_dir=state_dir,
        port=port,
        control_port=control_port,
        cloud_timing=timing,
        boot_timing=BootTiming().scaled(1.0 / guest_speed),
    )
    try:
        with open_state_folder(state_dir):
            run_process(_serve_with_guests(settings) if guests else _serve(settings))
    except (FolderInUse, FolderRefused, NoAddresses) as error:
        raise click.ClickException(str(error)) from error


async def _serve(settings: LocalCloudSettings) -> None:
    random = SystemRandom()
    with lease_addresses(random) as addresses:
        cloud_settings = DevCloudSettings(
            state_dir=settings.state_dir,
            port=settings.port,
            control_port=settings.control_port,
            addresses=addresses,
            timing=settings.cloud_timing,
        )
        async with DevCloudServer(cloud_settings, SystemClock(), random) as server:
            _say_how_to_use(server.clouds_yaml_path)
            await asyncio.Event().wait()


async def _serve_with_guests(settings: LocalCloudSettings) -> None:
    async with open_local_cloud(settings, SystemClock(), SystemRandom()) as cloud:
        _say_how_to_use(cloud.clouds_yaml)
        await asyncio.Event().wait()


def _say_how_to_use(clouds_yaml: Path) -> None:
    click.echo(f"export OS_CLIENT_CONFIG_FILE={clouds_yaml}")
    click.echo(f"export OS_CLOUD={MEMBER_CLOUD}")
