"""Run the embedded API server on its own, for development: `kubecapy apiserver --state-dir DIR`."""

import asyncio
from pathlib import Path
from random import SystemRandom

import click

from kubecapy.clock import SystemClock
from kubecapy.daemons.process import run_process
from kubecapy.local.api_server import open_api_server
from kubecapy.local.state_folder import FolderInUse, FolderRefused, open_state_folder
from kubecapy.telemetry import logs


@click.command(help="Run a Kubernetes API server for development; objects are kept in the state folder.")
@click.option("--state-dir", type=click.Path(path_type=Path), required=True, help="Private folder of the server.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on 127.0.0.1; 0 takes a free one.")
@click.option("-v", "--v", "verbosity", type=click.IntRange(0, 10), default=0, help="Log level.")
def apiserver(state_dir: Path, port: int, verbosity: int) -> None:
    """Serve until ctrl-C or SIGTERM."""
    logs.configure(verbosity=verbosity)
    try:
        with open_state_folder(state_dir):
            run_process(_serve(state_dir, port))
    except (FolderInUse, FolderRefused) as error:
        raise click.ClickException(str(error)) from error


async def _serve(folder: Path, port: int) -> None:
    async with open_api_server(folder, SystemClock(), SystemRandom(), port=port) as kubeconfig:
        click.echo(f"export KUBECONFIG={kubeconfig}")
        await asyncio.Event().wait()
