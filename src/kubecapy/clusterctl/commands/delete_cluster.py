"""Delete a cluster: `clusterctl delete cluster --kubeconfig kubeconfig`."""

from pathlib import Path

import click

from kubecapy.clusterctl.flags import command, path_type
from kubecapy.clusterctl.invocation import Invocation

HELP = """Delete kubernetes cluster

Workers go first; then the cluster moves into a bootstrap cluster, which deletes the rest. At the end the cloud is
searched for anything that is left. The same command run again goes on where it stopped.
"""


@command("cluster", help=HELP)
@click.option("--kubeconfig", type=path_type(), help="Kubeconfig of the cluster to delete.")
@click.option("--kubeconfig-context", "context", metavar="NAME", help="Context of that file to use.")
@click.option("-p", "--provider-components", type=path_type(), help="File with the components; else the cluster's own.")
@click.option("-n", "--namespace", default="", help="Namespace of the Cluster object, where there are several.")
@click.option("--provider", hidden=True)
@click.option("--bootstrap-type", default="", metavar="TYPE", help="embedded (the default), or none with a kubeconfig.")
@click.option("-e", "--bootstrap-cluster-kubeconfig", type=path_type(), help="Use this existing cluster to bootstrap.")
@click.option("--bootstrap-flags", multiple=True, hidden=True)
@click.option("--bootstrap-cluster-cleanup", type=bool, default=True, hidden=True, is_flag=False, flag_value=True)
@click.option("--state-dir", type=path_type(), help="State folder of an unfinished create or delete.")
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), metavar="MINUTES", help="For each wait; default 30."
)
@click.pass_obj
def delete_cluster(
    invocation: Invocation,
    /,
    kubeconfig: Path | None,
    context: str | None,
    provider_components: Path | None,
    namespace: str,
    provider: str | None,
    bootstrap_type: str,
    bootstrap_cluster_kubeconfig: Path | None,
    bootstrap_flags: tuple[str, ...],
    state_dir: Path | None,
    timeout: float | None,
    *,
    bootstrap_cluster_cleanup: bool,
) -> None:
    """Find the cluster, or the unfinished run, and delete."""
    # The components name their provider; an embedded bootstrap cluster has no flags and is always cleaned up.
    del provider, bootstrap_flags, bootstrap_cluster_cleanup
    if kubeconfig is None and state_dir is None:
        raise click.UsageError("Please provide kubeconfig file for cluster to delete: --kubeconfig")

    # Heavy: imported only when the command runs.
    from kubecapy.clusterctl.bootstrap_cluster.choice import choose_bootstrap
    from kubecapy.clusterctl.connecting import ClusterChoice
    from kubecapy.clusterctl.phases.delete_command import DeleteRequest, run_delete
    from kubecapy.clusterctl.runs.timeouts import read_timeouts

    request = DeleteRequest(
        target=ClusterChoice(kubeconfig, context) if kubeconfig else None,
        namespace=namespace,
        components=provider_components,
        bootstrap=choose_bootstrap(bootstrap_type, bootstrap_cluster_kubeconfig),
        state_folder=state_dir,
        timeouts=read_timeouts(invocation.environ, machine_ready_minutes=timeout, kubeconfig_ready_minutes=None),
    )
    run_delete(request, invocation)
