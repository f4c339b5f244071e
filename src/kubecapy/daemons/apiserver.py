"""Run the embedded API server on its own, for development: `kubecapy apiserver --state-dir DIR`."""

import asyncio
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import SystemRandom

import click

from kubecapy.clock import SystemClock
from kubecapy.daemons.process import run_process
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
    with _without_authorities(), _without_collection():
        # Heavy: nine tenths of the start of this process.
        from kubecapy.local.api_server import open_api_server

    async with open_api_server(folder, SystemClock(), SystemRandom(), port=port) as kubeconfig:
        click.echo(f"export KUBECONFIG={kubeconfig}")
        await asyncio.Event().wait()


@contextmanager
def _without_authorities() -> Iterator[None]:
    """Let OpenSSL find no authorities of the machine for as long as the block lasts.

    aiohttp's client comes with its server and, on being imported, makes two TLS contexts out of all that the machine
    trusts: a fifth of the start of this process, which calls nobody by them.
    """
    names = ("SSL_CERT_FILE", "SSL_CERT_DIR")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, os.devnull))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _without_collection() -> Iterator[None]:
    """Let the garbage collector pass over what the block makes, then and ever after.

    What modules hold is never garbage. Looking through it is a tenth of the start, and later a pause of 30 ms whenever
    the collector looks at everything.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
