"""Run controllers against a management cluster: `kubecapy manager --controllers=node`."""

import os
import socket
import uuid
from collections.abc import Mapping
from pathlib import Path
from random import Random, SystemRandom

import click
import msgspec

from kubecapy.client import kubeconfig
from kubecapy.client.connection import Connection
from kubecapy.client.http import HttpClient
from kubecapy.clock import SystemClock
from kubecapy.controllers.settings import ControllerSettings
from kubecapy.daemons.process import on_termination, run_process
from kubecapy.local.controllers import ControllerWiring, open_controllers
from kubecapy.runtime.health import HealthServer
from kubecapy.runtime.leader_election import ElectionSettings
from kubecapy.runtime.metrics import Metrics
from kubecapy.telemetry import logs
from kubecapy.telemetry.logs import LogFormat, get_logger

logger = get_logger(__name__)

_DEFAULTS = ControllerSettings()


class ElectionOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Which Lease a process must hold before its controllers act."""

    name: str
    """Empty for one made of the names of the controllers."""
    namespace: str
    """Empty for the namespace of the process: its pod's, or its kubeconfig's."""


class ManagerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the process was asked to do."""

    controllers: frozenset[str]
    provider: str
    kubeconfig: Path | None
    health_address: str
    health_port: int
    """0 turns the endpoint off."""
    election: ElectionOptions | None
    """None where the controllers act without a Lease."""
    settings: ControllerSettings


@click.command(help="Run controllers against a management cluster.")
@click.option("--controllers", required=True, help="Which: cluster, machine, node; separated by commas.")
@click.option("--provider", default="", help="Provider of the cloud; cluster and machine need one.")
@click.option(
    "--kubeconfig", "path", type=click.Path(path_type=Path), help="Management cluster; else as kubectl finds it."
)
@click.option("--namespace", default="", help="Look after this namespace only.")
@click.option(
    "--cluster-concurrency",
    type=click.IntRange(min=1),
    default=_DEFAULTS.cluster_concurrency,
    show_default=True,
    help="Clusters that are worked on at once.",
)
@click.option(
    "--machine-concurrency",
    type=click.IntRange(min=1),
    default=_DEFAULTS.machine_concurrency,
    show_default=True,
    help="Machines that are worked on at once.",
)
@click.option(
    "--leader-elect/--no-leader-elect",
    default=False,
    show_default=True,
    help="Act only while holding a Lease, so that several replicas may run.",
)
@click.option(
    "--leader-elect-resource-name",
    default="",
    help="Name of the Lease; kubecapy-CONTROLLERS where none is given. Replicas must agree on name and controllers.",
)
@click.option(
    "--leader-elect-resource-namespace",
    default="",
    help="Namespace of the Lease; that of the pod or of the kubeconfig where none is given.",
)
@click.option(
    "--health-bind-address", default="127.0.0.1", show_default=True, help="Address of /healthz, /readyz, /metrics."
)
@click.option(
    "--health-port", type=click.IntRange(0, 65535), default=0, show_default=True, help="Port of these; 0 is off."
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the log: klog lines, or one JSON object a line.",
)
@click.option("-v", "--v", "verbosity", type=click.IntRange(0, 10), default=0, help="Log level.")
def manager(
    controllers: str,
    provider: str,
    path: Path | None,
    namespace: str,
    cluster_concurrency: int,
    machine_concurrency: int,
    leader_elect: bool,  # noqa: FBT001 - click passes flags so
    leader_elect_resource_name: str,
    leader_elect_resource_namespace: str,
    health_bind_address: str,
    health_port: int,
    log_format: LogFormat,
    verbosity: int,
) -> None:
    """Run until SIGTERM or ctrl-C; passes that run then end first."""
    logs.configure(verbosity=verbosity, form=log_format)
    settings = ControllerSettings(
        node_name=os.environ.get("NODE_NAME", ""),
        namespace=namespace,
        cluster_concurrency=cluster_concurrency,
        machine_concurrency=machine_concurrency,
    )
    election = ElectionOptions(name=leader_elect_resource_name, namespace=leader_elect_resource_namespace)
    options = ManagerOptions(
        controllers=frozenset(name.strip() for name in controllers.split(",") if name.strip()),
        provider=provider,
        kubeconfig=path,
        health_address=health_bind_address,
        health_port=health_port,
        election=election if leader_elect else None,
        settings=settings,
    )
    run_process(_run(options, os.environ))


async def _run(options: ManagerOptions, environ: Mapping[str, str]) -> None:
    """Put the process together and run it."""
    logger.info("Initializing Dependencies.")
    if options.settings.namespace:
        logger.info(
            'Watching cluster-api objects only in namespace "%s" for reconciliation', options.settings.namespace
        )
    clock, random, metrics = SystemClock(), SystemRandom(), Metrics()
    connection = kubeconfig.default(environ, options.kubeconfig)
    async with HttpClient(connection, clock, observer=metrics.request_ended) as client:
        wiring = ControllerWiring(
            client=client,
            clock=clock,
            random=random,
            names=options.controllers,
            provider=options.provider,
            environ=environ,
            settings=options.settings,
            election=_election(options, connection, random),
            metrics=metrics,
        )
        async with open_controllers(wiring) as running:
            on_termination(running.stop)
            if options.health_port:
                health = HealthServer(
                    running.metrics, lambda: running.is_ready, host=options.health_address, port=options.health_port
                )
                running.add_service("health", health.serve)
            logger.info("Starting the Cmd.")
            await running.run()


def _election(options: ManagerOptions, connection: Connection, random: Random) -> ElectionSettings | None:
    if options.election is None:
        return None
    # A restarted process is another candidate: what its predecessor began may still be on its way.
    identity = f"{socket.gethostname()}_{uuid.UUID(int=random.getrandbits(128), version=4)}"
    return ElectionSettings(
        namespace=options.election.namespace or connection.namespace,
        name=options.election.name or f"kubecapy-{'-'.join(sorted(options.controllers))}",
        identity=identity,
    )
