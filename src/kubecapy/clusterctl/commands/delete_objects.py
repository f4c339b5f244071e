"""Delete objects by kind and name or by file, as `kubectl delete` does in small."""

from collections.abc import Sequence
from pathlib import Path

import click

from kubecapy.clusterctl.flags import cluster_options, command, path_type
from kubecapy.clusterctl.invocation import Invocation

HELP = """Delete objects.

\b
clusterctl delete machine NAME
clusterctl delete machines -l set=node
clusterctl delete -f machine.yaml
"""


@command("delete", help=HELP)
@click.argument("targets", nargs=-1, metavar="[KIND NAME...]")
@click.option(
    "-f", "--filename", "files", type=path_type(), multiple=True, help="Manifest file; - reads standard input."
)
@cluster_options
@click.option("-n", "--namespace", default="", help="Namespace; the kubeconfig's where none is given.")
@click.option("-l", "--selector", default="", help="Delete the objects with these labels, such as set=node.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until the objects are gone.")
@click.option("--ignore-not-found", is_flag=True, help="An object that is not there is no error.")
@click.pass_obj
def delete_objects(
    invocation: Invocation,
    /,
    targets: Sequence[str],
    files: Sequence[Path],
    kubeconfig: Path | None,
    context: str | None,
    namespace: str,
    selector: str,
    *,
    wait: bool,
    ignore_not_found: bool,
) -> None:
    """Delete what is named, a line for each, and wait."""
    if bool(targets) == bool(files):
        raise click.UsageError("must specify either a kind with names or -f")
    # Heavy: imported only when the command runs.
    from kubecapy.clusterctl.connecting import ClusterChoice
    from kubecapy.clusterctl.objects.object_files import DeleteOptions, delete_named
    from kubecapy.clusterctl.objects.targets import parse_targets

    parsed = parse_targets(targets) if targets else []
    options = DeleteOptions(files, parsed, namespace, selector, wait, ignore_not_found)
    invocation.run(delete_named(options, ClusterChoice(kubeconfig, context), invocation))
