"""Print the log of a pod, as `kubectl logs` does in small."""

from pathlib import Path

import click

from kubecapy.clusterctl.flags import cluster_options, command, ended_by_person
from kubecapy.clusterctl.invocation import Invocation


@command("logs", help="Print the log of a pod: clusterctl logs -f POD -n NAMESPACE")
@click.argument("pod")
@cluster_options
@click.option("-n", "--namespace", default="", help="Namespace; the kubeconfig's where none is given.")
@click.option("-c", "--container", default="", help="Container; the only one where none is given.")
@click.option("-f", "--follow", is_flag=True, help="Go on printing what comes.")
@click.option("--tail", type=click.IntRange(min=-1), default=-1, help="Only the last so many lines; -1 means all.")
@click.pass_obj
def logs(
    invocation: Invocation,
    /,
    pod: str,
    kubeconfig: Path | None,
    context: str | None,
    namespace: str,
    container: str,
    tail: int,
    *,
    follow: bool,
) -> None:
    """Stream the log to standard output."""
    # Heavy: imported only when the command runs.
    from kubecapy.clusterctl.connecting import ClusterChoice
    from kubecapy.clusterctl.objects.pod_log import LogOptions, print_log

    options = LogOptions(pod.removeprefix("pod/"), namespace, container, follow, tail)
    with ended_by_person():
        invocation.run(print_log(options, ClusterChoice(kubeconfig, context), invocation))
