"""Create a cluster: `clusterctl create cluster -c cluster.yaml -m machines.yaml -p components.yaml`."""

import json
from pathlib import Path
from typing import Literal

import click

from kubecapy.clusterctl.flags import command, path_type
from kubecapy.clusterctl.invocation import Invocation

HELP = """Create kubernetes cluster

The first control plane is made by a bootstrap cluster; then everything moves into the new cluster, which makes the
rest. The same command run again goes on where it stopped.
"""


@command("cluster", help=HELP)
@click.option("-c", "--cluster", type=path_type(), help="File with the Cluster.  [required]")
@click.option("-m", "--machines", type=path_type(), help="File with the Machines.  [required]")
@click.option(
    "-p", "--provider-components", type=path_type(), help="File with kinds, controllers, Secrets.  [required]"
)
@click.option("--provider", help="Provider of the cloud, such as openstack.  [required]")
@click.option("-a", "--addon-components", type=path_type(), help="File applied to the new cluster, such as a network.")
@click.option("--bootstrap-only-components", type=path_type(), help="File applied to the bootstrap cluster only.")
@click.option(
    "--kubeconfig-out", type=path_type(), default=Path("kubeconfig"), show_default=True, help="File to write."
)
@click.option(
    "--bootstrap-type",
    default="",
    metavar="TYPE",
    help="embedded (in this process, no Docker; the default), or none with a kubeconfig of a cluster.",
)
@click.option("-e", "--bootstrap-cluster-kubeconfig", type=path_type(), help="Use this existing cluster to bootstrap.")
@click.option("--bootstrap-flags", multiple=True, hidden=True)
@click.option(
    "--bootstrap-cluster-cleanup",
    type=bool,
    default=True,
    show_default=True,
    is_flag=False,
    flag_value=True,
    help="Remove the bootstrap cluster's part at the end.",
)
@click.option("--state-dir", type=path_type(), help="Private folder that keeps the record of the run.")
@click.option(
    "--machine-ready-timeout", type=click.FloatRange(min=0, min_open=True), metavar="MINUTES", help="Default 30."
)
@click.option(
    "--kubeconfig-ready-timeout", type=click.FloatRange(min=0, min_open=True), metavar="MINUTES", help="Default 20."
)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Form of the result.")
@click.pass_obj
def create_cluster(
    invocation: Invocation,
    /,
    cluster: Path | None,
    machines: Path | None,
    provider_components: Path | None,
    provider: str | None,
    addon_components: Path | None,
    bootstrap_only_components: Path | None,
    kubeconfig_out: Path,
    bootstrap_type: str,
    bootstrap_cluster_kubeconfig: Path | None,
    bootstrap_flags: tuple[str, ...],
    state_dir: Path | None,
    machine_ready_timeout: float | None,
    kubeconfig_ready_timeout: float | None,
    output: Literal["text", "json"],
    *,
    bootstrap_cluster_cleanup: bool,
) -> None:
    """Check everything that can be checked, then create."""
    required = {
        "cluster": cluster,
        "machines": machines,
        "provider": provider,
        "provider-components": provider_components,
    }
    missing = ", ".join(f'"{name}"' for name, value in required.items() if not value)
    if not (cluster and machines and provider and provider_components):
        raise click.UsageError(f"required flag(s) {missing} not set")
    if bootstrap_flags:
        click.echo("--bootstrap-flags is ignored: the embedded bootstrap cluster has no flags", err=True)

    # Heavy: imported only when the command runs.
    from kubecapy.clusterctl.bootstrap_cluster.choice import choose_bootstrap
    from kubecapy.clusterctl.inputs.files import InputFiles
    from kubecapy.clusterctl.phases.create_command import CreateRequest, run_create
    from kubecapy.clusterctl.runs.timeouts import read_timeouts

    request = CreateRequest(
        files=InputFiles(cluster, machines, provider_components, addon_components, bootstrap_only_components),
        provider=provider,
        bootstrap=choose_bootstrap(bootstrap_type, bootstrap_cluster_kubeconfig),
        cleanup=bootstrap_cluster_cleanup,
        kubeconfig_out=kubeconfig_out,
        state_folder=state_dir,
        timeouts=read_timeouts(
            invocation.environ,
            machine_ready_minutes=machine_ready_timeout,
            kubeconfig_ready_minutes=kubeconfig_ready_timeout,
        ),
    )
    created = run_create(request, invocation)
    if output == "json":
        click.echo(json.dumps(created))
