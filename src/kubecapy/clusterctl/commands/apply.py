"""Create or change objects as a file says, as `kubectl apply -f` does in small."""

from collections.abc import Sequence
from pathlib import Path

import click

from kubecapy.clusterctl.flags import cluster_options, command, path_type
from kubecapy.clusterctl.invocation import Invocation


@command("apply", help="Create or change objects as a file says: clusterctl apply -f machine.yaml")
@click.option(
    "-f", "--filename", "files", type=path_type(), multiple=True, help="Manifest file; - reads standard input."
)
@cluster_options
@click.option("-n", "--namespace", default="", help="Namespace of objects that name none.")
@click.pass_obj
def apply(
    invocation: Invocation,
    /,
    files: Sequence[Path],
    kubeconfig: Path | None,
    context: str | None,
    namespace: str,
) -> None:
    """Read every file, then apply object by object, a line for each."""
    if not files:
        raise click.UsageError("must specify -f")
    # Heavy: imported only when the command runs.
    from kubecapy.clusterctl.connecting import ClusterChoice
    from kubecapy.clusterctl.objects.object_files import apply_files

    invocation.run(apply_files(files, namespace, ClusterChoice(kubeconfig, context), invocation))
